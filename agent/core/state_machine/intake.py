"""Taking in one event: what it changes in the agent's state, before anything is decided from it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias, assert_never

from agent.core.alerts.speech import nothing_to_do, notice_key, recall_shown, steps_told
from agent.core.clock import Moment
from agent.core.effects import Announce, CloseSession, Effect, Record, SendHeartbeat, Withdraw
from agent.core.events import (
    ConfigRejected,
    DataCame,
    Event,
    HeartbeatAnswered,
    Looked,
    MessagesCame,
    NoticeArrived,
    NoticeDelivered,
    NoticeUndelivered,
    ProcessExited,
    Reconfigured,
    SessionFailed,
    SessionLost,
    SessionReady,
    SettingsAnswered,
    Tick,
    UserAsked,
    Woke,
)
from agent.core.evidence.clients import subscribers
from agent.core.facts import Known
from agent.core.memory import PROGRAM, Returning, Snoozed
from agent.core.problem import Severity
from agent.core.session_facts import Attempt
from agent.core.settings import ConnectionSettings
from agent.core.shown.display import Connect, Disconnect, LookNow, Pause, Resume, ShowSteps, Snooze
from agent.core.state_machine.connection import (
    Connected,
    Connecting,
    attempt_failed,
    is_unseen,
    retry_now,
    session_lost,
    session_ready,
)
from agent.core.state_machine.inquiry import inquiry_followed, inquiry_wanted, settings_news, take_answer
from agent.core.state_machine.labels import about
from agent.core.state_machine.plan import paid
from agent.core.state_machine.roster import roster, watched_before
from agent.core.state_machine.session import (
    LINK_BACK_CODES,
    Heartbeats,
    data_came,
    fresh_session,
    heartbeat_answered,
    heartbeat_sent,
    messages_came,
    notice_came,
    of_accounts,
    session_heard,
    told_so_far,
    without_refuted,
)
from agent.core.state_machine.state import AgentState, facts_about, others, replace_at, timing_of
from agent.core.state_machine.watched import Watched, fresh, locate, note_server, recalled, see
from agent.core.timing import Timing
from agent.tws.notices import NoticeKind, kind_of
from agent.tws.outside import masked

SessionEvent: TypeAlias = (
    SessionReady | SessionFailed | SessionLost | NoticeArrived | HeartbeatAnswered | MessagesCame | SettingsAnswered
)
"""What is about one session, and only counts while that is the one that stands or is being opened."""
_LOOKED_AT = (1101, 1300)
"""Notices after which the port is looked at: programs must connect again, or the port is another one."""


def take_in(state: AgentState, event: Event, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state after an event, and what has to be done because of the event itself.

    What is private in its texts from outside is masked first: nothing that is decided, shown or kept ever holds it.
    """
    event = masked(event, state.private)
    match event:
        case Looked(machine):
            answered = state.urgent_since is not None and machine.taken >= state.urgent_since
            since = None if answered else state.urgent_since
            return _looked(replace(paid(state, machine), machine=machine, look_at=None, urgent_since=since), now)
        case (
            SessionReady()
            | SessionFailed()
            | SessionLost()
            | NoticeArrived()
            | HeartbeatAnswered()
            | MessagesCame()
            | SettingsAnswered()
        ):
            return _of_session(state, event, now)
        case DataCame(connection, asked_at):
            return _all(state, lambda w: _data_came(w, asked_at, now) if w.settings.name == connection else w)
        case ProcessExited(pid):
            return _exited(state, pid, now), ()
        case Tick():
            return replace(state, wake_at=None), ()
        case Woke():
            state = replace(state, hold_until=now.monotonic + state.timing.wake_grace, urgent_since=now.monotonic)
            return _all(state, lambda w: replace(_probe_soon(w, now), link=retry_now(w.link, now.monotonic)))
        case UserAsked(action):
            return _asked(state, action, now)
        case Reconfigured(settings, abilities):
            return _update_watched(
                replace(
                    state,
                    settings=settings,
                    timing=timing_of(settings, state.timing),
                    abilities=state.abilities if abilities is None else abilities,
                    private=replace(state.private, words=settings.secrets),
                    config_error=None,
                    own=replace(state.own, configured=True),
                    urgent_since=now.monotonic,
                ),
                now,
            )
        case ConfigRejected(reason):
            return replace(state, config_error=reason), ()
        case NoticeUndelivered(key):
            return _undelivered(state, key), ()
        case NoticeDelivered(key):
            return _all(state, lambda w: replace(w, undelivered=w.undelivered - _keys_of(w, key)))
        case _:
            assert_never(event)


