"""Puts the checkout on the path, so that tests share modules as `tests.name`; lets no test end the others."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ENDED_FROM_WITHIN = 70
_here = os.getpid()
_end = os._exit


def _end_loudly(status: int) -> None:
    """A program under test may end its process at once, with 0; the tests that were left would count as passed."""
    _end(status or ENDED_FROM_WITHIN if os.getpid() == _here else status)


os._exit = _end_loudly  # type: ignore[assignment]
