"""What happened, kept: spans of time, moments and latencies in one SQLite file, written aside."""
