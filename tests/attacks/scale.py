"""How much the attacks do: a share in the test command, everything by `python -m tests.attacks`."""

import os


def whole() -> bool:
    """Whether everything is done."""
    return os.environ.get("GATELIGHT_ATTACKS") == "whole"
