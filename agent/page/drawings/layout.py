"""For which window a drawing is made, and what the windows of each are called."""

from dataclasses import dataclass
from enum import StrEnum

from agent.tws.applications import ApplicationKind


class Layout(StrEnum):
    """The main window a user has before them."""

    MOSAIC = "mosaic"
    """TWS, in the layout it has after the installation."""
    CLASSIC = "classic"
    """TWS, in the older layout."""
    GATEWAY = "gateway"
    """IB Gateway."""

    @property
    def kind(self) -> ApplicationKind:
        """Which application it is."""
        return ApplicationKind.GATEWAY if self is Layout.GATEWAY else ApplicationKind.TWS

    @property
    def application(self) -> str:
        """The application as guides call it."""
        return self.kind.title

    @property
    def program(self) -> str:
        """The application as its own windows and icons call it."""
        return self.application if self is Layout.GATEWAY else "Trader Workstation"

    @property
    def tag(self) -> str:
        """Which layout of TWS it is, in a word; empty for IB Gateway, which has one only."""
        return "" if self is Layout.GATEWAY else self.value.title()


@dataclass(frozen=True, slots=True)
class Drawing:
    """One picture for one step."""

    svg: str
    alt: str
    """What the picture shows, in words: for who hears the page instead of seeing it."""


MENUS = {
    Layout.MOSAIC: ("File", "Global Configuration..."),
    Layout.CLASSIC: ("Edit", "Global Configuration..."),
    Layout.GATEWAY: ("Configure", "Settings"),
}
"""Where each opens its settings."""

JOINT = " > "
"""Between the parts of a path as guides write it."""


def spoken(path: tuple[str, ...]) -> str:
    """A path as guides write it."""
    return JOINT.join(path)
