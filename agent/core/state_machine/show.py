"""From the agent's state to the status that is shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from agent.core.alerts.announce import severity_of, text_of, title_of
from agent.core.alerts.ledger import Entry
from agent.core.clock import Moment
from agent.core.effects import Effect, ShowStatus
from agent.core.evidence.api_settings import settings_of, why_unknown
from agent.core.evidence.notices import link_loss, link_shown_by
from agent.core.evidence.processes import applications, chosen, clients_of, link_settled, may_hide, port_of
from agent.core.facts import Facts, Known, Unknown
from agent.core.fix import Offer
from agent.core.guide import fill
from agent.core.memory import PROGRAM, Memory
from agent.core.problem import Severity
from agent.core.session_facts import Phase, ServerLink
from agent.core.shown.checklist import checklist
from agent.core.shown.display import IconState
from agent.core.shown.grounds import grounded
from agent.core.shown.status import (
    ShownApplication,
    ShownConnection,
    ShownProblem,
    ShownProgram,
    ShownSettings,
    Status,
    worst_first,
)
from agent.core.state_machine.connection import BackingOff, Blocked
from agent.core.state_machine.labels import label_of
from agent.core.state_machine.state import AgentState, OwnProblems, Words, calendar_of
from agent.core.state_machine.target_news import shown_targets
from agent.core.state_machine.watched import Watched
from agent.core.updates import offered
from agent.tws.api_settings import Configuration, Source
from agent.tws.applications import ApplicationKind
from agent.tws.notices import NoticeKind, kind_of


def show_status(
    state: AgentState, judged: Sequence[int], answered: Collection[int], now: Moment
) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state with what is shown now, where that differs; the others besides these stay as they were shown.

    `judged`: the connections that were judged anew, by index; `answered`: those that only told the time.
    """
    words = state.knowledge.words
    before = state.shown.connections if state.shown is not None else ()
    shown = dict(enumerate(before[: len(state.watched)]))
    for index in answered:
        shown[index] = replace(shown[index], latency=state.settled[index].facts.session.latency)
    for index in judged:
        shown[index] = show_connection(state.watched[index], state.settled[index].facts, state.memory, words)
    # Only what no configuration names is called after the others as well.
    alone = all(not watched.settings.implicit for watched in state.watched)
    for index in judged if alone else shown:
        label = label_of(state.watched, state.watched[index])
        shown[index] = shown[index] if shown[index].label == label else replace(shown[index], label=label)
    if shown:
        own = show_program(state.own, state.memory, words, state.settled[0].facts.now.wall)
        shown[0] = with_program(shown[0], own)
    status = Status(
        version=state.version,
        pid=state.pid,
        started=state.started.wall,
        connections=tuple(shown[index] for index in range(len(state.watched))),
        paused_until=state.memory.paused_until,
        targets=shown_targets(state),
        update=offered(state.memory.updates, state.settings.updates, state.origin, state.version, now.wall),
    )
    if status == state.shown:
        return state, ()
    return replace(state, shown=status), (ShowStatus(status),)


def show_connection(watched: Watched, facts: Facts, memory: Memory, words: Words) -> ShownConnection:
    """One connection as it is shown."""
    process = chosen(facts)
    session = facts.session
    now = facts.now
    kind = process.kind if process is not None else _kind_meant(facts)
    state = watched.link.state
    link, link_words = server_link(facts)
    # While the link is down, what the session was told about farms is out of date.
    farms_known = not session.frozen and link is not ServerLink.DOWN
    shown = ShownConnection(
        name=watched.settings.name,
        host=watched.settings.host,
        port=session.port if session.port is not None else port_of(facts),
        overall=overall(watched, facts, memory),
        phase=session.phase.value,
        since=now.wall_of(session.since),
        application=None
        if process is None
        else ShownApplication(
            process.kind.value,
            process.application.version,
            process.pid,
            process.started,
            None if process.ports_withheld else process.api_ports,
        ),
        client_id=session.client_id,
        server_version=session.server_version,
        latency=None if session.frozen else session.latency,
        trading_mode=session.trading_mode.value,
        accounts=session.accounts,
        accounts_more=session.accounts_more,
        server_link=link.value,
        link_words=link_words,
        farms=session.farms if farms_known else (),
        farms_more=session.farms_more if farms_known else 0,
        programs=_programs(facts),
        unseen=_unseen(facts),
        api_settings=_settings(facts),
        checklist=checklist(facts),
        problems=worst_first(
            _problem(e, watched.settings.name, kind, memory, words, now.wall, watched.offers)
            for e in watched.ledger.entries.values()
            if not e.hidden
        ),
        set_aside=tuple(e.problem.code for e in watched.ledger.entries.values() if e.hidden),
        waits_for=_kind_meant(facts).title,
        wanted=watched.wanted,
        stopped=next((s for s in memory.stopped if s.connection == watched.settings.name), None),
        undecided=tuple((problem.code, reason) for problem, reason in watched.diagnosis.undecided),
        retry_at=now.wall_of(state.retry_at) if isinstance(state, BackingOff | Blocked) else None,
        outage_ends=_outage_ends(watched, facts),
        ignored=tuple(p.id.label for p in watched.port.programs if p.ignored),
        here=watched.settings.here,
        calendar=calendar_of(watched, session.trading_mode),
    )
    return grounded(shown, facts)


