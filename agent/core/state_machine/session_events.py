"""Takes in events of one session. An event counts only while its session stands or is being opened."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from agent.core.clock import Moment
from agent.core.effects import Effect, Record, SendHeartbeat
from agent.core.events import (
    HeartbeatAnswered,
    MessagesCame,
    NoticeArrived,
    SessionFailed,
    SessionLost,
    SessionReady,
    SettingsAnswered,
)
from agent.core.evidence.clients import subscribers
from agent.core.problem import Severity
from agent.core.session_facts import Attempt, ServerLink
from agent.core.state_machine.connection import (
    Connected,
    Connecting,
    attempt_failed,
    is_unseen,
    session_lost,
    session_ready,
)
from agent.core.state_machine.inquiry import inquiry_wanted, settings_news, take_answer
from agent.core.state_machine.session import (
    LINK_BACK_CODES,
    Session,
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
from agent.core.state_machine.state import AgentState, facts_about, replace_at
from agent.core.state_machine.watched import Watched, locate, note_server
from agent.core.timing import Timing
from agent.tws.notices import NoticeKind, kind_of

SessionEvent: TypeAlias = (
    SessionReady | SessionFailed | SessionLost | NoticeArrived | HeartbeatAnswered | MessagesCame | SettingsAnswered
)
_LOOKED_AT = (1101, 1300)
"""Notices after which the machine is looked at: programs must reconnect (1101), or the API port has moved (1300)."""


def take_session_event(state: AgentState, event: SessionEvent, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state after the event, and what has to be done because of it."""
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
            line = Record(Severity.INFO, f"{name}: connected (server version {version})", connection=name)
            effects = (SendHeartbeat(number), line)
            watched = replace(watched, link=link, session=session, ways=event.ways or watched.ways, cut_off_at=None)
            watched = note_server(locate(watched, state.machine), state.machine, anew=True)
        case SessionFailed():
            watched, effects = _failed(watched, event, timing, now)
            state = replace(state, urgent_since=now.monotonic)
        case SessionLost(number, reason):
            link = session_lost(link, number, timing, now.monotonic)
            watched = replace(watched, link=link, session=None, cut_off_at=_cut_off_at(watched.session))
            state = replace(state, urgent_since=now.monotonic)
            effects = (Record(Severity.INFO, f"{name}: connection lost: {reason}", connection=name),)
        case NoticeArrived(_, code, text, request_id):
            session = watched.session or fresh_session(now.monotonic)
            programs = subscribers(facts_about(state, watched, now)) if code in LINK_BACK_CODES else None
            session = notice_came(session, code, text, request_id, now.monotonic, programs)
            watched = replace(watched, session=session)
            if kind_of(code, text) is NoticeKind.READ_ONLY:
                watched = replace(watched, inquiry=inquiry_wanted(watched.inquiry, now.monotonic))
            if code in _LOOKED_AT:
                # A thorough look after 1101 finds the programs that are connected now, so that none of them counts as
                # one that reconnected.
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
    """An attempt to connect failed; the log gets a line for the first failure of a kind."""
    link, name = watched.link, watched.settings.name
    assert isinstance(link.state, Connecting)
    before = link.attempt
    alike = before is not None and (before.outcome, before.port) == (event.outcome, link.state.port)
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
        notices=told_so_far(watched.session, before.notices if before is not None and alike else ()),
    )
    first = before is None or before.outcome is not event.outcome
    line = Record(Severity.INFO, f"{name}: no connection: {event.detail or event.outcome.value}", connection=name)
    link = attempt_failed(link, event.number, attempt, watched.settings, timing, now.monotonic)
    return replace(watched, link=link, session=None, ways=event.ways or watched.ways), (line,) if first else ()


def _cut_off_at(session: Session | None) -> float | None:
    return session.loss.at if session is not None and session.server_link is ServerLink.DOWN and session.loss else None


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
