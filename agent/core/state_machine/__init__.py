"""The agent as a state machine: `advance(state, event, now)` and its parts."""
