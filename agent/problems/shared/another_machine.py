"""How far a connection to another machine, or another address, gets: mostly the attempts to connect tell."""

from agent.core.evidence.processes import idle_by_wish, listener_elsewhere, outcome, port_of
from agent.core.facts import Facts, Listener
from agent.core.session_facts import NOT_ACCEPTED, Outcome
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


def bound_elsewhere(facts: Facts, *, at_home: bool) -> Listener | None:
    """The listener that this connection most likely means, where it is bound to another address of this machine alone.
    `at_home`: the application belongs on this machine. Then a program whose name is not that of a relay does not count,
    and the application is missed instead.
    """
    listener = listener_elsewhere(facts.machine, port_of(facts))
    if listener is None or not facts.connection.loopback or facts.sight.ever:
        return None
    relays = listener.relay is not None or listener.program is None
    stranger = not relays and (at_home or facts.connection.port == "auto")
    return None if stranger or outcome(facts) not in (None, *NOT_ACCEPTED) else listener


def on_another_machine(facts: Facts) -> Reach:
    """The first obstacle, told by the latest attempt alone. It also judges a port of this machine that answers although
    no listener is seen."""
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
