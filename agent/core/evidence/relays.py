"""Relays of Gatelight as evidence: which of them lead to a connection, who is behind them, and what they count."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.core.evidence.processes import port_of
from agent.core.evidence.words import program
from agent.core.facts import ApiClient, Fact, Facts, Known, MachineFacts, RelaySeen, Sockets, Unknown
from agent.core.relay_facts import LimitUse, RelayCounts, RelayProgram, application_at
from agent.core.settings import ConnectionSettings
from agent.core.text import shortened
from agent.tws.hosts import spelled_host
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
        if relay is None or client.port != relay.to_port or application_of(relay)[0]:
            yield client
            continue
        through = [one for one in sockets.clients if one.port == relay.port]
        # Before its programs are seen, the relay stands for them.
        yield from (
            (replace(one, port=client.port, relayed=True) for one in through)
            if through
            else (replace(client, relayed=True),)
        )


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
            peak=0,
            answers=(),
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
            refused=counts.refused,
            refusals=tuple(replace(one, at=0.0, program=replace(one.program, since=0.0)) for one in counts.refusals),
        )
    )


JUST_JOINED = 600.0
"""Seconds for which a program that has connected is one that has just joined."""
_NEWEST_COUNTS = 60.0
"""Seconds after which what the agent was told last of a relay is no longer current."""
_LONGEST_LABEL = 30
"""Characters of a program’s name."""


@dataclass(frozen=True, slots=True)
class CountedTogether:
    """What all relays to one application count: they share its limits."""

    relays: tuple[RelaySeen, ...]
    """Those that tell what they count."""
    counts: RelayCounts
    """Of all of them."""
    silent: tuple[str, ...]
    """Why one more does not tell what it counts, each as a clause."""

    @property
    def instance(self) -> str:
        """Tells the application from others of the same connection."""
        host, port = application_of(self.relays[0])
        return f"{host}:{port}" if host else port


def counted_together(facts: Facts) -> tuple[tuple[CountedTogether, ...], tuple[str, ...]]:
    """By application, what relays to it count whose programs use that of this connection; and why others do not tell
    it, each as a clause."""
    meant = dict.fromkeys(map(application_of, leading_to(facts)))
    found, silent_alone = [], []
    for application in meant:
        relays, counts, silent = [], [], []
        for relay in relays_of(facts.machine):
            if application_of(relay) != application:
                continue
            told = current_counts(facts, relay)
            if isinstance(told, Unknown):
                silent.append(f"relay “{relay.name}” does not tell what it counts: {told.reason}")
            else:
                relays.append(relay)
                counts.append(told.value)
        if counts:
            found.append(CountedTogether(tuple(relays), _joined(counts), tuple(silent)))
        else:
            silent_alone += silent
    return tuple(found), tuple(silent_alone)


def names_past(machine: MachineFacts, target: str) -> list[str] | None:
    """The names of these; None where they cannot be seen. `target` is written as `RelayOrder.target`."""
    host, port = application_at(target)
    if host or not isinstance(machine.sockets, Known):
        return None
    return [program(one) for one in past_relays(machine, (host, port))]


def application_of(relay: RelaySeen) -> tuple[str, str]:
    """Where a relay leads to, as `relay_facts.application_at` tells it."""
    return application_at(f"{relay.host}:{relay.to_port}", here=relay.here)


def _joined(counts: Sequence[RelayCounts]) -> RelayCounts:
    """What several count: their programs side by side. How much of the limits is in use each tells for all."""
    latest = max(counts, key=lambda one: one.written)
    programs = tuple(program for one in counts for program in one.programs)
    refusals = sorted((refusal for one in counts for refusal in one.refusals), key=lambda refusal: refusal.at)
    return replace(latest, programs=programs, refusals=tuple(refusals))


def past_clients(machine: MachineFacts) -> Mapping[str, int] | None:
    """By port of this computer to which a relay leads: how many connections go past it; None: they cannot be seen."""
    if not isinstance(machine.sockets, Known):
        return None
    local = {application for relay in relays_of(machine) if not (application := application_of(relay))[0]}
    return {one[1]: sum(client.connections for client in past_relays(machine, one)) for one in local}


def past_relays(machine: MachineFacts, application: tuple[str, str]) -> tuple[ApiClient, ...]:
    """The programs that use an application of this computer without a relay, so that no relay counts them; Gatelight
    itself is left out, which uses no market data line but for its test."""
    host, port = application
    if host or not isinstance(machine.sockets, Known):
        return ()
    own = {relay.pid for relay in relays_of(machine)}
    return tuple(
        one
        for one in machine.sockets.value.clients
        if str(one.port) == port and not (one.own or one.relayed or one.pid in own)
    )


def leading_to(facts: Facts) -> tuple[RelaySeen, ...]:
    """The relays whose programs use the application of this connection; where two connections are those of one relay,
    it is told with the one to which it leads."""
    connection, port = facts.connection, port_of(facts)
    found = []
    for relay in relays_of(facts.machine):
        if _same_port(connection, port, relay):
            found.append(relay)
        elif connection.local and relay.port == port:
            elsewhere = (o for o in facts.other_connections if isinstance(o.port, int) and _same_port(o, o.port, relay))
            found += [] if any(elsewhere) else [relay]
    return tuple(found)


def _same_port(connection: ConnectionSettings, port: int, relay: RelaySeen) -> bool:
    if relay.to_port != port:
        return False
    if not application_of(relay)[0]:
        return connection.local
    return spelled_host(relay.host) == spelled_host(connection.host)


def current_counts(facts: Facts, relay: RelaySeen) -> Fact[RelayCounts]:
    """What a relay counts now."""
    told = relay.counts
    if isinstance(told, Known) and facts.now.wall - told.value.written > _NEWEST_COUNTS:
        return Unknown("it has reported nothing for a while")
    return told


def relayed_name(program: RelayProgram) -> str:
    """A program behind a relay by name, like "bot.py", or by what its connection tells."""
    name = program.script or program.name
    if name:
        return shortened(name, _LONGEST_LABEL)
    return f"a program with client ID {program.client_id}" if program.client_id is not None else "a program"


def relayed_label(program: RelayProgram) -> str:
    """The same for evidence, with its process and its client ID, like "bot.py (pid 991, client ID 7)"."""
    name = relayed_name(program) if program.script or program.name else f"a program at {program.peer}"
    known = [] if program.pid is None else [f"pid {program.pid}"]
    known += [] if program.client_id is None else [f"client ID {program.client_id}"]
    return f"{name} ({', '.join(known)})" if known else name


def joined_last(facts: Facts, counts: RelayCounts) -> RelayProgram | None:
    """The program that has just joined others; None where none has."""
    here = [one for one in counts.programs if one.connected]
    newest = max(here, key=lambda one: one.since, default=None)
    if newest is None or len(here) < 2 or facts.now.wall - newest.since > JUST_JOINED:
        return None
    return newest
