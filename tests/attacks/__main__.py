"""Every attack at full size, and what the relay must hold: `python -m tests.attacks`, with arguments for pytest.

Needs root, on Linux.
"""

import os
import sys
from pathlib import Path

import pytest

from tests.attacks.scale import VARIABLE

if __name__ == "__main__":
    os.environ[VARIABLE] = "whole"
    here = Path(__file__).parent
    sys.exit(pytest.main([str(here), str(here.parent / "relay"), *sys.argv[1:]]))
