"""What the tray and its backends share: names, what a backend offers and reports, and the error for no icon."""

from collections.abc import Callable
from typing import Any, Protocol

from agent.core.shown.display import IconState

TRAY_NAME = "gatelight"


TITLE = "Gatelight"


class TrayUnavailable(Exception):
    """No icon can be shown, or no longer. `str()` is one sentence for people that says why."""


class Hooks(Protocol):
    """What an icon reports besides clicks in its menu; always on the icon's thread."""

    def quit_asked(self) -> None:
        """The system asks the program to close."""

    def session_ends(self) -> None:
        """The user's session ends. The system ends the process soon after this returns."""

    def balloon_clicked(self) -> None:
        """The icon's last balloon was clicked."""

    def menu_opened(self) -> None:
        """The user opened the menu; not every panel tells."""

    def seen(self, unseen: str = "", *, tell: bool = True) -> None:
        """A panel shows the icon now. With a sentence that says why: no panel does; with `tell` the user is told."""


class TrayIcon(Protocol):
    """What a backend adds to pystray's `Icon`, of which it is a subclass."""

    HAS_NOTIFICATION: bool
    icon: Any
    title: str
    menu: Any
    visible: bool

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` soon on the icon's thread; does nothing once that thread has ended."""

    def picture(self, state: IconState) -> Any:
        """The picture of a state, as the attribute `icon` takes it."""

    def spelt(self, label: str) -> str:
        """A label, escaped so that the system shows it unchanged."""

    def run(self, setup: Callable[[Any], None]) -> None:
        """Block until `stop`; call `setup` on another thread when ready."""

    def stop(self) -> None:
        """Let `run` return, if it runs."""

    def notify(self, message: str, title: str) -> None:
        """Show a balloon."""
