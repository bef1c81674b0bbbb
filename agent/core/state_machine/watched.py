"""One watched connection: its machine, its session, its ledger, and how they move together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.core.alerts.announce import retry_at, severity_of
from agent.core.alerts.diagnosis import Diagnosis
from agent.core.alerts.ledger import Ledger
from agent.core.clock import Moment
from agent.core.effects import Effect
from agent.core.evidence.clients import newly_served
from agent.core.evidence.processes import (
    candidates,
    candidates_of,
    helper_at,
    is_command_port,
    last_port,
    listener_at,
    listener_key_at,
    owner_at,
    serving,
    target_port,
)
from agent.core.facts import Facts, Known, MachineFacts, Sight, SurroundingsKind, Unknown
from agent.core.fix import Offer
from agent.core.memory import ChangeKept, Memory, PortKept, SeenRunning, Served, WellKept
from agent.core.problem import Severity
from agent.core.session_facts import NOT_ACCEPTED, Outcome, ServerLink, SessionFacts, Way
from agent.core.settings import ConnectionSettings
from agent.core.state_machine.changes import is_well, take_stock
from agent.core.state_machine.connection import (
    BackingOff,
    Blocked,
    Connected,
    Connecting,
    Idle,
    Link,
    Target,
    consider,
    phase,
    retry_now,
)
from agent.core.state_machine.inquiry import NEVER, Inquiry
from agent.core.state_machine.inquiry import inquiry_due as inquiry_due
from agent.core.state_machine.port_programs import Tally, follow_programs
from agent.core.state_machine.session import FLOOD_OVER_AFTER, Session, flood_at
from agent.core.timing import Timing
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.hosts import is_local, spelled_host


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything kept about one connection."""

    settings: ConnectionSettings
    link: Link
    session: Session | None = None
    """The session being opened or up."""
    ledger: Ledger = field(default_factory=Ledger)
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    sight: Sight = field(default_factory=Sight)
    mode: TradingMode = TradingMode.UNKNOWN
    """Live or paper, as the accounts told last; another process of the application may be logged in otherwise."""
    wish: bool | None = None
    """What the user asked for: connected or not; None: as configured."""
    ways: tuple[Way, ...] = ()
    """The addresses that the host meant at the latest attempt that found any."""
    inquiry: Inquiry = field(default_factory=Inquiry)
    """The API settings: what was told, and when to ask."""
    offers: Mapping[str, tuple[Offer, ...]] = field(default_factory=dict)
    """By problem code: what can be done now about the problems of the ledger."""
    served: Served | None = None
    """Who served the latest session, as the looks since its start show it."""
    port: PortKept = field(default_factory=lambda: PortKept(""))
    """The programs on its API port, and who of them is missed."""
    tally: Tally = field(default_factory=Tally)
    """What is counted of them from look to look."""
    well: tuple[WellKept, ...] = ()
    """How its application was when all was well; the one that it is about now is the first."""
    changes: tuple[ChangeKept, ...] = ()
    """What is not so any more, and was not seen by the user."""
    accounted: tuple[object, ...] = ()
    """Look, session and settings of which these four were made last."""
    cut_off_at: float | None = None
    """Monotonic time at which the link to IB's servers was lost, where the latest session ended before it was back."""

    @property
    def wanted(self) -> bool:
        """Whether the user wants it connected."""
        return self.settings.auto_connect if self.wish is None else self.wish

    @property
    def connected(self) -> bool:
        """Whether a session is up."""
        return isinstance(self.link.state, Connected)

    @property
    def number(self) -> int | None:
        """Number of the attempt under way or of the session that is up."""
        match self.link.state:
            case Connecting(number=number) | Connected(number=number):
                return number
            case _:
                return None


def fresh(settings: ConnectionSettings, now: Moment) -> Watched:
    """A connection that was never looked at."""
    return Watched(settings=settings, link=Link(Idle(now.monotonic)), port=PortKept(settings.name))


