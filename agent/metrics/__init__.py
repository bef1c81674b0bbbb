"""Metrics: what the agent knows and has counted, for Prometheus, and whether it is well, for probes."""
