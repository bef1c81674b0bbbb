"""How a command reaches the running agent, and what it is answered."""
