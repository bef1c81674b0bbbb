"""What several problems judge by."""
