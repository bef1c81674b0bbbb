"""What was seen: one snapshot of the machine and of our own session, as frozen values.

An observer says `Known(x)` or `Unknown(why)`; nothing here decides, and nothing here is a guess.
"""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from agent.core.clock import Moment
from agent.core.memory import ChangeKept, Served
from agent.core.relay_facts import RelayCounts
from agent.core.session_facts import SessionFacts
from agent.core.settings import ConnectionSettings
from agent.core.timing import Timing
from agent.tws.api_settings import ConfigResponse
from agent.tws.applications import Application, ApplicationKind, TradingMode
from agent.tws.calendar import Expectation
from agent.tws.launcher_log import LoginTold
from agent.tws.outside import FromOutside, OutsideName, OutsideText, RawText
from agent.tws.relays import RelayKind
from agent.tws.reset_windows import Region
from agent.tws.time_zone import ClockChange, TimeZone

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Known(Generic[_T]):
    """Something that was found out."""

    value: _T


@dataclass(frozen=True, slots=True)
class Unknown(FromOutside):
    """Something that could not be found out, and why, in words for people."""

    reason: OutsideText


Fact: TypeAlias = Known[_T] | Unknown

NOT_LOOKED = Unknown("not looked at yet")


@dataclass(frozen=True, slots=True)
class SettingsHints(FromOutside):
    """What the readable settings files (jts.ini, IBC's config.ini) tell. Hints, never proof; None: not told."""

    trading_mode: TradingMode = TradingMode.UNKNOWN
    """Mode last selected on the log-in screen."""
    region: Region | None = None
    """Region of the IB server last used: decides the reset window."""
    api_only: bool | None = None
    """False: "FIX CTCI" was chosen on the log-in screen of IB Gateway, so there is no API."""
    use_ssl: bool | None = None
    auto_restart_time: int | None = None
    """Daily restart, minutes after local midnight, as told by IBC's configuration."""
    auto_logoff_time: int | None = None
    """Daily log-off, minutes after local midnight, as told by IBC's configuration or jts.ini."""
    closes_at: int | None = None
    """When IBC closes the application, minutes after local midnight."""
    closes_on: int | None = None
    """On which day of the week it does, Monday 0; None: every day."""
    command_server_port: int | None = None
    """IBC's command server, where it is on."""
    source: OutsideName | None = None
    """File name (not path) the hints were read from."""


@dataclass(frozen=True, slots=True)
class Process(FromOutside):
    """A running TWS or IB Gateway."""

    pid: int
    application: Application
    started: float
    """Epoch seconds."""
    foreign: bool = False
    """It runs as another user of this computer."""
    api_ports: tuple[int, ...] = ()
    """Ports it listens on that can be the API, likeliest first."""
    ports_withheld: bool = False
    """The system does not show its sockets, and none was found otherwise: it may well listen."""
    upstream: OutsideName | None = None
    """Remote "address:port" of its longest-standing connection to IB's servers."""
    upstream_since: float | None = None
    """Monotonic time from which on that connection is known to have stood: it was seen, or the system tells."""
    close_wait: tuple[tuple[int, int], ...] = ()
    """(API port, number of sockets in CLOSE_WAIT on it)."""
    memory: int | None = None
    """Resident bytes."""
    memory_peak: int | None = None
    """Most resident bytes in the last half hour: each clearing up gives some back for a while."""
    memory_growth: float | None = None
    """Bytes per second over the last hour or so; None until watched long enough."""
    cpu: float | None = None
    """Share of one core since the last look, 1.0 = one core busy."""
    hints: Fact[SettingsHints] = Unknown("settings files not read")
    login: Fact[LoginTold] = Unknown("launcher.log not read")
    """How far its log-in has come, by its launcher.log."""
    command_port: int | None = None
    """Port of IBC's command server, where its configuration names one and the process listens there."""
    has_window: bool | None = None
    """Whether it has a window that can be brought to the front; None: not looked for, or the system does not say."""

    @property
    def kind(self) -> ApplicationKind:
        """Which application."""
        return self.application.kind

    @property
    def label(self) -> str:
        """Like "IB Gateway 10.45 (pid 3117)"; never anything private."""
        version = f" {self.application.version}" if self.application.version else ""
        return f"{self.application.kind.title}{version} (pid {self.pid}{', another user’s' if self.foreign else ''})"


@dataclass(frozen=True, slots=True)
class OtherProcess(FromOutside):
    """A process worth naming that is neither TWS nor IB Gateway, like the Client Portal Gateway."""

    pid: int
    name: OutsideName
    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Processes(FromOutside):
    """The part of the process table that matters."""

    applications: tuple[Process, ...] = ()
    client_portal: tuple[OtherProcess, ...] = ()
    unreadable: tuple[OtherProcess, ...] = ()
    """Processes that could be TWS (java, JavaApplicationStub) but whose command line is withheld."""
    programs: tuple[OtherProcess, ...] = ()
    """Trading programs that are known by their name (`tws.client_programs`), connected or not."""
    unseen: OutsideText | None = None
    """Why processes of other users are missing, where they are: then one that is not seen may well run."""


