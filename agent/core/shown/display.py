"""What a person is shown: the icon's state, tooltip and menu as values, what a click asks for, and one notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    # Not loaded at run time: the icon comes before anything else.
    from agent.core.fix import Asker
    from agent.core.problem import Severity

TOOLTIP_LIMIT = 127
"""Characters a tooltip may have: Windows keeps 128 including the closing zero (NOTIFYICONDATAW.szTip)."""

TITLE_LIMIT = 63
"""Characters a notice's title may have, for the same reason (szInfoTitle, 64)."""

TEXT_LIMIT = 255
"""Characters a notice's text may have, for the same reason (szInfo, 256)."""


class IconState(StrEnum):
    """What the icon says about all connections together, the one that wins first."""

    PROBLEM = "problem"
    WARNING = "warning"
    UNKNOWN = "unknown"
    CONNECTING = "connecting"
    WAITING = "waiting"
    """TWS is not up and nothing is expected of it yet."""
    MAINTENANCE = "maintenance"
    """An outage that was announced or planned."""
    PAUSED = "paused"
    CONNECTED = "connected"

    @property
    def rank(self) -> int:
        """0 for the state that wins over every other one, rising to the harmless."""
        return tuple(IconState).index(self)

    @property
    def mark(self) -> str:
        """The same in one plain character, for lists: every panel’s font has it."""
        return _MARKS.get(self, "·")


_MARKS = {IconState.PROBLEM: "✗", IconState.WARNING: "!", IconState.UNKNOWN: "?", IconState.CONNECTED: "✓"}


@dataclass(frozen=True, slots=True)
class Connect:
    """Watch a connection: connect to TWS now and keep it so."""

    name: str
    """Of the connection; empty: every one."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Stop watching a connection: close the API connection and leave it closed."""

    name: str
    """Of the connection; empty: every one."""
    seconds: float | None = None
    """For so long."""
    until: float | None = None
    """Or until this epoch time. Without either: until the user says so."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Say nothing for a while."""

    seconds: float | None
    """None: until told to resume."""


@dataclass(frozen=True, slots=True)
class Resume:
    """End the pause."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Say nothing about one problem for a while."""

    code: str
    connection: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SeenChanges:
    """What changed about an application was seen."""

    connection: str
    """Empty: of every one."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Do not miss a program that is not connected."""

    program: str
    """What users read as its name."""
    connection: str = ""
    """Empty: whichever it connects to."""
    undo: bool = False
    """Miss it again."""


@dataclass(frozen=True, slots=True)
class ShowSteps:
    """Show what to do about one problem."""

    connection: str
    code: str
    as_notice: bool = False
    """There is no page to show it: a notice lists the steps."""


@dataclass(frozen=True, slots=True)
class OpenPage:
    """Open the status page."""

    view: str = ""
    """What is shown there, in the form after the # of its address; empty: the first view."""


@dataclass(frozen=True, slots=True)
class OpenRelease:
    """Open the page on the web that offers a newer version."""

    page: str
    """Its address, as `core.updates` has judged it."""


@dataclass(frozen=True, slots=True)
class OpenLog:
    """Open the log file."""


@dataclass(frozen=True, slots=True)
class LookNow:
    """Look at everything again at once."""


@dataclass(frozen=True, slots=True)
class AskFix:
    """Show what one of the fixes that are offered would change, and ask whether to do it."""

    id: str
    connection: str


@dataclass(frozen=True, slots=True)
class DoFix:
    """Do one of the fixes that are offered: the user has read what it changes and said yes."""

    id: str
    connection: str
    digest: str
    """Names the very offer that was read (`core.fix.Offer.digest`)."""
    asker: "Asker"


@dataclass(frozen=True, slots=True)
class StartAtLogin:
    """Start with the user's session from now on, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class MenuOpened:
    """The user opened the menu, and has seen what it shows."""


@dataclass(frozen=True, slots=True)
class Quit:
    """End the agent."""


Action: TypeAlias = (
    Connect
    | Disconnect
    | Pause
    | Resume
    | Snooze
    | SeenChanges
    | Ignore
    | ShowSteps
    | OpenPage
    | OpenRelease
    | OpenLog
    | LookNow
    | AskFix
    | DoFix
    | StartAtLogin
    | MenuOpened
    | Quit
)
"""Everything a click in the menu or on a notice can ask for."""


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu."""

    label: str
    action: Action | None = None
    """None: a line to read, not to click (unless it opens `children`)."""
    checked: bool | None = None
    """None: no check mark belongs to this line."""
    children: tuple["MenuEntry", ...] = ()
    """The lines of its submenu; then `action` is not used."""
    default: bool = False
    """A click on the icon itself does this."""
    separator: bool = False
    """A line between groups; nothing else of it counts."""


MOST_OFFERED = 4
"""Programs of one problem that can be put aside with a click of their own; the page has all of them."""


def put_aside(connection: str, programs: Sequence[str], *, until_seen: bool) -> tuple[MenuEntry, ...]:
    """What ends a problem by the user's word: that it was seen, or that these programs need not be watched."""
    seen = (MenuEntry("Seen", SeenChanges(connection)),) if until_seen else ()
    return (*seen, *(MenuEntry(f"Do not watch {p}", Ignore(p, connection)) for p in programs[:MOST_OFFERED]))


SEPARATOR = MenuEntry("", separator=True)
"""The line between two groups of the menu."""


@dataclass(frozen=True, slots=True)
class Display:
    """Everything the tray shows at one time."""

    icon: IconState
    tooltip: str
    """At most `TOOLTIP_LIMIT` characters; the tray shortens a longer one."""
    menu: tuple[MenuEntry, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One message for a person, sent through the channels."""

    key: str
    """The same key replaces and withdraws: one problem of one connection."""
    severity: "Severity"
    title: str
    text: str
    over: bool = False
    """The problem is over."""
    ended: str = ""
    """The title of the problem that is over."""
    no_news: bool = False
    """Nothing more is known than that it is no longer seen: that is no good news."""
    beside_desktop: bool = False
    """It is for the channels beside the desktop alone: the desktop has not shown what this is the end of."""
    once_more: bool = False
    """No service could show it before, or it was taken back for an update: only the desktop is told, since all others
    have heard it."""
    again: bool = False
    """It is a repeat of what was told and still stands."""
    stays: bool = False
    """It is said once and never again, so it stays on the screen until the user has closed it."""
    steps: tuple[str, ...] = ()
    """What to do, in order; channels with room for them show them."""
    offers: tuple[MenuEntry, ...] = ()
    """What can be clicked on it, label and action; a click on the notice itself does the first."""


@dataclass(frozen=True, slots=True)
class NoticeTried:
    """What became of a test notice at every channel that is on."""

    taken: tuple[str, ...] = ()
    """Names of the channels that took it."""
    refused: tuple[str, ...] = ()
    """Of the others: the name and why, like "remote notices: no answer within 10 s"."""

    @property
    def sentence(self) -> str:
        """The same for people."""
        refused = "; ".join(self.refused)
        if not self.taken:
            return f"No channel took the notice: {refused}."
        taken = f"The notice was taken by: {', '.join(self.taken)}."
        return f"{taken} It was not taken by: {refused}." if refused else taken
