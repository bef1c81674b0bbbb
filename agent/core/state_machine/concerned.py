"""Which connections a decision is about: those that an event has changed, and those whose time has come.

The others stay as they were. Everything that the clock alone decides about a connection has a time, made when it was
judged last (`watched.due_times`); what has none is judged with the next look, which is about all of them.
"""

from collections.abc import Sequence

from agent.core.events import (
    Arrival,
    DataCame,
    HeartbeatAnswered,
    Looked,
    MessagesCame,
    NoticeArrived,
    NoticeDelivered,
    NoticeUndelivered,
    SessionFailed,
    SessionLost,
    SessionReady,
    SettingsAnswered,
    Tick,
)
from agent.core.facts import Purpose
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.watched import Watched

AT_A_TIME = 20
"""Connections that are judged in one decision, unless more have news: some ten milliseconds."""
EARLY = 0.005
"""Seconds by which a timer may be early."""
_LOCAL = (
    DataCame,
    HeartbeatAnswered,
    MessagesCame,
    NoticeArrived,
    NoticeDelivered,
    NoticeUndelivered,
    SessionFailed,
    SessionLost,
    SessionReady,
    SettingsAnswered,
    Tick,
)
"""Events from which nothing follows for connections that they do not change."""


def to_judge(before: AgentState, state: AgentState, arrivals: Sequence[Arrival] | None, now: float) -> list[int] | None:
    """The indexes of the connections to judge; None: all of them.

    `before`: as it was before the events arrived. A Tick that no connection waited for is about all of them; so is
    anything where no events are given.
    """
    if arrivals is None or not all(isinstance(arrival.event, _LOCAL) for arrival in arrivals):
        return None
    if len(state.settled) != len(state.watched) or state.shown is None:
        return None
    due, was = now + EARLY, before.watched
    found = [i for i, w in enumerate(state.watched) if state.settled[i].due <= due or w is not was[i]]
    return None if not found and any(isinstance(arrival.event, Tick) for arrival in arrivals) else found


def by_and_by(
    before: AgentState, state: AgentState, concerned: Sequence[int] | None, arrivals: Sequence[Arrival] | None
) -> tuple[Sequence[int], Sequence[int]]:
    """Of those of `to_judge`: the ones that this decision is about, and the ones that the next decisions are about.

    A look concerns all connections: of many, some are judged at a time, so that news of one does not wait for all.
    """
    judged = list(range(len(state.watched))) if concerned is None else concerned
    events = [arrival.event for arrival in arrivals or ()]
    local = all(isinstance(event, _LOCAL) for event in events)
    known = len(state.settled) == len(state.watched) and state.shown is not None
    if len(judged) <= AT_A_TIME or not events or not known or state.purpose is not Purpose.WATCH:
        return judged, ()
    if not local and not all(isinstance(event, Looked | Tick) for event in events):
        return judged, ()
    news = [index for index in judged if local and state.watched[index] is not before.watched[index]]
    rest = [index for index in judged if index not in news]
    room = max(0, AT_A_TIME - len(news))
    return [*news, *rest[:room]], rest[room:]


def keeps_anew(before: AgentState, state: AgentState, judged: Sequence[int]) -> bool:
    """Whether the memory may have to change, once these connections were judged: a heartbeat changes nothing of it."""
    if state.memory is not before.memory or state.own.ledger is not before.own.ledger or state.kept is None:
        return True
    if state.gathered is not before.gathered:
        return True
    if any(told.at < state.started.wall for told in state.memory.told):
        # What an earlier run told is dropped as time goes by.
        return True
    return any(_kept_of(state.watched[index]) != _kept_of(before.watched[index]) for index in judged)


def _kept_of(watched: Watched) -> tuple[object, ...]:
    """What the memory holds of a connection."""
    return watched.ledger, watched.served, watched.port, watched.well, watched.sight, watched.settings
