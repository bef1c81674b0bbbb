"""What the agent says at the terminal it was started from: nowhere else are its notices seen without a desktop."""

import os
import sys
from collections.abc import Callable
from datetime import datetime

from agent.core.display import Notice


class Console:
    """Says that the agent runs, and, as long as no icon does it, what would be a notice."""

    def __init__(self, say: Callable[[str], None], has_icon: Callable[[], bool]) -> None:
        self._say = say
        self._has_icon = has_icon

    def begin(self) -> None:
        """The agent begins."""
        self._say(f"Gatelight runs (pid {os.getpid()}). `gatelight status` tells what it sees; Ctrl-C ends it.")

    def hear(self, notice: Notice) -> None:
        """A notice goes out."""
        if not self._has_icon():
            text = " ".join(f"{notice.title}: {notice.text}".split())
            self._say(f"{datetime.now().astimezone():%H:%M:%S}  {text}")


def somebody_sits_there() -> bool:
    """Whether what is said on standard error is read at once: not in a service, a log-in or a pipe."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:
        # Closed.
        return False
