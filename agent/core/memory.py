"""What outlives the end of the agent: nothing is announced twice, nothing that was shown is forgotten or misnamed."""

from dataclasses import dataclass, field

from agent.tws.outside import FromOutside, OutsideName, OutsideText

PROGRAM = ""
"""Stands for Gatelight itself where problems are kept by the name of a connection."""


@dataclass(frozen=True, slots=True)
class Told(FromOutside):
    """One problem that people were told about and that was not over yet."""

    connection: str
    key: str
    since: float
    """Epoch seconds at which it was first seen."""
    at: float
    """Epoch seconds of the latest announcement."""
    repeats: int = 0
    title: OutsideName = ""
    """What it was called, to say its end with."""
    unshown: bool = False
    """No service could show the notice."""
    began: bool = False
    """It began at `since`; False: it was first seen then."""


@dataclass(frozen=True, slots=True)
class ShownBefore(FromOutside):
    """One problem that was shown, more than information, and not over yet."""

    connection: str
    key: str
    since: float
    """Epoch seconds at which it began, or was first seen."""
    severity: str
    names: tuple[str, ...] = ()
    """The placeholders of its words …"""
    values: tuple[OutsideText, ...] = ()
    """… and what fills them, in the same order."""
    began: bool = False
    """It began at `since`; False: it was first seen then."""


@dataclass(frozen=True, slots=True)
class SeenRunning:
    """The application of a connection that showed a problem, and that ran before."""

    connection: str
    kind: str
    """As `tws.applications.ApplicationKind` spells it."""
    pid: int | None = None
    """The process that the connection was made for; None: whatever fits."""
    implicit: bool = False
    """No configuration names the connection."""


@dataclass(frozen=True, slots=True)
class Snoozed:
    """One problem that is kept quiet for a while."""

    connection: str
    code: str
    until: float
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class Served(FromOutside):
    """Who was behind the API port of this machine while a session last stood."""

    port: int
    program: OutsideName | None = None
    """Process name of the one that listened; None: the system did not show it."""
    pid: int | None = None
    application: bool = False
    """It was TWS or IB Gateway itself."""


@dataclass(frozen=True, slots=True)
class ServedBefore:
    """Who served the latest session of one connection."""

    connection: str
    served: Served


@dataclass(frozen=True, slots=True)
class Stopped:
    """One connection that the user does not want to be watched."""

    connection: str
    since: float | None
    """Epoch seconds; None: not known."""
    until: float | None = None
    """Epoch seconds from which on it is watched again by itself; None: the user says when."""
    reminded: float = 0.0
    """Epoch seconds at which the user last said so, or was last reminded."""


@dataclass(frozen=True, slots=True)
class UpdateNotes:
    """What is kept of the check for new versions. Its texts were judged when they came in, by `core.updates`."""

    address: str = ""
    """The folder on the web that is asked; empty: none was so far."""
    due: float = 0.0
    """Epoch seconds at which it is asked next."""
    heard: float = 0.0
    """Epoch seconds of its latest answer that could be used; 0: there was none."""
    version: str = ""
    """The version that it offered then …"""
    page: str = ""
    """… and the page that offers it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The whole of it. Wall clock times, since the monotonic clock starts anew with the machine."""

    told: tuple[Told, ...] = ()
    snoozed: tuple[Snoozed, ...] = ()
    paused_until: float | None = None
    """Epoch seconds; infinity until told to resume; None when not paused."""
    shown: tuple[ShownBefore, ...] = ()
    running: tuple[SeenRunning, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    """By connection: those that the user does not want to be watched."""
    served: tuple[ServedBefore, ...] = ()
    """Who served each connection last: a relay that goes while no agent runs is still named by its kind."""
    welcomed: bool = False
    """The user was told on a desktop, once and for all, that Gatelight watches."""
    updates: UpdateNotes = field(default_factory=UpdateNotes)
