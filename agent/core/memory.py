"""What outlives the end of the agent: nothing is announced twice, nothing that was shown is forgotten or misnamed."""

from dataclasses import dataclass, field, replace

from agent.tws.client_programs import plain_name
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
    taken_back: bool = False
    """Its notice stood on a desktop until the agent that ended took it back; it is due again after an update."""


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
    """The application of a connection that showed a problem, and that ran before; or of one beside it."""

    connection: str
    kind: str
    """As `tws.applications.ApplicationKind` spells it."""
    pid: int | None = None
    """The process that the connection was made for; None: whatever fits."""
    implicit: bool = False
    """No configuration names the connection."""
    well: bool = False
    """It showed no problem. Without it, its process would be taken for the one that is missed."""


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
class ProgramId(FromOutside):
    """Which program a client of the API port is, over its restarts and those of the machine."""

    name: OutsideName = ""
    """Of its process, without path; empty for one on another machine."""
    script: OutsideName = ""
    """File name or module of what an interpreter runs."""
    place: str = ""
    """Tells its folder from others, without naming it."""
    peer: OutsideName = ""
    """Its address, where it is on another machine."""

    @property
    def label(self) -> str:
        """What users read, like "bot.py (python3)", "quantower" or "a program at 192.0.2.7"."""
        if self.script:
            return f"{self.script} ({self.name})"
        return self.name or f"a program at {self.peer}"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The same for the same program: another release of an interpreter is the same interpreter."""
        name = plain_name(self.name).lower()
        return name.rstrip("0123456789.") if self.script else name, self.script, self.place, self.peer


@dataclass(frozen=True, slots=True)
class DayKept:
    """Some quarters of an hour of one local day."""

    day: int
    """Days since 1970-01-01."""
    quarters: int
    """Bit 0 is the quarter that begins at midnight, bit 95 the last one of the day."""


@dataclass(frozen=True, slots=True)
class ProgramKept(FromOutside):
    """One program that held a connection to the API port for a while."""

    id: ProgramId
    first: int
    """The local quarter of an hour in which it was first seen, counted from 1970."""
    days: tuple[DayKept, ...] = ()
    """When it was connected, by quarters that it was connected throughout."""
    there: bool = False
    """It was connected at the latest look that could tell."""
    pid: int | None = None
    """Its process at the time."""
    lost_at: float | None = None
    """Epoch seconds at which it was cut off together with the API port; None: it was not, or has come back."""
    lost_port: int = 0
    """The API port on which it was then."""
    missing_since: float | None = None
    """Epoch seconds from which on it has been missed."""
    slowest: float = 0.0
    """Seconds that it has needed to come back."""
    ignored: bool = False
    """The user does not want it watched."""


@dataclass(frozen=True, slots=True)
class PortKept:
    """The programs on the API port of one connection, and when that port was watched."""

    connection: str
    port: int = 0
    server: str = ""
    """Who served it last: the process and its start, in whole epoch seconds."""
    observed: tuple[DayKept, ...] = ()
    """The quarters in which the port was served and seen throughout."""
    programs: tuple[ProgramKept, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeKept(FromOutside):
    """Something about an application that is not as it was when its connection was last well."""

    what: str
    """As `core.state_machine.changes` names it: "version", "port", "settings.read_only_api" …"""
    before: OutsideText
    now: OutsideText
    at: float
    """Epoch seconds at which it was first found."""


@dataclass(frozen=True, slots=True)
class WellKept(FromOutside):
    """How the application of one connection was when the connection was last well."""

    connection: str
    kind: str
    """Which application, as `tws.applications.ApplicationKind` spells it."""
    names: tuple[str, ...] = ()
    """What was known (`ChangeKept.what`) …"""
    values: tuple[OutsideText, ...] = ()
    """… and how it was, in the same order, in words; account numbers are masked."""
    changes: tuple[ChangeKept, ...] = ()
    """What changed before that, and was not seen by the user so far."""


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
class ToldThere(FromOutside):
    """One problem that a target was told about, and has not been told the end of."""

    target: str
    connection: str
    key: str
    at: float
    """Epoch seconds of the latest message about it."""
    repeats: int = 0
    title: OutsideName = ""
    """What it was called, to say its end with."""
    crowd: float | None = None
    """Epoch seconds of the first message that told it of many connections; None: it was told of this one alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One problem that is shown, for those who are told of it only if the user does not see it."""

    connection: str
    key: str
    since: float
    """Epoch seconds since which it has been shown."""
    seen: bool = False
    """The user has looked at Gatelight since."""


@dataclass(frozen=True, slots=True)
class WaitingNotice(FromOutside):
    """One notice that waits for a target: the end of a problem, or news of Gatelight itself."""

    target: str
    key: str
    at: float
    """Epoch seconds at which it came up."""
    severity: str
    title: OutsideName
    text: OutsideText
    over: bool = False
    crowd: float | None = None
    """See `ToldThere`: how that was told which is over."""
    ended: OutsideName = ""
    """The title of the problem that is over."""


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
    ports: tuple[PortKept, ...] = ()
    """By connection: the programs on its API port."""
    well: tuple[WellKept, ...] = ()
    """By connection and application: how it was when all was well."""
    welcomed: bool = False
    """The user was told on a desktop, once and for all, that Gatelight watches."""
    updates: UpdateNotes = field(default_factory=UpdateNotes)
    summary_said: float | None = None
    """Epoch seconds before which every weekly summary was said, or was not asked for; None: none is wanted."""
    told_there: tuple[ToldThere, ...] = ()
    """What targets know and believe to be so. They are kept by name: no address is ever in the memory."""
    standing: tuple[Standing, ...] = ()
    waiting: tuple[WaitingNotice, ...] = ()
    """What targets could not be told yet, oldest first."""
    taken_back_by: str = ""
    """The version of the agent that took back notices as it ended; empty: it starts anew by itself."""

    def taken_over(self, version: str) -> "Memory":
        """The memory as an agent of this version begins with it.

        After an update, what stood until then is due again. After any other restart it is not: it was announced.
        """
        if version != self.taken_back_by:
            return replace(self, taken_back_by="")
        return replace(self, told=tuple(replace(one, taken_back=False) for one in self.told), taken_back_by="")
