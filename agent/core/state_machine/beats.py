"""Heartbeats of sessions that stand: when the next one goes out, when silence counts, and those that decide nothing.

A heartbeat that is answered as usual tells the time that it took, and no problem, advice or fix depends on that. So
neither its sending nor its answer judges the connection anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.core.clock import Moment
from agent.core.effects import Effect, SendHeartbeat
from agent.core.state_machine.coalescing import coalesced
from agent.core.state_machine.inquiry import NEVER
from agent.core.state_machine.session import Heartbeats, heartbeat_sent
from agent.core.state_machine.state import AgentState, Settled, replace_at
from agent.core.state_machine.watched import Watched, facts_of_session
from agent.core.timing import Timing

EARLY = 0.005
"""Seconds by which a timer may be early."""
AT_ONCE, APART, PHASES = 10, 0.5, 20
"""Connections whose heartbeats go out at one moment; seconds between two such moments; how many of these there are."""
SHORTLY = 0.1
"""Seconds until what could not be judged yet is judged again."""


def beats_of(watched: Watched) -> Heartbeats | None:
    """The heartbeats of the session that stands."""
    return watched.session.heartbeats if watched.session is not None and watched.connected else None


def next_beat(watched: Watched, timing: Timing, index: int) -> float:
    """Monotonic time at which the next heartbeat goes out; infinity without a session. `index`: the connection’s."""
    beats = beats_of(watched)
    if beats is None:
        return NEVER
    due = beats.due(timing)
    # The time of one that follows an unanswered one is given by what TWS answers.
    return due if beats.sent else coalesced(due, timing.heartbeat_every, APART * (index // AT_ONCE % PHASES))


def next_verdict(watched: Watched, timing: Timing, now: float, heard: float) -> float:
    """Monotonic time at which silence is judged next; infinity while nothing is awaited.

    `heard`: see `facts_of_session`.
    """
    beats = beats_of(watched)
    verdict = None if beats is None else beats.next_verdict(min(now, heard), timing)
    # One that fell due while something waited to be taken in is judged as soon as that is done.
    return NEVER if verdict is None else max(verdict, now + SHORTLY)


def send_beat(state: AgentState, index: int, now: Moment) -> tuple[AgentState, tuple[Effect, ...]]:
    """The heartbeat of a connection, where one is due."""
    watched = state.watched[index]
    number = watched.number
    if watched.session is None or number is None or next_beat(watched, state.timing, index) > now.monotonic + EARLY:
        return state, ()
    watched = replace(watched, session=heartbeat_sent(watched.session, now.monotonic))
    return replace_at(state, index, watched), (SendHeartbeat(number),)


def send_beats(
    state: AgentState, indexes: Sequence[int], settled: Mapping[int, Settled], now: Moment
) -> tuple[AgentState, dict[int, Settled], tuple[Effect, ...]]:
    """The heartbeats of connections that are not judged; what these count as judged from, given what they did."""
    beating: dict[int, Settled] = {}
    effects: list[Effect] = []
    for index in indexes:
        state, more = send_beat(state, index, now)
        effects.extend(more)
        beating[index] = with_beats(settled[index], state, index, now)
    return state, beating, tuple(effects)


def with_beats(settled: Settled, state: AgentState, index: int, now: Moment) -> Settled:
    """What a connection was judged from, with the times of its heartbeats as they are now."""
    watched, timing = state.watched[index], state.timing
    verdict = next_verdict(watched, timing, now.monotonic, state.heard)
    return replace(settled, beat=next_beat(watched, timing, index), verdict=verdict)


def answered_as_usual(before: Watched, state: AgentState, index: int, now: Moment) -> Settled | None:
    """What a connection was judged from, if since then no more has come than an answer that decides nothing.

    `before`: as it was before the events arrived.
    """
    watched, settled = state.watched[index], state.settled[index]
    known = settled.facts.session
    shown = state.shown.connections[index].latency if state.shown is not None else None
    if shown is None or known.latency is None or replace(watched, session=before.session) != before:
        return None
    told = facts_of_session(watched, now, state.timing, state.heard)
    if told.latency is None or replace(told, latency=known.latency) != known:
        return None
    return with_beats(replace(settled, facts=replace(settled.facts, session=told)), state, index, now)
