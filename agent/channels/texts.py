"""What desktop channels make of a notice: title and text that can be sent, icon, urgency, and time on the screen."""

from dataclasses import dataclass, replace
from pathlib import Path

from agent.channels import NotDelivered
from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, Notice
from agent.core.text import shortened
from agent.tws.printable import printable

APP_NAME = "Gatelight"

SERVICE = "org.freedesktop.Notifications"
_SERVICE_PATH = "/org/freedesktop/Notifications"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a notice is shown, in terms of freedesktop.org's Desktop Notifications Specification."""

    icon: str
    """Name of the icon's file, without its ending."""
    urgency: str
    urgency_level: int
    seconds: int
    """Seconds on the screen; 0: until the user closes the notice."""

    def icon_file(self, folder: Path | None, suffix: str) -> Path | None:
        """The icon's file in the folder of built icons; None where it is missing."""
        file = folder / f"{self.icon}.{suffix}" if folder else None
        return file if file and file.is_file() else None


_MANNERS = {
    Severity.ERROR: Manner("notice-error", "critical", 2, 0),
    Severity.WARNING: Manner("notice-warning", "normal", 1, 15),
    Severity.INFO: Manner("notice-info", "low", 0, 10),
}
_OVER = Manner("notice-over", "normal", 1, 10)


def manner_of(notice: Notice) -> Manner:
    """The manner for this notice."""
    manner = _OVER if notice.over and not notice.no_news else _MANNERS[notice.severity]
    return replace(manner, seconds=0) if notice.stays else manner


def _plain(text: str) -> str:
    """The text without characters that cannot be sent: control (except line ends), direction, halves of characters."""
    return printable(text).strip()


def message_title(notice: Notice) -> str:
    """The title in one line; never empty, and never like an option of a command."""
    return shortened(" ".join(_plain(notice.title).lstrip("-").split()) or APP_NAME, TITLE_LIMIT)


def message_text(notice: Notice) -> str:
    """The text in some lines; never like an option of a command."""
    return shortened(_plain(notice.text).lstrip("-").lstrip(), TEXT_LIMIT)


async def linux_text(notice: Notice) -> str | NotDelivered:
    """The notice's text as the Linux desktop's notification service takes it, or why there is no service.

    Both libraries send to a service without asking whether there is one.
    """
    from agent.platforms import session_bus as bus

    try:
        connection = await bus.connect_session_bus()
    except bus.NoSessionBus as reason:
        return NotDelivered(str(reason))
    try:
        if not (await bus.has_owner(connection, SERVICE) or await bus.can_be_started(connection, SERVICE)):
            return NotDelivered("no notification service runs on this desktop")
        answer = await bus.ask_bus(connection, SERVICE, _SERVICE_PATH, SERVICE, "GetCapabilities")
    except bus.BusSilent as reason:
        return NotDelivered(str(reason))
    finally:
        await bus.close_session_bus(connection)
    text = message_text(notice)
    from html import escape

    return escape(text, quote=False) if "body-markup" in answer[0] else text


def icons_folder() -> Path | None:
    """The folder of built icons: in the installed package, or beside it in a checkout; None if neither exists."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_icons", package.parent / "icons"):
        if (folder / "gatelight.png").is_file():
            return folder
    return None