def ran(watched: Watched, *, troubled: bool) -> tuple[SeenRunning, ...]:
    """For the next run of the agent: that the application of this connection ran; empty where it never did."""
    settings, sight = watched.settings, watched.sight
    if not sight.ever or sight.kind is None:
        return ()
    return (SeenRunning(settings.name, sight.kind.value, settings.pinned_pid, settings.implicit, not troubled),)


def recalled(watched: Watched, memory: Memory) -> Watched:
    """Restore what an earlier run knew of a connection. Where it showed a problem its application ran before, so that
    its absence is a problem at once."""
    name = watched.settings.name
    port = next((p for p in memory.ports if p.connection == name), watched.port)
    well = tuple(w for w in memory.well if w.connection == name)
    before = next((r for r in memory.running if r.connection == name), None)
    missed = before is not None and not before.well
    kind = before.kind if before is not None and missed else well[-1].kind if well else None
    at = port.port or None if watched.settings.local else None
    sight = Sight(kind=None if kind is None else ApplicationKind(kind), port=at, ever=missed)
    return replace(watched, port=port, well=well, sight=sight)


def locate(watched: Watched, machine: MachineFacts) -> Watched:
    """Note whether the host of a connection is this machine under one of its names or addresses.

    An attempt tells it for certain: a machine reaches its own addresses from these addresses themselves. Until then the
    names and addresses of this machine tell.
    """
    settings, own = watched.settings, machine.own_names
    names = own.value if isinstance(own, Known) else frozenset()
    if watched.ways:
        here = any(is_local(way.to) or way.to in names or way.to == way.ours for way in watched.ways)
    elif isinstance(own, Known):
        here = spelled_host(settings.host) in names
    else:
        here = settings.here
    if here == settings.here:
        return watched
    settings = replace(settings, here=here)
    return replace(watched, settings=settings, link=_known_anew(watched.link, settings, machine))


def _known_anew(link: Link, settings: ConnectionSettings, machine: MachineFacts) -> Link:
    """The connection's state with its listener named by the new settings: the listener itself is the same."""
    state = link.state
    match state:
        case Connecting(port=port) | Connected(port=port):
            key = listener_key_at(settings, machine, port)
        case BackingOff() | Blocked() if link.attempt is not None:
            key = listener_key_at(settings, machine, link.attempt.port)
        case _:
            return link
    served = key if isinstance(state, Connected) else link.served_listener
    return replace(link, state=replace(state, listener_key=key), served_listener=served)


def see(watched: Watched, machine: MachineFacts, others: Sequence[ConnectionSettings], now: Moment) -> Watched:
    """Keep track of whether the application runs, look by look."""
    if isinstance(machine.processes, Unknown) or not watched.settings.local:
        return watched
    found = candidates(watched.settings, machine, tuple(others))
    sight = watched.sight
    if not found:
        gone = sight.gone_since if sight.gone_since is not None or not sight.ever else now.monotonic
        return replace(watched, sight=replace(sight, gone_since=gone))
    pid = found[0].pid
    replaced = now.monotonic if sight.last_pid not in (None, pid) else sight.replaced_at
    read = found[0].hints
    hints = read.value if isinstance(read, Known) else sight.hints
    port = found[0].api_ports[0] if found[0].api_ports else sight.port if sight.kind is found[0].kind else None
    seen = Sight(
        last_pid=pid,
        kind=found[0].kind,
        port=port,
        gone_since=None,
        ever=True,
        replaced_at=replaced,
        hints=hints,
    )
    if seen == sight:
        return watched
    return replace(watched, sight=seen, mode=watched.mode if sight.last_pid in (None, pid) else TradingMode.UNKNOWN)


def keep_account(watched: Watched, facts: Facts) -> tuple[Watched, tuple[Effect, ...]]:
    """Keep who is on the port, and what changed about the application since all was well; after each look."""
    session, told = facts.session, facts.api_settings
    basis = (facts.machine.taken, session.phase, session.since, session.wanted, session.frozen, told.at)
    if basis == watched.accounted:
        return watched, ()
    port, tally = follow_programs(watched.port, watched.tally, facts)
    troubled = any(e.shown and severity_of(e) is Severity.ERROR for e in watched.ledger.entries.values())
    followed = watched.inquiry.followed_until > facts.now.monotonic
    kept, changes, marks = take_stock(watched.well, facts, well=is_well(facts, troubled=troubled), followed=followed)
    watched = replace(watched, port=port, tally=tally, well=kept, changes=changes, accounted=basis)
    return watched, marks


