"""What can stand between a program and the TWS API, as values: each obstacle belongs to exactly one problem."""

from dataclasses import dataclass
from typing import TypeAlias

from agent.core.facts import Listener, OtherProcess, Process, Surroundings
from agent.core.memory import Served


@dataclass(frozen=True, slots=True)
class NoObstacle:
    """Connected, or the API answers, or this connection is not expected to work now."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Too little of the machine could be seen, and the handshake does not tell either."""

    why: str
    refused: bool
    """Looking was tried and refused; False: not looked at yet."""


@dataclass(frozen=True, slots=True)
class NotTried:
    """A program listens on the port, and no attempt to connect has ended yet."""

    may_be: tuple[type, ...]
    """The obstacles that the attempt can turn out to have met."""


@dataclass(frozen=True, slots=True)
class NotInstalled:
    """Nothing runs, nothing was found on disk, and no configuration says that there should be anything."""


@dataclass(frozen=True, slots=True)
class NotRunning:
    """No application of the wanted kind runs here."""


@dataclass(frozen=True, slots=True)
class OtherKindRuns:
    """Only the other application runs."""

    process: Process


@dataclass(frozen=True, slots=True)
class OtherProductRuns:
    """Only the Client Portal Gateway runs, or the configured port is its port."""

    product: OtherProcess
    owns_port: bool


@dataclass(frozen=True, slots=True)
class Starting:
    """The application started a short while ago."""

    process: Process
    grace: float
    """Seconds it is given."""


@dataclass(frozen=True, slots=True)
class Restarting:
    """The application is about to end for its daily restart: how it behaves until then says nothing."""

    process: Process


@dataclass(frozen=True, slots=True)
class AtLogin:
    """The application waits for a log-in."""

    process: Process


@dataclass(frozen=True, slots=True)
class LinkUnsettled:
    """The application has a connection to IB's servers that is too young to prove a log-in."""

    process: Process


@dataclass(frozen=True, slots=True)
class StuckAfterRestart:
    """An automatic restart that did not come back."""

    process: Process


@dataclass(frozen=True, slots=True)
class ApiOff:
    """Logged in, and no API port."""

    process: Process


@dataclass(frozen=True, slots=True)
class PortClash:
    """Logged in, and another application already owns the API port it would open."""

    owner: Process
    loser: Process
    port: int


@dataclass(frozen=True, slots=True)
class ListensElsewhere:
    """The application listens, but not on the configured port, which is free."""

    process: Process


@dataclass(frozen=True, slots=True)
class RelayGone:
    """The relay, tunnel or container that served the latest session is not there any more."""

    served: Served


@dataclass(frozen=True, slots=True)
class PortTaken:
    """Another program owns the port and does not speak the TWS API."""

    owner: Listener


@dataclass(frozen=True, slots=True)
class RelayCloses:
    """A relay accepts and closes: what it relays to does not listen, or turns the relay's own address away."""

    relay: Listener | None
    """None: on another machine, or the system does not show it."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Accepted, then closed before the handshake was answered."""

    process: Process | None
    """None: on another machine."""


@dataclass(frozen=True, slots=True)
class Silent:
    """The handshake is never answered, or not even the connection accepted: too many wait for that already."""

    process: Process | None
    owner: Listener | None


@dataclass(frozen=True, slots=True)
class Wedged:
    """As `Silent`, with a pile of half-closed sockets on the port."""

    process: Process
    sockets: int


@dataclass(frozen=True, slots=True)
class NotTheApi:
    """Answered with something else."""

    process: Process | None
    owner: Listener | None


@dataclass(frozen=True, slots=True)
class NameUnknown:
    """The host name of a remote connection means nothing."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The host of a remote connection does not answer, or refuses."""


@dataclass(frozen=True, slots=True)
class BoundElsewhere:
    """What listens on the port does so at another address of this machine alone."""

    listener: Listener


@dataclass(frozen=True, slots=True)
class OuterMachine:
    """No program answers here, and "here" is inside WSL or a container: TWS may well run outside."""

    surroundings: Surroundings


Reach: TypeAlias = (
    NoObstacle
    | Unseen
    | NotTried
    | NotInstalled
    | NotRunning
    | OtherKindRuns
    | OtherProductRuns
    | Starting
    | Restarting
    | AtLogin
    | LinkUnsettled
    | StuckAfterRestart
    | ApiOff
    | PortClash
    | ListensElsewhere
    | RelayGone
    | PortTaken
    | RelayCloses
    | TurnedAway
    | Silent
    | Wedged
    | NotTheApi
    | NameUnknown
    | NoAnswer
    | BoundElsewhere
    | OuterMachine
)
