"""The signals by which a system, a terminal or a user ends a program. Imports little, so that it is ready early."""

import contextlib
import signal
from collections.abc import Callable
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Not every system has all of them; only Windows has SIGBREAK."""


def listen(hear: Callable[[], None]) -> None:
    """Call `hear` for each signal from now on; main thread only."""
    _handle(lambda *_: hear())


def ignore() -> None:
    """Ignore further signals: the program is ending, and a second one must not turn that into an error."""
    _handle(signal.SIG_IGN)


def _handle(handler: Any) -> None:
    for name in _NAMES:
        number = getattr(signal, name, None)
        # Under nohup SIGHUP is ignored, and stays so.
        if number is not None and (name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN):
            with contextlib.suppress(ValueError, OSError):
                signal.signal(number, handler)
