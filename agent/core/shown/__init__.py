"""What people see, as values: display, status, checklist, menu, limits."""