@dataclass(frozen=True, slots=True)
class Listener(FromOutside):
    """A LISTEN socket of this machine."""

    port: int
    pid: int | None = None
    """None where the system does not say."""
    program: OutsideName | None = None
    """Process name of the owner."""
    relay: RelayKind | None = None
    """What a program of this name is known to pass connections on to; None: it is not known as a relay."""
    waiting: int | None = field(default=None, compare=False)
    """Connections that the system has completed and the program has not accepted; None where it does not say."""
    room: int | None = field(default=None, compare=False)
    """How many of those the system keeps; None where it does not say."""
    address: OutsideName | None = None
    """The one address of this machine that it is reached at; None: it is reached at 127.0.0.1."""


@dataclass(frozen=True, slots=True)
class ApiClient(FromOutside):
    """A program connected to an API port of this machine."""

    port: int
    """The API port."""
    pid: int | None = None
    name: OutsideName | None = None
    """Process name without path; None where the system does not say."""
    peer: OutsideName | None = None
    """Address, when it is not of this machine."""
    since: float = 0.0
    """Epoch seconds at which it was first seen."""
    own: bool = False
    """It is Gatelight itself."""
    connections: int = 1
    """How many connections it has to that port."""
    script: OutsideName = ""
    """File name or module of what it runs, where it is an interpreter."""
    place: str = ""
    """Tells the folder of its program from others, without naming it."""
    relayed: bool = False
    """It comes through a relay of Gatelight."""


@dataclass(frozen=True, slots=True)
class FormerClient:
    """A process that was connected to an API port and is not now."""

    pid: int
    runs: bool
    """It still runs."""


@dataclass(frozen=True, slots=True)
class Sockets(FromOutside):
    """The part of the socket table that matters."""

    listeners: tuple[Listener, ...] = ()
    clients: tuple[ApiClient, ...] = ()
    elsewhere: tuple[Listener, ...] = ()
    """Those that 127.0.0.1 does not reach, on ports where no other one listens."""
    former: tuple[FormerClient, ...] = ()
    """Processes that were connected to an API port since the agent began, and are not now."""
    unseen: OutsideText | None = None
    """Why sockets of other users' programs are missing, where they are: then a free port is not proven free."""


@dataclass(frozen=True, slots=True)
class Installation(FromOutside):
    """TWS or IB Gateway found on disk."""

    kind: ApplicationKind
    version: OutsideName | None
    path: RawText
    command: tuple[RawText, ...] = ()
    """Starts it, program first; empty where only IBC may: it has renamed the program for that."""


class SurroundingsKind(StrEnum):
    """Where the agent itself runs."""

    PLAIN = "plain"
    WSL = "wsl"
    CONTAINER = "container"
    VIRTUAL_MACHINE = "virtual machine"


@dataclass(frozen=True, slots=True)
class Surroundings(FromOutside):
    """Whether "this machine" is really another one seen from TWS."""

    kind: SurroundingsKind = SurroundingsKind.PLAIN
    host_address: OutsideName | None = None
    """Address or name under which the outer machine is reached from inside WSL or a container."""
    product: OutsideName | None = None
    """What runs the virtual machine, like "VMware"."""


@dataclass(frozen=True, slots=True)
class RelaySeen(FromOutside):
    """A relay of this data folder that runs: from `port`, where it listens, it leads to `to_port` of `host`."""

    name: OutsideName
    pid: int
    port: int
    host: OutsideName
    to_port: int
    counts: Fact[RelayCounts]
    allow: tuple[str, ...] = ()
    lines: int = 0
    draining: bool = False
    kept: bool = False
    """The agent sees to it."""
    said: tuple[OutsideText, ...] = ()
    here: bool = False
    """`host` is another name or address of this computer, and one program alone listens on `to_port` of it."""


