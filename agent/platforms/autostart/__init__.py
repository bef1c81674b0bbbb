"""Starting at log-in: what an entry is, and one file for each system's list of start-up programs."""
