"""Which programs are on the API port of a connection, by who they are and not by their process."""

from collections.abc import Mapping

from agent.core.evidence.processes import clients_of, listener_at, owner_at
from agent.core.facts import ApiClient, Facts, Known, Missing
from agent.core.memory import PortKept, ProgramId, ProgramKept
from agent.tws.client_programs import plain_name

ProgramKey = tuple[str, str, str, str]
"""See `ProgramId.key`."""
_SAME_START = 5.0
"""Seconds by which two readings of the start of one process may differ: a clock was set in between."""


def identity(client: ApiClient) -> ProgramId | None:
    """Who a client is; None where the system tells neither its name nor where it is."""
    if client.pid is None and client.peer is not None:
        return ProgramId(peer=client.peer)
    return ProgramId(client.name, client.script, client.place) if client.name else None


def programs_on(facts: Facts) -> Mapping[ProgramKey, tuple[ProgramId, ApiClient]]:
    """The programs on the API port that can be told from others; of several alike the one that was there first."""
    found: dict[ProgramKey, tuple[ProgramId, ApiClient]] = {}
    for client in sorted(clients_of(facts), key=lambda c: -c.since):
        who = identity(client)
        if who is not None:
            found[who.key] = (who, client)
    return found


def server_of(facts: Facts, port: int) -> str:
    """Who serves a port of this machine: its process, and its start in epoch seconds; empty where that is not told."""
    owner = owner_at(facts.machine, port)
    if owner is not None:
        return f"{owner.pid}/{owner.started:.0f}"
    listener = listener_at(facts.machine, port)
    return "" if listener is None or listener.pid is None else f"{listener.pid}/"


def same_server(one: str, other: str) -> bool:
    """Whether two answers of `server_of` are not known to be of different processes."""
    if not one or not other:
        return True
    (pid, start), (other_pid, other_start) = one.split("/"), other.split("/")
    if pid != other_pid or bool(start) is not bool(other_start):
        return False
    return not start or abs(float(start) - float(other_start)) <= _SAME_START


def missing_of(kept: PortKept, facts: Facts) -> tuple[Missing, ...]:
    """The programs of a port that are missed, the one missed first before the others."""
    port = facts.session.port
    found = [
        Missing(
            label=p.id.label,
            since=p.missing_since,
            pid=p.pid,
            lost_at=p.lost_at,
            port_before=p.lost_port if p.lost_at is not None and port is not None and p.lost_port != port else None,
            runs=_runs(p, facts),
        )
        for p in kept.programs
        if p.missing_since is not None
    ]
    return tuple(sorted(found, key=lambda m: (m.since, m.label)))


def _runs(program: ProgramKept, facts: Facts) -> bool | None:
    """Whether its process runs: as the process that was connected, else by a name that only this program has."""
    sockets, processes = facts.machine.sockets, facts.machine.processes
    former = sockets.value.former if isinstance(sockets, Known) else ()
    told = next((f.runs for f in former if f.pid == program.pid), None)
    if told or not isinstance(processes, Known) or program.id.script:
        return told
    name = plain_name(program.id.name).lower()
    named = any(plain_name(p.name).lower() == name for p in processes.value.programs)
    return True if named else told