@dataclass(frozen=True, slots=True)
class VirtualNetwork(FromOutside):
    """A network of this computer in which its virtual machines or containers are."""

    product: OutsideName
    """Whose it is, like "VMware" or "Docker"."""
    address: RawText
    """This computer's address in it."""
    prefix: int
    """Bits of the address that all of the network have in common."""


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """One look at the machine. A fact of it is `NOT_LOOKED` until an observer tells it."""

    processes: Fact[Processes] = NOT_LOOKED
    sockets: Fact[Sockets] = NOT_LOOKED
    network: Fact[bool] = NOT_LOOKED
    """Whether there is a route to anywhere beyond this machine."""
    installed: Fact[tuple[Installation, ...]] = NOT_LOOKED
    surroundings: Fact[Surroundings] = NOT_LOOKED
    utc_offset: float = 0.0
    """Local time minus UTC, seconds, before the first of the changes."""
    clock_changes: tuple[ClockChange, ...] = ()
    """The changes of it in the year before now and the days after."""
    taken: float = 0.0
    """Monotonic time of the look."""
    own_names: Fact[frozenset[RawText]] = NOT_LOOKED
    """Names and addresses that mean this machine, as `spelled_host` spells them."""
    relays: Fact[tuple[RelaySeen, ...]] = NOT_LOOKED
    virtual_networks: tuple[VirtualNetwork, ...] = ()
    """The networks of virtual machines and containers on this computer, as far as their interfaces tell."""
    thorough: bool = False
    cost: float = 0.0
    """Processor seconds that the look took."""

    @property
    def zone(self) -> TimeZone:
        """The time zone of the user's own clock."""
        return TimeZone(self.utc_offset, self.clock_changes)

    @classmethod
    def nothing_seen(cls, why: Unknown, *, taken: float) -> "MachineFacts":
        """A look that saw nothing, at that monotonic time: each of its facts is unknown for the one reason."""
        facts: dict[str, Any] = {one.name: why for one in fields(cls) if one.default is NOT_LOOKED}
        return cls(**facts, taken=taken)


@dataclass(frozen=True, slots=True)
class Abilities(FromOutside):
    """What Gatelight itself can do here, whatever is seen."""

    config_file: OutsideName | None = None
    """Name of the configuration file, where there is one that can be changed."""


@dataclass(frozen=True, slots=True)
class SettingsTold:
    """What the application told of its API settings, in a settings session."""

    configuration: Fact[ConfigResponse] = Unknown("the API settings were not asked for yet")
    at: float | None = None
    """Monotonic time of the latest answer, of whatever kind; None before the first one."""
    server_version: int | None = None
    """The highest both sides know: it decides what can be asked and changed."""
    listener_key: str = ""
    """Which application told it, as `core.evidence.processes.listener_key_at` names it."""


class Purpose(StrEnum):
    """Who looks."""

    WATCH = "watch"
    DOCTOR = "doctor"


@dataclass(frozen=True, slots=True)
class Sight:
    """When the application of this connection was seen running, over many looks."""

    last_pid: int | None = None
    kind: ApplicationKind | None = None
    """Which application that was."""
    port: int | None = None
    """API port it listened on last."""
    gone_since: float | None = None
    """Monotonic time since which it has been gone; None while it runs or was never seen."""
    ever: bool = False
    replaced_at: float | None = None
    """Monotonic time at which a new process took the place of an earlier one."""
    hints: SettingsHints | None = None
    """What its settings files told when they were last read: the restart time matters just when it is gone."""


@dataclass(frozen=True, slots=True)
class Missing(FromOutside):
    """A program that should be connected to the API port and is not."""

    label: OutsideName
    """What users read as its name."""
    since: float
    """Epoch seconds from which on it has been missed."""
    pid: int | None = None
    """Its process when it was connected last."""
    lost_at: float | None = None
    """Epoch seconds at which it was cut off with the API port; None: it is usually connected at this hour."""
    port_before: int | None = None
    """The API port on which it was, where that is another one now."""
    runs: bool | None = None
    """Whether its process still runs; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Facts(FromOutside):
    """Everything known about one connection at one moment: what problems are judged from."""

    now: Moment
    connection: ConnectionSettings
    machine: MachineFacts = field(default_factory=MachineFacts)
    session: SessionFacts = field(default_factory=SessionFacts)
    expected: Expectation = field(default_factory=Expectation)
    timing: Timing = field(default_factory=Timing)
    purpose: Purpose = Purpose.WATCH
    sight: Sight = field(default_factory=Sight)
    api_settings: SettingsTold = field(default_factory=SettingsTold)
    abilities: Abilities = field(default_factory=Abilities)
    config_error: OutsideText | None = None
    """Why the latest configuration file could not be used."""
    earlier_config: bool = False
    """An earlier configuration that could be used is still in force."""
    served: Served | None = None
    """Who served the latest session; None: there was none yet, or it was not of this machine."""
    changes: tuple[ChangeKept, ...] = ()
    """What is not as it was when this connection was last well, and was not seen by the user."""
    missing: tuple[Missing, ...] = ()
    """Programs that have not come back to the API port."""
    other_connections: tuple[ConnectionSettings, ...] = ()
    """The user's other configured connections: they may claim a process of their own."""
    meant: list[tuple[Process, ...]] = field(default_factory=list, init=False, compare=False, repr=False)
