"""Relays of Gatelight as evidence: which of them lead to a connection, who is behind them, and what they count."""

from collections.abc import Iterator
from dataclasses import replace

from agent.core.facts import ApiClient, Fact, Known, MachineFacts, RelaySeen, Sockets
from agent.core.relay_facts import LimitUse, RelayCounts
from agent.tws.hosts import is_local
from agent.tws.relays import RelayKind

OWN_RELAY = "gatelight"
"""What the program of a relay of Gatelight is called, however it was started."""


def relays_of(machine: MachineFacts) -> tuple[RelaySeen, ...]:
    """The relays that are known to run here."""
    return machine.relays.value if isinstance(machine.relays, Known) else ()


def with_relays(machine: MachineFacts) -> MachineFacts:
    """The facts of a look with what its relays tell: each is known as one, and the programs behind it are clients of
    the port to which it leads, in its place."""
    relays, sockets = relays_of(machine), machine.sockets
    if not relays or not isinstance(sockets, Known):
        return machine
    pids = {relay.pid: relay for relay in relays}
    listeners = tuple(
        replace(one, program=OWN_RELAY, relay=RelayKind.RELAY)
        if one.pid in pids and one.port == pids[one.pid].port
        else one
        for one in sockets.value.listeners
    )
    clients = tuple(_behind(sockets.value, pids))
    return replace(machine, sockets=Known(replace(sockets.value, listeners=listeners, clients=clients)))


def _behind(sockets: Sockets, relays: dict[int, RelaySeen]) -> Iterator[ApiClient]:
    for client in sockets.clients:
        relay = None if client.pid is None else relays.get(client.pid)
        if relay is None or client.port != relay.to_port or not is_local(relay.host):
            yield client
            continue
        through = [one for one in sockets.clients if one.port == relay.port]
        # Before its programs are seen, the relay stands for them.
        yield from (replace(one, port=client.port) for one in through) if through else (client,)


def worth_telling(before: Fact[tuple[RelaySeen, ...]], after: Fact[tuple[RelaySeen, ...]]) -> bool:
    """Whether something is judged anew from what relays tell: who they are and who uses them, and while a limit is
    nearly used up, every number."""
    return _steady(before) != _steady(after)


def _steady(relays: Fact[tuple[RelaySeen, ...]]) -> object:
    if not isinstance(relays, Known):
        return relays
    return [replace(relay, counts=_rounded(relay.counts)) for relay in relays.value]


def _rounded(told: Fact[RelayCounts]) -> Fact[RelayCounts]:
    if not isinstance(told, Known):
        return told
    counts = told.value
    near = counts.lines.near_since is not None or counts.history.near_since is not None
    nothing, begun = LimitUse(0, 0), LimitUse(0, 0, 0.0)
    programs = tuple(
        replace(
            one,
            since=0.0,
            lines=one.lines if near else 0,
            history=one.history if near else 0,
            rate=None
            if one.rate is None
            else nothing
            if one.rate.near_since is None
            else replace(begun, most=one.rate.most),
        )
        for one in counts.programs
    )
    return Known(
        RelayCounts(
            written=0.0,
            programs=programs,
            lines=nothing if counts.lines.near_since is None else replace(counts.lines, near_since=0.0),
            history=nothing if counts.history.near_since is None else replace(counts.history, near_since=0.0),
            history_safe_at=0.0,
        )
    )
