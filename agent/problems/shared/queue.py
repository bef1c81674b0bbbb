"""The connections that wait on the API port to be accepted: what the system shows of them."""

from dataclasses import dataclass

from agent.core.clock import took
from agent.core.evidence.processes import listener_at, outcome
from agent.core.facts import Facts
from agent.core.session_facts import Outcome


@dataclass(frozen=True, slots=True)
class WaitingConnections:
    """Connections that the system has completed and the program has not accepted."""

    full: bool
    """The system keeps no more of them."""
    words: str


def waiting_at(facts: Facts, port: int) -> WaitingConnections | None:
    """The queue on a port of this machine; None where it is empty, or the system does not show it."""
    listener = listener_at(facts.machine, port) if facts.connection.local else None
    if listener is None or not listener.waiting:
        return None
    count, room = listener.waiting, listener.room
    plural = "connections wait" if count > 1 else "connection waits"
    # Linux keeps one more than the program asked for.
    kept = f", and the system keeps no more than {max(count, room)}" if room is not None and count >= room else ""
    return WaitingConnections(bool(kept), f"{count} {plural} on port {port} to be accepted{kept}")


def no_answer(facts: Facts, host: str, port: int, elapsed: float) -> str:
    """For the evidence: how an attempt ended that was not answered within `elapsed` seconds."""
    if outcome(facts) is Outcome.UNREACHABLE:
        return f"{host}, port {port}, did not accept the connection within {took(elapsed)}"
    return f"{host}, port {port}, accepted the connection and did not answer within {took(elapsed)}"
