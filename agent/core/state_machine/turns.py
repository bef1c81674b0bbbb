"""When attempts to connect may begin: a few at once, and of many one after the other.

A hundred handshakes at one moment would load this machine, and the computer on which the applications run together.
The turns depend on the clock alone: a server that never answers keeps no other connection waiting.
"""

from dataclasses import replace

from agent.core.state_machine.connection import BackingOff, Blocked, Idle, Link, Target
from agent.core.timing import Timing

AT_ONCE = 10
"""Attempts that may begin at one moment."""
LAPSES = 1.0
"""Seconds after which a turn that was not used is lost."""


def turn_of(link: Link, given_until: float, timing: Timing, now: float, index: int) -> tuple[float, float]:
    """The monotonic time at which an attempt may begin, and up to which turns are given away then.

    `given_until`: the same before this one; `index` is the connection's. Turns are not quite even, so that two agents
    on one machine are out of step.
    """
    if link.turn_at is not None and link.turn_at > now - LAPSES:
        return link.turn_at, given_until
    uneven = 0.85 + 0.3 * (index * 0.6180339887 % 1.0)
    return max(now, given_until - AT_ONCE * timing.turn_every), max(given_until, now) + timing.turn_every * uneven


def waits_for(link: Link, target: Target, timing: Timing, at: float) -> Link:
    """The link of a connection that could begin an attempt, and waits for its turn instead."""
    state = link.state
    match state:
        case BackingOff() | Blocked():
            return replace(link, state=replace(state, retry_at=at), turn_at=at)
        case Idle() if not target.open:
            return replace(link, missed_at=at - timing.handshake_every, turn_at=at)
        case _:
            return replace(link, state=BackingOff(state.since, at, target.listener_key), turn_at=at)
