"""What several fixes do."""
