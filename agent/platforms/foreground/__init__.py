"""Bringing an application's window to the front, one file for each system."""
