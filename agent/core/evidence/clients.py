"""Which programs were on the API port at a moment, and whether they have connected anew since."""

from agent.core.evidence.processes import clients_of
from agent.core.facts import Facts, Unknown
from agent.core.session_facts import Subscriber

LOOK_AFTER = 2.0
"""Seconds within which a look follows the loss of data: what it finds for the first time may have been there before."""


def subscribers(facts: Facts) -> tuple[Subscriber, ...] | None:
    """The programs on this connection's API port, each once; None where the system does not show them."""
    sockets = facts.machine.sockets
    if isinstance(sockets, Unknown) or not facts.connection.local:
        return None
    found = tuple(dict.fromkeys(Subscriber(c.name, c.pid) for c in clients_of(facts)))
    # Where sockets of other users' programs are missing, a port without clients is not proven to have none.
    return None if not found and sockets.value.unseen is not None else found


def connected_anew(facts: Facts, programs: tuple[Subscriber, ...], since: float) -> bool:
    """Whether each of these has a connection that began after `since` (monotonic seconds), as a new process or not."""
    fresh = [c for c in clients_of(facts) if c.since > facts.now.wall_of(since + LOOK_AFTER)]
    for program in sorted(programs, key=lambda p: all(p.pid != c.pid for c in fresh)):
        same = [c for c in fresh if program.pid is not None and c.pid == program.pid]
        found = same or [c for c in fresh if program.name is not None and c.name == program.name]
        if not found:
            return False
        fresh.remove(found[0])
    return True
