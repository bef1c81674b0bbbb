"""Takes in one event: changes the agent's state, and decides nothing yet."""

from dataclasses import replace
from typing import assert_never

from agent.core.alerts.speech import delivered
from agent.core.clock import Moment
from agent.core.effects import Effect
from agent.core.events import (
    ConfigRejected,
    DataCame,
    Event,
    HeartbeatAnswered,
    Looked,
    MessagesCame,
    NewsCame,
    NoticeArrived,
    NoticeDelivered,
    NoticeUndelivered,
    PageFollows,
    ProcessExited,
    Reconfigured,
    RelaysCounted,
    SessionFailed,
    SessionLost,
    SessionReady,
    SettingsAnswered,
    SummarySaid,
    TargetAnswered,
    Tick,
    UpdatesNoted,
    UserAsked,
    UserLooked,
    Welcomed,
    Woke,
)
from agent.core.facts import Known, MachineFacts
from agent.core.memory import PROGRAM, Memory
from agent.core.state_machine.connection import retry_now
from agent.core.state_machine.enrolment import update_watched
from agent.core.state_machine.looks import tells_nothing_new
from agent.core.state_machine.plan import paid
from agent.core.state_machine.session import Heartbeats, data_came
from agent.core.state_machine.session_events import take_session_event
from agent.core.state_machine.state import AgentState, for_each, others, timing_of
from agent.core.state_machine.target_news import retargeted, take_for_targets, user_looked
from agent.core.state_machine.user_actions import take_action
from agent.core.state_machine.watched import Watched, knock_if_served, locate, note_server, see
from agent.tws.outside import masked


def take_in(state: AgentState, event: Event, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The state after an event, and what has to be done because of the event itself.

    Private parts of its texts from outside are masked first, so that no decision, view or file ever holds them.
    """
    event = masked(event, state.private)
    match event:
        case Looked(machine):
            answered = state.urgent_since is not None and machine.taken >= state.urgent_since
            since = None if answered else state.urgent_since
            before = state.machine
            lively = state.lively_at if tells_nothing_new(before, machine) else machine.taken
            state = replace(paid(state, machine), machine=machine, look_at=None, urgent_since=since, lively_at=lively)
            return _looked(state, before, now)
        case RelaysCounted(relays):
            return replace(state, machine=replace(state.machine, relays=relays)), ()
        case (
            SessionReady()
            | SessionFailed()
            | SessionLost()
            | NoticeArrived()
            | HeartbeatAnswered()
            | MessagesCame()
            | SettingsAnswered()
        ):
            return take_session_event(state, event, now)
        case DataCame(connection, asked_at):
            return for_each(state, lambda w: _data_came(w, asked_at, now) if w.settings.name == connection else w), ()
        case ProcessExited(pid):
            return _exited(state, pid, now), ()
        case Tick():
            return replace(state, wake_at=None), ()
        case Woke():
            state = replace(state, hold_until=now.monotonic + state.timing.wake_grace, urgent_since=now.monotonic)
            return for_each(state, lambda w: replace(_probe_soon(w, now), link=retry_now(w.link, now.monotonic))), ()
        case UserAsked(action):
            return take_action(state, action, now)
        case Welcomed() | SummarySaid() | UpdatesNoted():
            return replace(state, memory=_noted(state.memory, event)), ()
        case Reconfigured():
            return _reconfigured(state, event, now)
        case ConfigRejected(reason):
            return replace(state, config_error=reason), ()
        case NoticeUndelivered(key) | NoticeDelivered(key):
            return _delivered(state, key, shown=isinstance(event, NoticeDelivered)), ()
        case UserLooked():
            return replace(state, lively_at=now.monotonic, memory=user_looked(state.memory)), ()
        case PageFollows(there):
            return replace(state, page_open=there), ()
        case TargetAnswered() | NewsCame():
            return take_for_targets(state, event, now)
        case _:
            assert_never(event)


def _reconfigured(state: AgentState, event: Reconfigured, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    settings = event.settings
    state, withdrawn = retargeted(state, settings)
    state = replace(
        state,
        settings=settings,
        timing=timing_of(settings, state.timing),
        abilities=state.abilities if event.abilities is None else event.abilities,
        private=replace(state.private, words=settings.secrets),
        config_error=None,
        own=replace(state.own, configured=True),
        urgent_since=now.monotonic,
    )
    state, effects = update_watched(state, now)
    return state, (*withdrawn, *effects)


def _noted(memory: Memory, event: Welcomed | SummarySaid | UpdatesNoted) -> Memory:
    match event:
        case Welcomed():
            return replace(memory, welcomed=True)
        case SummarySaid(at):
            return replace(memory, summary_said=at)
        case UpdatesNoted(notes):
            return replace(memory, updates=notes)


def _looked(state: AgentState, before: MachineFacts, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    state, effects = update_watched(state, now)
    state = for_each(_see_all(state, now), lambda w: knock_if_served(w, before, state.machine, now))
    return state, effects


def _see_all(state: AgentState, now: Moment) -> AgentState:
    located = tuple(locate(w, state.machine) for w in state.watched)
    if any(new is not old for new, old in zip(located, state.watched, strict=True)):
        state = replace(state, watched=located)
    watched = tuple(note_server(see(w, state.machine, others(state, w), now), state.machine) for w in state.watched)
    return state if watched == state.watched else replace(state, watched=watched)


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


def _probe_soon(watched: Watched, now: Moment) -> Watched:
    """Make a heartbeat due now: a socket may have died unnoticed during sleep."""
    if watched.session is None or not watched.connected or watched.session.heartbeats.sent:
        return watched
    return replace(watched, session=replace(watched.session, heartbeats=Heartbeats(last_heard=float("-inf"))))


def _delivered(state: AgentState, key: str, *, shown: bool) -> AgentState:
    """A notice was shown by a service, or by none; the one about many stands for those of each."""
    for one in state.gathered.behind(key):
        state = _one_delivered(state, one, shown=shown)
    return state


def _one_delivered(state: AgentState, key: str, *, shown: bool) -> AgentState:
    def told(watched: Watched) -> Watched:
        ledger = delivered(watched.ledger, watched.settings.name, key, shown=shown)
        return watched if ledger is watched.ledger else replace(watched, ledger=ledger)

    state = for_each(state, told)
    return replace(state, own=replace(state.own, ledger=delivered(state.own.ledger, PROGRAM, key, shown=shown)))
