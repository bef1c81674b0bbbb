"""What our own API session knows: how the attempts ended, what it was told, and how the link to IB stands."""

from dataclasses import dataclass
from enum import StrEnum

from agent.tws.applications import TradingMode, is_paper
from agent.tws.farms import Farm
from agent.tws.outside import FromOutside, OutsideName, OutsideText, RawName


class Outcome(StrEnum):
    """What came of one attempt to reach the API port."""

    READY = "ready"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    """No answer to the connection attempt, or no route."""
    UNRESOLVABLE = "unresolvable"
    """The host name means nothing."""
    SILENT = "silent"
    """Accepted, and no complete answer to the hello before the time-out."""
    CLOSED = "closed"
    """Accepted, then closed or reset before the hello was answered."""
    NOT_TWS = "not-tws"
    """Answered with something that is not the TWS API."""
    OUTDATED = "outdated"
    """The server version is below what the API client needs."""
    NOT_READY = "not-ready"
    """Hello answered, but accounts or nextValidId never came."""
    ID_IN_USE = "id-in-use"
    """Notice 326."""


NOT_ACCEPTED = frozenset({Outcome.REFUSED, Outcome.UNREACHABLE, Outcome.UNRESOLVABLE})
"""Outcomes of an attempt that no program accepted."""


@dataclass(frozen=True, slots=True)
class Way(FromOutside):
    """One address that the host of a connection means, and from where this machine reaches it."""

    to: OutsideName
    """The address."""
    ours: OutsideName | None = None
    """The address of this machine from which it is reached: what an application on the way's other end sees, unless a
    router in between puts its own in the place. None: there is no way there."""
    used: bool = False
    """The connection went this way."""
    near: bool = False
    """The address is in a network of this machine's own: no router is in between."""


@dataclass(frozen=True, slots=True)
class NoticeSeen(FromOutside):
    """One notice of the application, as our session got it."""

    code: int
    text: OutsideText
    at: float
    """Monotonic."""
    request_id: int = -1
    count: int = 1
    """How often it came since `first`."""
    first: float = 0.0
    """Monotonic time of the first of them."""


@dataclass(frozen=True, slots=True)
class Attempt(FromOutside):
    """The latest attempt to reach the API port."""

    outcome: Outcome
    at: float
    """Monotonic time of the verdict."""
    port: int
    elapsed: float = 0.0
    """Seconds from connect to verdict."""
    server_version: int | None = None
    accounts_came: bool = False
    detail: OutsideText = ""
    """What exactly was seen, for the evidence; nothing private."""
    client_id: int | None = None
    notices: tuple[NoticeSeen, ...] = ()
    """What the application said before the attempt failed, oldest first."""
    first_failed: float | None = None
    """Monotonic time since which every attempt had this same outcome on this port."""
    unseen: bool = False
    """No program was seen to listen there when it was made: what answers is not shown by the system."""


class Phase(StrEnum):
    """Phase of our own connection."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    BACKING_OFF = "backing-off"
    BLOCKED = "blocked"


class ServerLink(StrEnum):
    """The link between the application and IB's servers."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Subscriber(FromOutside):
    """A program that was on the API port when its subscriptions were lost."""

    name: OutsideName | None = None
    """Process name; None where the system does not say."""
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Flood:
    """A session that sends far more than it is asked for. It counts from the first busy second on."""

    since: float
    """Monotonic time of the first busy second."""
    rate: float
    """Messages in its busiest second so far."""
    held: bool = False
    """Reading had to be paused, so that the true rate is higher."""
    present: bool = False
    """It has lasted long enough to be told."""
    last: float = 0.0
    """Monotonic time of the latest busy second."""


MISSED_HEARTBEATS = 2
"""In a row, from which on an application counts as frozen: one may be lost, because TWS ignores a second
reqCurrentTime within a second."""


@dataclass(frozen=True, slots=True)
class SessionFacts(FromOutside):
    """What our own API session knows."""

    wanted: bool = True
    """False while the user does not want it watched."""
    phase: Phase = Phase.IDLE
    since: float = 0.0
    """Monotonic time at which the phase began."""
    port: int | None = None
    client_id: int | None = None
    server_version: int | None = None
    accounts: tuple[RawName, ...] = ()
    """Unmasked; never shown as they are."""
    accounts_more: int = 0
    """How many accounts there are besides."""
    latency: float | None = None
    """Seconds the latest heartbeat took."""
    server_link: ServerLink = ServerLink.UNKNOWN
    link_since: float | None = None
    """Monotonic time at which the link got into this state."""
    link_code: int | None = None
    """The notice that said so; None where none did: nothing is known yet, or data that came shows it."""
    link_lost_at: float | None = None
    """Monotonic time of the latest loss after which neither 1101 nor 1102 has come; the link may be up all the same.
    Without a session: of a loss that the latest one was told, and that had not ended when it ended."""
    farms: tuple[Farm, ...] = ()
    farms_more: int = 0
    """How many farms were named besides."""
    flood: Flood | None = None
    """Far more comes than is asked for; None: it does not."""
    data_lost_at: float | None = None
    """Monotonic time of the latest 1101."""
    resubscribe: tuple[Subscriber, ...] | None = None
    """Programs that were connected when the data was lost (1101); None: the system does not show them."""
    heartbeat_unanswered: int = 0
    """How many heartbeats in a row have gone unanswered for the reply time-out."""
    unanswered_since: float | None = None
    """Monotonic time at which the first of them was sent; None: there is none."""
    clock_offset: float | None = None
    """Server clock minus ours, seconds; 0.0 within the resolution of reqCurrentTime."""
    losses: tuple[float, ...] = ()
    """Monotonic times at which an established session was lost, not by us."""
    notices: tuple[NoticeSeen, ...] = ()
    """Latest notice of each kind, newest last."""
    attempt: Attempt | None = None
    """The latest finished attempt; its outcome READY while connected."""
    refused_ids: int = 0
    """How many different client IDs were refused (326) since the last session."""
    ways: tuple[Way, ...] = ()
    """The addresses that the host meant at the latest attempt that found any."""
    served_listener: str = ""
    """The listener of the latest session, as `core.evidence.processes.listener_key_at` names it; empty before the first
    one."""

    @property
    def frozen(self) -> bool:
        """Whether the session stands and is not answered any more."""
        return self.phase is Phase.CONNECTED and self.heartbeat_unanswered >= MISSED_HEARTBEATS

    @property
    def trading_mode(self) -> TradingMode:
        """Live or paper, proven by the account IDs: paper accounts begin with D."""
        if not self.accounts:
            return TradingMode.UNKNOWN
        paper = [is_paper(a) for a in self.accounts]
        if all(paper):
            return TradingMode.PAPER
        return TradingMode.UNKNOWN if any(paper) else TradingMode.LIVE
