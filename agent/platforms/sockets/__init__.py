"""The table of this machine's sockets, with one file for each way to read it."""