def _all(state: AgentState, change: Callable[[Watched], Watched]) -> tuple[AgentState, tuple[Effect, ...]]:
    return replace(state, watched=tuple(change(w) for w in state.watched)), ()


def _looked(state: AgentState, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    state, effects = _update_watched(state, now)
    return _see_all(state, now), effects


def _update_watched(state: AgentState, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """Start watching new connections; close those that are gone and withdraw their notices."""
    after = enroll(state, now)
    kept = {w.settings.name: w for w in after.watched}
    effects: list[Effect] = []
    for old in state.watched:
        new = kept.get(old.settings.name)
        if old.number is not None and (new is None or new.number != old.number):
            effects.append(CloseSession(old.number))
        if new is None:
            told = (e.key for e in old.ledger.entries.values() if e.announced)
            effects.extend(Withdraw(notice_key(old.settings.name, key)) for key in told)
    return after, tuple(effects)


def _see_all(state: AgentState, now: Moment) -> AgentState:
    located = tuple(locate(w, state.machine) for w in state.watched)
    if any(new is not old for new, old in zip(located, state.watched, strict=True)):
        state = replace(state, watched=located)
    watched = tuple(note_server(see(w, state.machine, others(state, w), now), state.machine) for w in state.watched)
    return state if watched == state.watched else replace(state, watched=watched)


def enroll(state: AgentState, now: Moment) -> AgentState:
    """Watch what the configuration, or else the machine, says is there."""
    before = tuple(w.settings for w in state.watched) or watched_before(state.memory)
    wanted = roster(state.settings, before, state.machine)
    if wanted == before and state.watched:
        return state
    known = {w.settings.name: w for w in state.watched}
    watched: list[Watched] = []
    for settings in wanted:
        old = known.pop(settings.name, None)
        if old is None:
            old = fresh(settings, now)
            wish = False if settings.name in state.memory.disconnected else None
            ledger = recall_shown(settings.name, state.memory, state.knowledge.problems, now)
            served = next((s.served for s in state.memory.served if s.connection == settings.name), None)
            old = replace(recalled(old, state.memory), wish=wish, ledger=ledger, served=served)
        if (settings.host, settings.client_id) != (old.settings.host, old.settings.client_id) or _leads_away(
            old, settings
        ):
            # The session that stands is another one than the one that is wanted.
            old = replace(old, link=fresh(settings, now).link, session=None)
        if settings.host != old.settings.host:
            old = replace(old, ways=())
        watched.append(locate(replace(old, settings=settings), state.machine))
    return replace(state, watched=tuple(watched), urgent_since=now.monotonic)


def _leads_away(watched: Watched, settings: ConnectionSettings) -> bool:
    """Whether new settings name another port than the one this connection is on its way to or stands on."""
    match watched.link.state:
        case Connecting(port=port) | Connected(port=port):
            return settings.port not in ("auto", port)
        case _:
            return False


def _data_came(watched: Watched, asked_at: float, now: Moment) -> Watched:
    if watched.session is None or not watched.connected:
        return watched
    return replace(watched, session=data_came(watched.session, asked_at, now.monotonic))


def _exited(state: AgentState, pid: int, now: Moment) -> AgentState:
    """Remove a process that ended at once; the next look fills in the rest."""
    processes = state.machine.processes
    if isinstance(processes, Known):
        left = tuple(p for p in processes.value.applications if p.pid != pid)
        processes = Known(replace(processes.value, applications=left))
    sockets = state.machine.sockets
    if isinstance(sockets, Known):
        listeners = tuple(x for x in sockets.value.listeners if x.pid != pid)
        sockets = Known(replace(sockets.value, listeners=listeners))
    machine = replace(state.machine, processes=processes, sockets=sockets)
    return _see_all(replace(state, machine=machine, exits=state.exits - {pid}, urgent_since=now.monotonic), now)


def _of_session(state: AgentState, event: SessionEvent, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    index = next((i for i, w in enumerate(state.watched) if w.number == event.number), None)
    if index is None:
        # An attempt that was given up has nothing more to say.
        return state, ()
    watched = state.watched[index]
    if not _can_be(event, watched):
        return state, ()
    effects: tuple[Effect, ...] = ()
    link, timing, name = watched.link, state.timing, watched.settings.name
    match event:
        case SessionReady(number, version, accounts, elapsed, besides):
            link = session_ready(link, number, version, elapsed, now.monotonic)
            kept, more = of_accounts(accounts)
            session = replace(
                watched.session or fresh_session(now.monotonic), accounts=kept, accounts_more=more + besides
            )
            # The first heartbeat tells the latency and the application's clock.
            session = heartbeat_sent(session_heard(session, now.monotonic), now.monotonic)
            effects = (SendHeartbeat(number), Record(Severity.INFO, f"{name}: connected (server version {version})"))
            watched = replace(watched, link=link, session=session, ways=event.ways or watched.ways)
            watched = note_server(locate(watched, state.machine), state.machine, anew=True)
        case SessionFailed():
            watched, effects = _failed(watched, event, timing, now)
            state = replace(state, urgent_since=now.monotonic)
        case SessionLost(number, reason):
            watched = replace(watched, link=session_lost(link, number, timing, now.monotonic), session=None)
            state = replace(state, urgent_since=now.monotonic)
            effects = (Record(Severity.INFO, f"{name}: connection lost: {reason}"),)
        case NoticeArrived(_, code, text, request_id):
            session = watched.session or fresh_session(now.monotonic)
            programs = subscribers(facts_about(state, watched, now)) if code in LINK_BACK_CODES else None
            session = notice_came(session, code, text, request_id, now.monotonic, programs)
            watched = replace(watched, session=session)
            if kind_of(code, text) is NoticeKind.READ_ONLY:
                watched = replace(watched, inquiry=inquiry_wanted(watched.inquiry, now.monotonic))
            if code in _LOOKED_AT:
                # Thorough after 1101: who is on the port now must not be taken for one that connects again later.
                asked_at = now.monotonic if code == 1101 else state.asked_at
                state = replace(state, urgent_since=now.monotonic, asked_at=asked_at)
        case HeartbeatAnswered(_, server_time, late):
            if watched.session is not None:
                session = heartbeat_answered(watched.session, server_time, now, late)
                watched = replace(watched, session=session)
        case MessagesCame(_, rate, held):
            if watched.session is not None:
                session = messages_came(watched.session, rate, held, now.monotonic)
                watched = replace(watched, session=session)
        case SettingsAnswered(_, configuration, version):
            before, key = watched.inquiry.told, link.state.listener_key if isinstance(link.state, Connected) else ""
            inquiry = take_answer(watched.inquiry, key, configuration, version, now.monotonic)
            watched = replace(watched, inquiry=inquiry, session=without_refuted(watched.session, configuration))
            effects = settings_news(name, before.configuration, configuration)
        case _:
            assert_never(event)
    return replace_at(state, index, locate(watched, state.machine)), effects


def _failed(watched: Watched, event: SessionFailed, timing: Timing, now: Moment) -> tuple[Watched, tuple[Effect, ...]]:
    """An attempt to connect came to nothing; the log has a line for the first of a kind."""
    link, name = watched.link, watched.settings.name
    assert isinstance(link.state, Connecting)
    attempt = Attempt(
        outcome=event.outcome,
        at=now.monotonic,
        port=link.state.port,
        elapsed=event.elapsed,
        server_version=event.server_version,
        accounts_came=event.accounts_came,
        detail=event.detail,
        client_id=link.state.client_id,
        unseen=is_unseen(link.state.listener_key),
        notices=told_so_far(watched.session),
    )
    first = link.attempt is None or link.attempt.outcome is not event.outcome
    line = Record(Severity.INFO, f"{name}: no connection: {event.detail or event.outcome.value}")
    link = attempt_failed(link, event.number, attempt, watched.settings, timing, now.monotonic)
    return replace(watched, link=link, session=None, ways=event.ways or watched.ways), (line,) if first else ()


def _can_be(event: SessionEvent, watched: Watched) -> bool:
    """Whether an event fits the state: an attempt has one verdict, and only a session can be lost."""
    match event:
        case SessionReady() | SessionFailed():
            return isinstance(watched.link.state, Connecting)
        case SessionLost() | SettingsAnswered():
            return watched.connected
        case NoticeArrived() | HeartbeatAnswered() | MessagesCame():
            return True
        case _:
            assert_never(event)


def _probe_soon(watched: Watched, now: Moment) -> Watched:
    """Make a heartbeat due now: a socket may have died unnoticed during sleep."""
    if watched.session is None or not watched.connected or watched.session.heartbeats.sent:
        return watched
    return replace(watched, session=replace(watched.session, heartbeats=Heartbeats(last_heard=float("-inf"))))


def _asked(state: AgentState, action: object, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    memory = state.memory
    match action:
        case Connect(name):
            kept = tuple(n for n in memory.disconnected if name not in ("", n))
            returning = tuple(r for r in memory.returning if r.connection in kept)
            memory = replace(memory, disconnected=kept, returning=returning)
            state = replace(state, memory=memory, urgent_since=now.monotonic, asked_at=now.monotonic)
            return _all(state, lambda w: _asked_anew(_wish(w, True, now), now) if name in ("", w.settings.name) else w)
        case Disconnect(name, seconds):
            names = tuple(w.settings.name for w in state.watched if name in ("", w.settings.name))
            left = tuple(r for r in memory.returning if r.connection not in names)
            back = () if seconds is None else tuple(Returning(n, now.wall + seconds) for n in names)
            stopped = tuple(dict.fromkeys((*memory.disconnected, *names)))
            state = replace(state, memory=replace(memory, disconnected=stopped, returning=(*left, *back)))
            return _all(state, lambda w: _wish(w, False, now) if w.settings.name in names else w)
        case Pause(seconds):
            until = float("inf") if seconds is None else now.wall + seconds
            return replace(state, memory=replace(memory, paused_until=until)), ()
        case Resume():
            return replace(state, memory=replace(memory, paused_until=None)), ()
        case Snooze(code, connection, seconds):
            others_snoozed = tuple(s for s in memory.snoozed if (s.connection, s.code) != (connection, code))
            snoozed = (*others_snoozed, Snoozed(connection, code, now.wall + seconds))
            keys = [
                notice_key(name, e.key)
                for name, ledger in (*((w.settings.name, w.ledger) for w in state.watched), (PROGRAM, state.own.ledger))
                for e in ledger.entries.values()
                if connection in ("", name) and e.problem.code == code and not e.problem.never_silenced
            ]
            return replace(state, memory=replace(memory, snoozed=snoozed)), tuple(Withdraw(k) for k in keys)
        case LookNow():
            state = replace(state, urgent_since=now.monotonic, asked_at=now.monotonic)
            return _all(state, lambda w: _asked_anew(w, now))
        case ShowSteps(connection, code, as_notice):
            effects = (_steps(state, connection, code),) if as_notice else ()
            if any(p.code == code and p.told_by_settings for p in state.knowledge.problems):
                state, _ = _all(state, lambda w: _followed(w, state, now) if w.settings.name == connection else w)
            return state, effects
        case _:
            # Opening a log, fixing, quitting: done outside, nothing to decide here.
            return state, ()


def _steps(state: AgentState, name: str, code: str) -> Announce:
    """The notice with the steps of a problem, or that it is not shown any more."""
    shown = () if state.shown is None else state.shown.connections
    # What is about Gatelight itself is shown with the first connection.
    problem = next((p for c in shown if name in (c.name, PROGRAM) for p in c.problems if p.code == code), None)
    ledgers = [*(w.ledger for w in state.watched if w.settings.name == name), state.own.ledger]
    entry = next((e for each in ledgers for e in each.entries.values() if e.shown and e.problem.code == code), None)
    if problem is None or entry is None:
        return nothing_to_do(name, code, about(state.watched, name))
    return steps_told(name, entry, problem.steps, problem.fixes, about(state.watched, name))


def _asked_anew(watched: Watched, now: Moment) -> Watched:
    return replace(watched, inquiry=inquiry_wanted(watched.inquiry, now.monotonic))


def _followed(watched: Watched, state: AgentState, now: Moment) -> Watched:
    inquiry = inquiry_wanted(watched.inquiry, now.monotonic)
    return replace(watched, inquiry=inquiry_followed(inquiry, now.monotonic, state.timing))


def _wish(watched: Watched, connected: bool, now: Moment) -> Watched:
    watched = replace(watched, wish=connected)
    return replace(watched, link=retry_now(watched.link, now.monotonic)) if connected else watched


def _undelivered(state: AgentState, key: str) -> AgentState:
    watched = tuple(replace(w, undelivered=w.undelivered | _keys_of(w, key)) for w in state.watched)
    own = {k for k in state.own.ledger.entries if notice_key(PROGRAM, k) == key}
    return replace(state, watched=watched, own=replace(state.own, undelivered=state.own.undelivered | own))


def _keys_of(watched: Watched, key: str) -> frozenset[str]:
    """The problem of a connection that is announced under this key, if it is there."""
    return frozenset(k for k in watched.ledger.entries if notice_key(watched.settings.name, k) == key)
