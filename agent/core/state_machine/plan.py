"""When to look next, when to be woken, and which processes to watch for their end."""

from collections.abc import Sequence
from dataclasses import replace

from agent.core.clock import Moment
from agent.core.effects import Effect, LookAt, WakeAt, WatchExits
from agent.core.evidence.processes import applications
from agent.core.facts import Facts, MachineFacts, Process, Purpose
from agent.core.state_machine.coalescing import coalesced
from agent.core.state_machine.connection import Blocked, Connected, Connecting, Idle, Link
from agent.core.state_machine.inquiry import NEVER
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.watched import Watched
from agent.tws.ports import DEFAULT_API_PORTS

FAST_LOOK = 0.3
"""Seconds between looks just after something went away, so that its return is noticed at once."""
SHORTEST_LOOK = 0.05
"""Seconds between two looks at least, whatever is urgent."""
FEW = 10
"""Connections up to which that is so; with more it is longer, in proportion."""
CALM = 2.0
"""A connection that is up tells by itself what happens to it, and one that does not answer is asked again at times of
its own: looks find only newcomers then, and may be rarer."""
LASTING_CALM = 4.0
"""The same where all is well, nothing was new for `LASTING_AFTER`, the user was not at the menu, and no page is open.
"""
LASTING_AFTER = 60.0
"""Seconds. What a user starts or changes comes in a run: the next thing is awaited at the usual pace."""
SLOWING = 0.02
"""A wait of t seconds is looked at every t × this, until the usual pace is reached."""
SETTLING = 0.5
"""The same where the port is open and does not serve us: what a look could find there is another program behind it."""

SOON = 1.0
"""Seconds before an attempt in which a look is not worth while any more."""

ALONG = 0.4
"""Seconds that a heartbeat may wait for the decision about a look, which takes some milliseconds as a rule."""

SHARE = 0.02
"""Of the time between looks, what they may cost of one processor core, however much there is to see."""
AHEAD = 10.0
"""Seconds of that time that may be spent ahead, so that looks can be quick for a while on a large machine too."""
LONGEST_LOOK = 60.0
"""Seconds between two looks at most, whatever they cost: only they find an application that was started."""

FROZEN_AGAIN = 60.0
"""Seconds between two thorough looks at a session that is not answered: as often as a blocked one is tried again."""


def paid(state: AgentState, machine: MachineFacts) -> AgentState:
    """The state with what a look cost on the account: it is paid off by the time that passes.

    The first look reads everything for the first time, and says nothing about the next ones.
    """
    thorough_at = machine.taken if machine.thorough else state.thorough_at
    first = state.machine.taken == 0.0
    since = max(state.paid_until, machine.taken)
    until = min(since + (0.0 if first else machine.cost / SHARE), machine.taken + LONGEST_LOOK + AHEAD)
    return replace(state, thorough_at=thorough_at, paid_until=until)


def plan(state: AgentState, now: Moment, *, judged: bool = True) -> tuple[AgentState, tuple[Effect, ...]]:
    """The next look, the next wake-up and the processes to watch, where they differ from what was planned.

    `judged`: whether anything was judged anew; where nothing was, the next look stays as it was planned.
    """
    effects: list[Effect] = []
    if judged or state.look_at is None:
        look = _look(state, now)
        planned = state.look_at
        if planned is None or look.at < planned.at - 0.01 or (look.thorough and not planned.thorough):
            effects.append(look)
            state = replace(state, look_at=look)
        pids = frozenset(p.pid for p in _processes(state))
        if pids != state.exits:
            effects.append(WatchExits(pids))
            state = replace(state, exits=pids)
    looks = state.look_at.at if state.look_at is not None else NEVER
    wake = min((min(one.due, one.verdict, _beat(one.beat, looks)) for one in state.settled), default=NEVER)
    wake = min(wake, state.gathered.due, *(delivery.due for delivery in state.deliveries.values()))
    if state.own.due > now.monotonic:
        wake = min(wake, state.own.due)
    if state.hold_until is not None and state.hold_until > now.monotonic:
        wake = min(wake, state.hold_until)
    if wake != NEVER and (state.wake_at is None or abs(wake - state.wake_at) > 0.005):
        effects.append(WakeAt(wake))
        state = replace(state, wake_at=wake)
    return state, tuple(effects)


def _beat(due: float, looks: float) -> float:
    """When to wake up for a heartbeat: it goes out with the decision about a look that is due at the same moment, and
    waits for that a little."""
    return due + ALONG if abs(looks - due) <= ALONG else due


