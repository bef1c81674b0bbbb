"""The running program: its life, the assembly of its parts, and page, fixes and set-up inside it."""
