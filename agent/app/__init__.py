"""The running program: its life, its parts put together, and page, fixes and set-up inside it."""