def note_server(watched: Watched, machine: MachineFacts, *, anew: bool = False) -> Watched:
    """Keep who serves the session that stands, to name it once it is gone. `anew`: the session is a new one.

    A session may outlive its listener for a moment, and may be there before the look that shows it.
    """
    state = watched.link.state
    if not watched.settings.local or not isinstance(state, Connected):
        return watched
    seen = serving(machine, state.port)
    told = seen is not None and (seen.application or seen.program is not None)
    return replace(watched, served=seen) if (anew or told) and seen != watched.served else watched


def knock_if_served(watched: Watched, before: MachineFacts, machine: MachineFacts, now: Moment) -> Watched:
    """End the wait at a port that closed our connection, as a relay does with nothing behind it, once two looks show
    that it serves another program: that is a change, and no reason to wait longer."""
    state, attempt = watched.link.state, watched.link.attempt
    if not isinstance(state, Blocked) or state.outcome is not Outcome.CLOSED or attempt is None:
        return watched
    if not watched.settings.local or not newly_served(before, machine, attempt.port, now.wall_of(state.since)):
        return watched
    return replace(watched, link=retry_now(watched.link, now.monotonic))


def target(watched: Watched, machine: MachineFacts, others: Sequence[ConnectionSettings]) -> Target:
    """Where the connection should go, as far as the last look tells."""
    settings = watched.settings
    last = last_port(settings, watched.sight, watched.link.served_listener)
    port = target_port(settings, machine, tuple(others), last)
    if not settings.local:
        return Target(watched.wanted, port, open=True, listener_key=listener_key_at(settings, machine, port))
    if settings.pinned_pid is not None and not candidates(settings, machine, tuple(others)):
        return Target(watched.wanted, port, open=False, listener_key="-", seen=machine.taken)
    helper = helper_at(machine, port)
    listener = None if helper is not None else listener_at(machine, port)
    # IBC's command server is not the API: no attempt is made there.
    worth_it = helper is None or not is_command_port(helper, port)
    found = listener is not None or owner_at(machine, port) is not None or (worth_it and _must_knock(settings, machine))
    return Target(
        watched.wanted,
        port,
        open=found,
        listener_key=listener_key_at(settings, machine, port),
        seen=machine.taken,
        missed=not found and worth_it and machine.taken > 0.0 and not settings.implicit,
    )


def _must_knock(settings: ConnectionSettings, machine: MachineFacts) -> bool:
    """Whether only a connection attempt can tell if the port is open."""
    if machine.taken == 0.0:
        return False
    if not settings.loopback:
        # A program may listen on that address of this machine alone, and the name may mean another machine tomorrow.
        return True
    # WSL's mirrored network: a port of Windows answers although no listener is seen.
    surroundings = machine.surroundings
    mirrored = isinstance(surroundings, Known) and surroundings.value.kind is SurroundingsKind.WSL
    return mirrored or isinstance(machine.sockets, Unknown)


