"""Puts the checkout on the path, so that tests share modules as `tests.name`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
