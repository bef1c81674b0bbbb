"""Which connections a decision is about: those that an event has changed, and those whose time has come.

The others stay as they were. Everything that the clock alone decides about a connection has a time, made when it was
judged last (`watched.due_times`); what has none is judged with a look that is about all of them. A look that tells
nothing new (`looks`) is about those that are not well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.core.clock import Moment
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
from agent.core.state_machine.beats import EARLY, answered_as_usual
from agent.core.state_machine.looks import decides_nothing, is_undisturbed
from agent.core.state_machine.state import AgentState, Settled
from agent.core.state_machine.watched import Watched

AT_A_TIME = 20
"""Connections that are judged in one decision, unless more have news: some ten milliseconds."""
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


@dataclass(frozen=True, slots=True)
class Concerned:
    """What a decision is about; connections by their index."""

    judged: Sequence[int]
    """Those that are judged anew."""
    whole: bool = False
    """Whether these are all there are, and everything else is decided anew as well."""
    answered: Mapping[int, Settled] = field(default_factory=dict)
    """Those of which no more has come than an answer as usual, with what they count as judged from since then."""
    beating: Sequence[int] = ()
    """Those whose heartbeat goes out, and nothing else."""
    later: Mapping[int, Settled] = field(default_factory=dict)
    """Those that the next decisions are about, which are due at once."""


def concerned_by(before: AgentState, state: AgentState, arrivals: Sequence[Arrival] | None, now: Moment) -> Concerned:
    """What to decide about. `before`: as it was before the events arrived.

    A Tick that no connection waited for is about all of them; so is anything where no events are given.
    """
    everything = Concerned(range(len(state.watched)), whole=True)
    if arrivals is None or len(state.settled) != len(state.watched) or state.shown is None:
        return everything
    looked = not all(isinstance(arrival.event, _LOCAL) for arrival in arrivals)
    if looked and not all(isinstance(arrival.event, Looked | Tick) for arrival in arrivals):
        return everything
    if looked and (before.urgent_since is not None or not decides_nothing(before.machine, state.machine)):
        return _by_and_by(everything, (), state, now)
    due, was = now.monotonic + EARLY, before.watched
    answered = {
        index: settled
        for index, watched in enumerate(state.watched)
        if watched is not was[index] and (settled := answered_as_usual(was[index], state, index, now)) is not None
    }
    latest = [answered.get(index, one) for index, one in enumerate(state.settled)]
    judged = [
        index
        for index, watched in enumerate(state.watched)
        if min(latest[index].due, latest[index].verdict) <= due
        or (watched is not was[index] and index not in answered)
        or (looked and not is_undisturbed(watched, latest[index]))
    ]
    beating = [index for index, one in enumerate(latest) if one.beat <= due and index not in judged]
    if not (judged or answered or beating) and any(isinstance(arrival.event, Tick) for arrival in arrivals):
        return _by_and_by(everything, (), state, now)
    news = [index for index in judged if state.watched[index] is not was[index]]
    unjudged = {index: one for index, one in answered.items() if index not in judged}
    return _by_and_by(Concerned(judged, answered=unjudged, beating=beating), news, state, now)


def _by_and_by(concerned: Concerned, news: Sequence[int], state: AgentState, now: Moment) -> Concerned:
    """The same with some of those to judge put off: a look concerns all connections, and of many the `news` of one does
    not wait for all the others."""
    if len(concerned.judged) <= AT_A_TIME or state.purpose is not Purpose.WATCH:
        return concerned
    rest = [index for index in concerned.judged if index not in news]
    # However much news there is, those without any have their turn: one of them may have fallen silent.
    room = max(AT_A_TIME // 4, AT_A_TIME - len(news))
    later = {index: replace(state.settled[index], due=now.monotonic) for index in rest[room:]}
    return replace(concerned, judged=[*news, *rest[:room]], later=later)


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