def _settings(facts: Facts) -> ShownSettings:
    known, at = settings_of(facts), facts.api_settings.at
    if known is None:
        return ShownSettings(Source.UNKNOWN, reason=why_unknown(facts))
    if known.source is Source.INFERRED or at is None:
        refused = [n.at for n in facts.session.notices if kind_of(n.code, n.text) is NoticeKind.READ_ONLY]
        at = refused[-1] if refused else at
    as_of = None if at is None else facts.now.wall_of(at)
    return ShownSettings(known.source, as_of, Configuration(known.settings, known.precautions, known.lock_and_exit))


def _kind_meant(facts: Facts) -> ApplicationKind:
    wanted = facts.connection.application.value
    return ApplicationKind(wanted) if wanted != "any" else ApplicationKind.UNKNOWN


def _programs(facts: Facts) -> tuple[ShownProgram, ...] | None:
    sockets = facts.machine.sockets
    if isinstance(sockets, Unknown) or not facts.connection.local:
        return None
    seen = tuple(ShownProgram(c.pid, c.name or "unknown", c.since, c.peer, c.script) for c in clients_of(facts))
    return None if sockets.value.unseen and not seen else seen


def _unseen(facts: Facts) -> str:
    processes = facts.machine.processes
    if not facts.connection.local:
        return f"it is on {facts.connection.host}, and cannot be seen from here"
    return processes.reason if isinstance(processes, Unknown) else may_hide(facts) or ""


def server_link(facts: Facts) -> tuple[ServerLink, str]:
    """The application's link to IB's servers, and how it is known: a session told it, or its sockets show it."""
    session = facts.session
    if session.frozen:
        # What an application said before it froze is out of date: unknown is never shown as good.
        return ServerLink.UNKNOWN, "not known, since nothing is answered"
    if session.phase is Phase.CONNECTED:
        words = {ServerLink.UP: "connected", ServerLink.DOWN: "connection lost", ServerLink.UNKNOWN: "not told yet"}
        known, shown_by = words[session.server_link], link_shown_by(facts)
        return session.server_link, f"{known}, {shown_by}" if shown_by else known
    if link_loss(facts) is not None:
        return ServerLink.DOWN, "connection lost, as the latest attempt to connect was told"
    process = chosen(facts)
    if process is not None and link_settled(facts, process) and facts.machine.network != Known(False):
        lost, since = session.link_lost_at, process.upstream_since
        if lost is not None and since is not None and since <= lost:
            # The connection that stands is the one over which the application lost IB's servers.
            return ServerLink.UNKNOWN, "not known since the loss that the latest session was told"
        return ServerLink.UP, "connected, as its sockets show"
    return ServerLink.UNKNOWN, "not known"


def show_program(own: OwnProblems, memory: Memory, words: Words, wall: float) -> tuple[ShownProblem, ...]:
    """The problems of Gatelight itself as they are shown."""
    entries = [e for e in own.ledger.entries.values() if not e.hidden]
    kind = ApplicationKind.UNKNOWN
    return tuple(_problem(e, PROGRAM, kind, memory, words, wall, {}) for e in entries)


