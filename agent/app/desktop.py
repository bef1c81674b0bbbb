"""What an agent asks of the program that it runs in: an icon, and the end."""

from typing import Protocol

from agent.tray.icon import Tray


class Desktop(Protocol):
    """The user's desktop, if there is one."""

    @property
    def tray(self) -> Tray | None:
        """The current icon."""

    @property
    def wants_icon(self) -> bool:
        """Whether the user wants an icon."""

    @property
    def begins_anew(self) -> bool:
        """Whether the program starts again from its files once this agent has ended: see `begin_anew`."""

    def move(self) -> None:
        """The desktop is another one from now on: show the icon there; from any thread."""

    def leave(self) -> None:
        """Ask for the end of the program, from any thread."""

    def begin_anew(self) -> None:
        """Ask for the end of the program, and start it again from its files."""
