"""Which connections are watched: the configured ones, or, without a configuration, one per application found."""

from dataclasses import replace

from agent.core.evidence.processes import applications
from agent.core.facts import MachineFacts, Process
from agent.core.memory import Memory
from agent.core.settings import ConnectionSettings, Settings, WantedApplication
from agent.tws.applications import ApplicationKind

WAITING = ConnectionSettings(name="TWS or IB Gateway", implicit=True)
"""What is watched when nothing is configured and nothing was found yet."""
MOST_WATCHED = 16
"""Applications watched without a configuration: any user can start programs that look like TWS, by the thousand."""


def roster(
    settings: Settings, before: tuple[ConnectionSettings, ...], machine: MachineFacts
) -> tuple[ConnectionSettings, ...]:
    """The connections to watch now, given those watched `before`.

    Without a configuration every application found is watched under its own name; one that is gone is still watched
    until another takes its place, so that its absence is noticed.
    """
    if settings.connections:
        return settings.connections
    found = applications(machine)
    if not found:
        return before or (WAITING,)
    pinned = [c for c in before if c.pinned_pid is not None]
    if len(found) == 1 and not pinned:
        return (_single(found[0]),)
    return _several(pinned, found)


def watched_before(memory: Memory) -> tuple[ConnectionSettings, ...]:
    """The connections that no configuration names and that showed a problem when the agent ended."""
    return tuple(
        ConnectionSettings(r.connection, _wanted(ApplicationKind(r.kind)), implicit=True, pinned_pid=r.pid)
        for r in memory.running
        if r.implicit
    )


def _several(before: list[ConnectionSettings], found: tuple[Process, ...]) -> tuple[ConnectionSettings, ...]:
    """One connection per process, up to `MOST_WATCHED`: those that run come first.

    A new process takes the place of one of its kind that is gone, if there is one.
    """
    alive = {p.pid for p in found}
    kept = list(before)
    names = {c.name for c in before}
    for process in found:
        if any(c.pinned_pid == process.pid for c in kept):
            continue
        gone = (i for i, c in enumerate(kept) if c.pinned_pid not in alive and c.application is _wanted(process.kind))
        place = next(gone, None)
        if place is not None:
            kept[place] = replace(kept[place], pinned_pid=process.pid)
        else:
            kept.append(_pinned(process, names))
            names.add(kept[-1].name)
    if len(kept) > MOST_WATCHED:
        kept.sort(key=lambda c: c.pinned_pid not in alive)
    return tuple(kept[:MOST_WATCHED])


def _single(process: Process) -> ConnectionSettings:
    return ConnectionSettings(name=process.kind.title, application=_wanted(process.kind), implicit=True)


def _pinned(process: Process, taken: set[str]) -> ConnectionSettings:
    where = f"port {process.api_ports[0]}" if process.api_ports else f"pid {process.pid}"
    name = process.kind.title
    if name in taken:
        name = f"{process.kind.title} ({where})"
    if name in taken:
        name = f"{process.kind.title} (pid {process.pid})"
    return ConnectionSettings(name=name, application=_wanted(process.kind), implicit=True, pinned_pid=process.pid)


def _wanted(kind: ApplicationKind) -> WantedApplication:
    return WantedApplication.ANY if kind is ApplicationKind.UNKNOWN else WantedApplication(kind.value)
