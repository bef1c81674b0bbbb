"""What the agent says at the terminal it was started from, where no desktop shows its notices."""

from collections.abc import Callable
from datetime import datetime

from agent.core.shown.display import Notice


class Console:
    """Says that the agent runs, and repeats each notice as long as there is no icon."""

    def __init__(self, say: Callable[[str], None], has_icon: Callable[[], bool]) -> None:
        self._say = say
        self._has_icon = has_icon

    def begin(self) -> None:
        """Say that the agent runs."""
        self._say("Watching. Page: `gatelight` · state: `gatelight status` · Ctrl-C ends.")

    def hear(self, notice: Notice) -> None:
        """Repeat a notice where no icon shows it."""
        if not self._has_icon():
            text = " ".join(f"{notice.title}: {notice.text}".split())
            self._say(f"{datetime.now().astimezone():%H:%M}  {text}")
