"""How far a connection to another machine gets: only the attempts to connect can tell."""

from agent.core.evidence.processes import idle_by_wish, outcome, port_of
from agent.core.facts import Facts
from agent.core.session_facts import Outcome
from agent.problems.shared.obstacles import (
    NameUnknown,
    NoAnswer,
    NoObstacle,
    NotTheApi,
    NotTried,
    Reach,
    RelayCloses,
    Silent,
    TurnedAway,
)
from agent.problems.shared.restart import restarts_out_of_sight

CONTAINER_RELAY_PORTS = frozenset({4003, 4004, 7498, 7499, 8888})
"""Ports on which the relay inside the common container images listens (README of gnzsnz/ib-gateway-docker, and of
extrange/ibkr-docker for the last)."""

_BY_ATTEMPT = (NameUnknown, NoAnswer, RelayCloses, TurnedAway, Silent, NotTheApi)
"""What an attempt can tell of another machine."""


def on_another_machine(facts: Facts) -> Reach:
    """The first obstacle, told by the latest attempt alone; a port that answers unseen counts as one elsewhere."""
    if idle_by_wish(facts) or restarts_out_of_sight(facts):
        return NoObstacle()
    match outcome(facts):
        case None:
            return NotTried(_BY_ATTEMPT)
        case Outcome.REFUSED | Outcome.UNREACHABLE:
            return NoAnswer()
        case Outcome.UNRESOLVABLE:
            return NameUnknown()
        case Outcome.CLOSED if port_of(facts) in CONTAINER_RELAY_PORTS:
            return RelayCloses(None)
        case Outcome.CLOSED:
            return TurnedAway(None)
        case Outcome.SILENT:
            return Silent(None, None)
        case Outcome.NOT_TWS:
            return NotTheApi(None, None)
        case _:
            return NoObstacle()
