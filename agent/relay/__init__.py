"""The metering relay: a process of its own between programs and TWS; it imports little, and lives without the agent."""
