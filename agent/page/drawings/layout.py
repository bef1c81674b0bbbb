"""The main windows a drawing can be made for, and what each calls its menus and itself."""

from dataclasses import dataclass
from enum import StrEnum

from agent.tws.applications import ApplicationKind


class Layout(StrEnum):
    """The main window that the user sees."""

    MOSAIC = "mosaic"
    """TWS, in the layout it has after the installation."""
    CLASSIC = "classic"
    """TWS, in the older layout."""
    GATEWAY = "gateway"
    """IB Gateway."""

    @property
    def kind(self) -> ApplicationKind:
        """The application that has this main window."""
        return ApplicationKind.GATEWAY if self is Layout.GATEWAY else ApplicationKind.TWS

    @property
    def application(self) -> str:
        """The name of the application in guides."""
        return self.kind.title

    @property
    def program(self) -> str:
        """The name of the application in its own windows and icons."""
        return self.application if self is Layout.GATEWAY else "Trader Workstation"

    @property
    def tag(self) -> str:
        """The layout of TWS in one word; empty for IB Gateway, which has only one."""
        return "" if self is Layout.GATEWAY else self.value.title()


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture for one step."""

    svg: str
    alt: str
    """What the picture shows, in words, for screen readers."""


MENUS = {
    Layout.MOSAIC: ("File", "Global Configuration..."),
    Layout.CLASSIC: ("Edit", "Global Configuration..."),
    Layout.GATEWAY: ("Configure", "Settings"),
}
"""The menu and the entry by which each opens its settings."""

JOINT = " > "
"""Stands between the parts of a path in guides."""


def spoken(path: tuple[str, ...]) -> str:
    """A path in the way guides write it."""
    return JOINT.join(path)
