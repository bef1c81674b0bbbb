"""What an icon and its backends have in common: names, what is reported, and why there may be none."""

from collections.abc import Callable
from typing import Any, Protocol

from agent.core.shown.display import IconState

TRAY_NAME = "gatelight"


TITLE = "Gatelight"


class TrayUnavailable(Exception):
    """No icon can be shown, or no longer; `str()` is one sentence that says why, for people."""


class Hooks(Protocol):
    """What an icon reports besides clicks in its menu; all of it on the icon's thread."""

    def quit_asked(self) -> None:
        """The system asks the program to close."""

    def session_ends(self) -> None:
        """The user's session ends; the process is gone soon after this returns."""

    def balloon_clicked(self) -> None:
        """The icon's last balloon was clicked."""

    def seen(self, unseen: str = "", *, tell: bool = True) -> None:
        """A panel shows the icon now; or, with a sentence that says why, none does. With `tell` the user hears it."""


class TrayIcon(Protocol):
    """What a backend adds to pystray's `Icon`, of which it is a subclass."""

    HAS_NOTIFICATION: bool
    icon: Any
    title: str
    menu: Any
    visible: bool

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the icon's thread, soon; nothing happens when that is over."""

    def picture(self, state: IconState) -> Any:
        """What to put into `icon`."""

    def spelt(self, label: str) -> str:
        """A label written so that it is shown as it is."""

    def run(self, setup: Callable[[Any], None]) -> None:
        """Block until `stop`; call `setup` on another thread when ready."""

    def stop(self) -> None:
        """Let `run` return, if it runs."""

    def notify(self, message: str, title: str) -> None:
        """Show a balloon."""
