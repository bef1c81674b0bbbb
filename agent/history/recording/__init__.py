"""Recordings: everything that the core took in, as lines of JSON, written aside and run again."""