def with_program(connection: ShownConnection, own: tuple[ShownProblem, ...]) -> ShownConnection:
    """A connection with the problems of Gatelight itself beside its own: the first one shows them."""
    problems = worst_first([*(p for p in connection.problems if not p.of_program), *own])
    return connection if problems == connection.problems else replace(connection, problems=problems)


def _problem(
    entry: Entry,
    connection: str,
    kind: ApplicationKind,
    memory: Memory,
    words: Words,
    wall: float,
    offers: Mapping[str, tuple[Offer, ...]],
) -> ShownProblem:
    problem = entry.problem
    guide = words.guides.get(problem.code)
    return ShownProblem(
        code=problem.code,
        severity=severity_of(entry).value,
        title=title_of(entry),
        text=text_of(entry),
        evidence=tuple(fill(line, entry.present.args) for line in entry.present.evidence),
        steps=guide.steps_for(kind, entry.present.args, entry.present.case) if guide is not None else (),
        since=entry.since.wall,
        visible=entry.visible,
        began=entry.began,
        snoozed_until=snoozed_until(memory, connection, problem.code, wall),
        # A problem that is not shown yet may be over in a moment, and needs no fix.
        fixes=offers.get(problem.code, ()) if entry.visible else (),
        told=not entry.unshown,
        can_be_snoozed=not problem.never_silenced,
        of_program=problem.of_program,
        ahead=problem.ahead,
        until_seen=problem.until_seen,
        programs=entry.present.programs,
    )


def snoozed_until(memory: Memory, connection: str, code: str, wall: float) -> float | None:
    """Epoch seconds until which a problem is snoozed; None when it is not."""
    ends = [s.until for s in memory.snoozed if s.connection in ("", connection) and s.code == code and s.until > wall]
    return max(ends, default=None)


def _outage_ends(watched: Watched, facts: Facts) -> float | None:
    if not any(e.problem.expected and not e.hidden for e in watched.ledger.entries.values()):
        return None
    session, expected = facts.session, facts.expected
    # As scheduled-outage tells it: a session that stands has lost IB's servers, without one the application is away.
    outage = expected.outage if session.phase is Phase.CONNECTED else expected.restart
    return outage.ends if outage is not None else None


def overall(watched: Watched, facts: Facts, memory: Memory) -> IconState:
    """The one word about a connection, worst first."""
    shown = [e for e in watched.ledger.entries.values() if e.shown and not e.problem.expected]
    if any(severity_of(e) is Severity.ERROR for e in shown):
        return IconState.PROBLEM
    if any(severity_of(e) is Severity.WARNING for e in shown):
        return IconState.WARNING
    if any(e.problem.expected and not e.hidden for e in watched.ledger.entries.values()):
        return IconState.MAINTENANCE
    if not watched.wanted:
        return IconState.PAUSED
    return _of_phase(facts, memory)


def _of_phase(facts: Facts, memory: Memory) -> IconState:
    match facts.session.phase:
        case Phase.CONNECTED:
            if facts.session.frozen:
                return IconState.UNKNOWN
            if facts.session.server_link is ServerLink.DOWN:
                # Too short for a notice so far, but not for the icon.
                return IconState.WARNING
            paused = memory.paused_until is not None and memory.paused_until > facts.now.wall
            return IconState.PAUSED if paused else IconState.CONNECTED
        case Phase.CONNECTING | Phase.BACKING_OFF | Phase.BLOCKED:
            return IconState.CONNECTING
        case Phase.IDLE:
            seen = isinstance(facts.machine.processes, Known) and (chosen(facts) is not None or not may_hide(facts))
            if facts.machine.taken and not seen and facts.connection.local:
                return IconState.UNKNOWN
            return IconState.CONNECTING if chosen(facts) is not None or _expected_back(facts) else IconState.WAITING


def _expected_back(facts: Facts) -> bool:
    """Whether the application was there a moment ago: its absence may be a restart."""
    return facts.sight.gone_since is not None and not applications(facts.machine) and _recent(facts)


def _recent(facts: Facts) -> bool:
    gone = facts.sight.gone_since
    return gone is not None and facts.now.monotonic - gone < facts.timing.exit_grace