def _look(state: AgentState, now: Moment) -> LookAt:
    facts_of = [settled.facts for settled in state.settled]
    ports = frozenset(settled.aim.port for settled in state.settled) | frozenset(
        DEFAULT_API_PORTS.values() if any(w.settings.port == "auto" for w in state.watched) else ()
    )
    pace = min((_pace(state, w, f, now) for w, f in zip(state.watched, facts_of, strict=True)), default=None)
    pace = state.timing.look_every if pace is None else pace
    affordable = state.paid_until - AHEAD
    at = now.monotonic
    if state.urgent_since is None:
        at = state.machine.taken + pace
        if pace in (state.timing.look_every * CALM, _lasting_pace(state.timing.look_every)):
            at = coalesced(at, pace)
        at = max(at, min(affordable, state.machine.taken + LONGEST_LOOK))
    # After a look every connection is judged: where there are many, and some of them flap, the others need the time.
    shortest = SHORTEST_LOOK * max(1.0, len(state.watched) / FEW)
    at = max(at, now.monotonic, state.machine.taken + shortest if state.machine.taken else 0.0)
    return LookAt(at, ports, thorough=_is_thorough(state, facts_of, at, affordable=at >= affordable))


def _processes(state: AgentState) -> tuple[Process, ...]:
    return applications(state.machine)


def _is_thorough(state: AgentState, facts_of: Sequence[Facts], at: float, *, affordable: bool) -> bool:
    """Whether a look at that time is a thorough one: for the doctor, once after a click, once after each attempt that
    the application did not serve, and now and then while a session is not answered."""
    if state.purpose is Purpose.DOCTOR or state.asked_at > state.thorough_at:
        return True
    if not affordable:
        return False
    if any(f.session.frozen for f in facts_of) and at - state.thorough_at >= FROZEN_AGAIN:
        return True
    links = (w.link for w in state.watched if isinstance(w.link.state, Blocked))
    return any(link.attempt is not None and link.attempt.at > state.thorough_at for link in links)


def _pace(state: AgentState, watched: Watched, facts: Facts, now: Moment) -> float:
    """Seconds between looks for this connection: quick just after a change, slowing to the usual pace."""
    usual = state.timing.look_every
    if watched.connected:
        # One that may be frozen is no calm one: what there is to see of it is wanted with the verdict.
        if facts.session.heartbeat_unanswered > 0 and not facts.session.frozen:
            return usual
        # A doctor, and the set-up in a terminal, wait for what the next look tells.
        waited_for = state.page_open or state.purpose is Purpose.DOCTOR
        lively = waited_for or watched.ledger.entries or state.machine.taken - state.lively_at < LASTING_AFTER
        return usual * CALM if lively else _lasting_pace(usual)
    if not watched.wanted or not watched.settings.local:
        return usual * CALM
    tried = _is_tried(watched.link)
    if tried:
        usual *= CALM
    since = _unchanged_since(watched.link)
    for process in _processes(state):
        since = max(since, now.monotonic - (now.wall - process.started))
    pace = min(usual, max(FAST_LOOK, (now.monotonic - since) * (SETTLING if tried else SLOWING)))
    return max(pace, _verdict(watched.link, pace, state) - state.machine.taken) if tried else pace


def _lasting_pace(usual: float) -> float:
    """Seconds between looks where all has been well for long: that makes them no rarer than any cost does."""
    return max(usual * CALM, min(usual * LASTING_CALM, LONGEST_LOOK))


def _verdict(link: Link, pace: float, state: AgentState) -> float:
    """Monotonic time by which the attempt under way, or due about when the next look would be, has failed.

    A failed attempt is looked at in any case: a look just before it would tell nothing more.
    """
    begins = float("-inf")
    if isinstance(link.state, Connecting):
        begins = link.state.since
    elif isinstance(link.state, Blocked) and link.state.retry_at <= state.machine.taken + pace + SOON:
        begins = link.state.retry_at
    return begins + state.timing.reply_timeout + SHORTEST_LOOK


def _is_tried(link: Link) -> bool:
    """Whether it is known how this port answers: it is open, it was tried, and it did not serve us."""
    return link.attempt is not None and isinstance(link.state, Blocked | Connecting)


def _unchanged_since(link: Link) -> float:
    """Monotonic time since which the connection has been as it is; attempts that all fail alike change nothing."""
    failing = link.attempt.first_failed if link.attempt is not None else None
    if isinstance(link.state, Connecting) and link.state.missed_since is not None:
        return link.state.missed_since
    if isinstance(link.state, Idle | Connected) or failing is None:
        return link.state.since
    return min(failing, link.state.since)
