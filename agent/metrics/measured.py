"""What is exported, as values of one moment."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.core.facts import RelaySeen
from agent.core.relay_facts import RelayOrder
from agent.core.session_facts import ServerLink
from agent.core.shown.status import ShownConnection, Status
from agent.metrics.counts import ConnectionCounts


@dataclass(frozen=True, slots=True)
class MeasuredConnection:
    """What is exported of one connection."""

    shown: ShownConnection
    counts: ConnectionCounts
    answers: bool
    """An API session stands, and the application answers it."""
    clients: int | None
    """API clients that the application serves; None: cannot be seen."""
    clients_allowed: int
    sent: int
    """API messages that our sessions have sent."""

    @property
    def up(self) -> bool:
        """Whether programs can use the connection, as far as it is known."""
        return self.answers and self.shown.server_link != ServerLink.DOWN.value


@dataclass(frozen=True, slots=True)
class DeclaredCode:
    """A problem that there may be."""

    code: str
    severity: str
    """The declared one; a case may have another."""
    of_program: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that is exported, at one moment."""

    at: float
    """Monotonic time of the moment."""
    status: Status
    codes: Sequence[DeclaredCode]
    connections: Sequence[MeasuredConnection]
    own_problems: Counter[str]
    refused: Mapping[str, int]
    """Requests that were refused, by reason."""
    relays: Sequence[RelaySeen] = ()
    relays_wanted: Sequence[RelayOrder] = ()
    """Those that the configuration has started."""
    past_relays: Mapping[str, int] | None = None
    """By port of this computer: connections of programs that use it without a relay; None: they cannot be seen."""

    @property
    def ready(self) -> bool:
        """Whether every connection that the user wants watched is up, and there is one."""
        wanted = [one.up for one in self.connections if one.shown.wanted]
        return bool(wanted) and all(wanted)
