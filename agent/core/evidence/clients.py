"""Which programs were on the API port at a moment, and whether they have connected anew since."""

from agent.core.evidence.processes import clients_of
from agent.core.facts import Facts, MachineFacts, Unknown
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


def newly_served(before: MachineFacts, machine: MachineFacts, port: int, since: float) -> bool:
    """Whether another program connected to a port after `since` (epoch seconds) and stood there at two looks in a row:
    what is behind the port serves programs again."""
    if isinstance(before.sockets, Unknown) or isinstance(machine.sockets, Unknown):
        return False
    stood = {(c.pid, c.peer, c.since) for c in before.sockets.value.clients if c.port == port}
    clients = (c for c in machine.sockets.value.clients if c.port == port and not c.own)
    return any(c.since > since and (c.pid, c.peer, c.since) in stood for c in clients)


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