def facts_of_session(watched: Watched, now: Moment, timing: Timing, heard: float = float("inf")) -> SessionFacts:
    """The facts that our own connection contributes.

    `heard` is the monotonic time up to which all that arrived has been taken in: silence is counted up to then, and not
    at all while so much comes that an answer may stand behind it.
    """
    link, session = watched.link, watched.session
    state = link.state
    not_accepted = link.attempt is None or link.attempt.outcome in NOT_ACCEPTED
    if isinstance(state, Connecting) and state.missed_since is not None and not_accepted:
        # An attempt at a port without a listener changes nothing until a program answers.
        state = Idle(state.missed_since)
    used = state if isinstance(state, Connecting | Connected) else None
    port, client_id = (used.port, used.client_id) if used is not None else (None, None)
    if session is None or not isinstance(state, Connected):
        return SessionFacts(
            wanted=watched.wanted,
            phase=phase(state),
            since=state.since,
            port=port,
            client_id=client_id,
            losses=link.losses,
            attempt=link.attempt,
            refused_ids=len(link.refused_ids),
            link_lost_at=watched.cut_off_at,
            ways=watched.ways,
            served_listener=link.served_listener,
        )
    flood, silent_until = flood_at(session, now.monotonic), min(now.monotonic, heard)
    unanswered = 0 if flood is not None else session.heartbeats.unanswered(silent_until, timing)
    return SessionFacts(
        wanted=watched.wanted,
        phase=phase(state),
        since=state.since,
        port=port,
        client_id=client_id,
        losses=link.losses,
        attempt=link.attempt,
        ways=watched.ways,
        served_listener=link.served_listener,
        server_version=state.server_version,
        accounts=session.accounts,
        accounts_more=session.accounts_more,
        latency=session.latency,
        server_link=session.server_link,
        link_since=session.link_since,
        link_code=session.link_code,
        link_lost_at=session.loss.at if session.loss is not None else None,
        farms=session.farms,
        farms_more=len(session.farms_besides),
        flood=flood,
        notices=session.notices,
        data_lost_at=session.data_lost_at,
        resubscribe=session.resubscribe,
        clock_offset=session.clock_offset,
        heartbeat_unanswered=unanswered,
        # One that was just sent is no news: with it, every answer would change what is known.
        unanswered_since=next(iter(session.heartbeats.sent), None) if unanswered else None,
    )


def consider_watched(
    watched: Watched, aim: Target, timing: Timing, now: Moment, number: int
) -> tuple[Watched, tuple[Effect, ...]]:
    """Let the connection's machine take its next step."""
    link, effects = consider(watched.link, aim, watched.settings, timing, now.monotonic, number)
    return watched if link is watched.link else replace(watched, link=link), effects


def due_times(watched: Watched, facts: Facts) -> list[float]:
    """Monotonic times at which something about this connection is decided by the clock alone, but for heartbeats."""
    timing, now = facts.timing, facts.now.monotonic
    due: list[float] = []
    if watched.ledger.next_due is not None:
        due.append(watched.ledger.next_due)
    if isinstance(watched.link.state, BackingOff | Blocked):
        due.append(watched.link.state.retry_at)
    due += [at for e in watched.ledger.entries.values() if (at := retry_at(e)) is not None]
    if "connection-unstable" in watched.ledger.entries:
        due += [e.since.monotonic + timing.unstable_covers for e in watched.ledger.entries.values()]
    if isinstance(watched.link.state, Idle) and watched.link.missed_at is not None:
        due.append(watched.link.missed_at + timing.handshake_every)
    session = watched.session
    if session is not None and watched.connected:
        if session.flood is not None:
            due.append(session.flood.last + FLOOD_OVER_AFTER)
        due += [farm.since + timing.farm_grace for farm in session.farms]
        due += [n.at + timing.notice_lasting for n in session.notices]
        if session.data_lost_at is not None:
            due.append(session.data_lost_at + timing.notice_lasting)
        due += [loss + timing.instability_window for loss in watched.link.losses]
        if session.server_link is ServerLink.DOWN and session.link_since is not None:
            due += [session.link_since + timing.link_grace, session.link_since + timing.reset_elsewhere]
        if session.server_link is ServerLink.UNKNOWN:
            due.append(watched.link.state.since + timing.young_session)
    asking = inquiry_due(watched.inquiry, watched.link, session, timing, now)
    if asking != NEVER:
        due.append(asking)
    for process in candidates_of(facts):
        if process.upstream_since is not None:
            due.append(process.upstream_since + timing.settled_link)
        born = now - (facts.now.wall - process.started)
        due += [born + timing.start_grace, born + timing.restart_allowance]
    return [at for at in due if at > now]
