"""The configuration file: its keys, reading it, changing it, showing it."""
