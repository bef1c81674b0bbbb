"""What is typed: `main` has the options; a command that is more than a question to the agent has a file."""
