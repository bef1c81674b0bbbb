"""Reading the world: processes, sockets, settings files, the machine. Observers never raise and never decide."""
