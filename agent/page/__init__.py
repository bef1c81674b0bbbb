"""The status page: a small server on this machine alone, and what a browser shows of the agent."""
