"""The signals by which a system, a terminal or a user ends a program. Imports next to nothing: it is heard early."""

import contextlib
import signal
from collections.abc import Callable
from typing import Any

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that the system has; SIGBREAK is Windows' own."""


def listen(hear: Callable[[], None]) -> None:
    """Call `hear` for each of them from now on; on the main thread."""
    _handle(lambda *_: hear())


def ignore() -> None:
    """From now on they mean nothing: the program ends already, and a further one shall not make a failure of it."""
    _handle(signal.SIG_IGN)


def _handle(handler: Any) -> None:
    for name in _NAMES:
        number = getattr(signal, name, None)
        # Under nohup the end of the terminal is to be ignored.
        if number is not None and (name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN):
            with contextlib.suppress(ValueError, OSError):
                signal.signal(number, handler)
