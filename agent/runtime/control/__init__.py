"""How a command reaches the running agent, and how it is answered."""
