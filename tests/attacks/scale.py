"""How much the attacks do: a share in the test command, everything by `python -m tests.attacks`."""

import os


def whole() -> bool:
    """Whether every attack is made in full."""
    return os.environ.get("GATELIGHT_ATTACKS") == "whole"
