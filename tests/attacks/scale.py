"""How much the attacks do: a share in the test command, everything by `python -m tests.attacks`."""

import os

VARIABLE = "GATELIGHT_ATTACKS"
"""Environment variable; `whole` asks for everything."""


def whole() -> bool:
    """Whether every attack is made at full size."""
    return os.environ.get(VARIABLE) == "whole"
