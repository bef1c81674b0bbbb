"""Every attack at full size: `python -m tests.attacks`, with further arguments for pytest. Needs root, on Linux."""

import os
import sys
from pathlib import Path

import pytest

from tests.attacks.scale import VARIABLE

if __name__ == "__main__":
    os.environ[VARIABLE] = "whole"
    sys.exit(pytest.main([str(Path(__file__).parent), *sys.argv[1:]]))
