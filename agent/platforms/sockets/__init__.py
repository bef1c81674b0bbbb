"""The table of this machine's sockets, one file for each way of reading it."""
