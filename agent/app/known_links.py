"""What the running agent knows of the applications' links to IB's servers, for a look that begins beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.core.facts import Known, MachineFacts, Process
from agent.errors import AgentNotRunning
from agent.runtime.control.channel import request
from agent.runtime.paths import Places


@dataclass(frozen=True, slots=True)
class KnownLink:
    """One connection of an application to IB's servers."""

    pid: int
    started: float
    """Epoch seconds at which the process started: another one may have its number by now."""
    address: str
    since: float
    """Monotonic time from which on it has stood."""


def ask_for_links(places: Places, monotonic: float) -> tuple[KnownLink, ...]:
    """The links that the running agent knows at this monotonic time; none without an agent that tells them."""
    try:
        answer = request(places, {"command": "links"})
    except AgentNotRunning:
        return ()
    listed = answer.get("links", ())
    return tuple(_link(one, monotonic) for one in listed) if isinstance(listed, Sequence) else ()


def _link(told: Mapping[str, Any], monotonic: float) -> KnownLink:
    return KnownLink(int(told["pid"]), float(told["started"]), str(told["address"]), monotonic - float(told["stood"]))


def with_links(machine: MachineFacts, links: tuple[KnownLink, ...]) -> MachineFacts:
    """The facts, where a link that is known to have stood longer than it was looked at counts as old as it is."""
    if not links or not isinstance(machine.processes, Known):
        return machine
    applications = tuple(_older(process, links) for process in machine.processes.value.applications)
    return replace(machine, processes=Known(replace(machine.processes.value, applications=applications)))


def _older(process: Process, links: tuple[KnownLink, ...]) -> Process:
    same = (k.since for k in links if (k.pid, k.started, k.address) == (process.pid, process.started, process.upstream))
    since = min(same, default=None)
    if since is None or process.upstream_since is None or since >= process.upstream_since:
        return process
    return replace(process, upstream_since=since)
