"""When to look next, when to be woken, and which processes to watch for their end."""

from collections.abc import Sequence
from dataclasses import replace

from agent.core.clock import Moment
from agent.core.connection import Blocked, Connected, Idle, Link, Target
from agent.core.effects import Effect, LookAt, WakeAt, WatchExits
from agent.core.facts import Facts, Process, Purpose
from agent.core.reading import applications
from agent.core.state import AgentState
from agent.core.watch import Watched, due_times
from agent.tws.ports import DEFAULT_API_PORTS

FAST_LOOK = 0.3
"""Seconds between looks just after something went away, so that its return is noticed at once."""
SHORTEST_LOOK = 0.05
"""Seconds between two looks at least, whatever is urgent."""
CALM = 2.0
"""A connection that is up tells by itself what happens to it: looks find only newcomers then, and may be rarer."""
SLOWING = 0.02
"""A wait of t seconds is looked at every t × this, until the usual pace is reached."""


def plan(
    state: AgentState, facts_of: Sequence[Facts], aims: Sequence[Target], now: Moment
) -> tuple[AgentState, tuple[Effect, ...]]:
    """The next look, the next wake-up and the processes to watch, where they differ from what was planned."""
    effects: list[Effect] = []
    ports = frozenset(a.port for a in aims) | frozenset(
        DEFAULT_API_PORTS.values() if any(w.settings.port == "auto" for w in state.watched) else ()
    )
    stuck = any(isinstance(w.link.state, Blocked) for w in state.watched) or any(f.session.frozen for f in facts_of)
    pace = min((_pace(state, w, now) for w in state.watched), default=state.timing.look_every)
    at = now.monotonic if state.urgent_since is not None else state.machine.taken + pace
    at = max(at, now.monotonic, state.machine.taken + SHORTEST_LOOK if state.machine.taken else 0.0)
    look = LookAt(at, ports, thorough=stuck or state.purpose is Purpose.DOCTOR)
    planned = state.look_at
    if planned is None or look.at < planned.at - 0.01 or (look.thorough and not planned.thorough):
        effects.append(look)
        state = replace(state, look_at=look)
    due = [at for w, f in zip(state.watched, facts_of, strict=True) for at in due_times(w, f, state.heard)]
    if state.hold_until is not None and state.hold_until > now.monotonic:
        due.append(state.hold_until)
    wake = min(due, default=None)
    if wake is not None and (state.wake_at is None or abs(wake - state.wake_at) > 0.005):
        effects.append(WakeAt(wake))
        state = replace(state, wake_at=wake)
    pids = frozenset(p.pid for p in _processes(state))
    if pids != state.exits:
        effects.append(WatchExits(pids))
        state = replace(state, exits=pids)
    return state, tuple(effects)


def _processes(state: AgentState) -> tuple[Process, ...]:
    return applications(state.machine)


def _pace(state: AgentState, watched: Watched, now: Moment) -> float:
    """Seconds between looks for this connection: quick just after a change, slowing to the usual pace."""
    usual = state.timing.look_every
    if watched.connected:
        # One that may be frozen is no calm one: what there is to see of it is wanted with the verdict.
        session = watched.session
        silent = session is not None and session.heartbeats.unanswered(now.monotonic, state.timing)
        return usual if silent else usual * CALM
    if not watched.wanted or not watched.settings.local:
        return usual
    since = _unchanged_since(watched.link)
    for process in _processes(state):
        since = max(since, now.monotonic - (now.wall - process.started))
    return min(usual, max(FAST_LOOK, (now.monotonic - since) * SLOWING))


def _unchanged_since(link: Link) -> float:
    """Monotonic time since which the connection has been as it is; attempts that all fail alike change nothing."""
    failing = link.attempt.first_failed if link.attempt is not None else None
    if isinstance(link.state, Idle | Connected) or failing is None:
        return link.state.since
    return min(failing, link.state.since)
