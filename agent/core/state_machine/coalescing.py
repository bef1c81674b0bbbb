"""Common moments for what an idle agent does regularly: to wake up costs more than most of what is done then.

Looks, heartbeats and the regular duties of the runtime fall on them where their own time leaves that open, as the
kernel coalesces timers that have slack.
"""

COMMON = 10.0
"""Seconds between two common moments, which are multiples of it by the monotonic clock."""
MOST_EARLY = 0.05
"""Seconds by which a timer, or what is measured from one, may be before its common moment."""


def coalesced(at: float, every: float, phase: float = 0.0) -> float:
    """When to do what is due at `at`, and is done every so many seconds: at a common moment, where one is near.

    It is never late, and early by half the time between two of them at most. What is done more often than there are
    common moments keeps its own. `phase`: seconds by which its common moments are later than those of others.
    """
    if every < COMMON:
        return at
    moment = (at + MOST_EARLY - phase) // COMMON * COMMON + phase
    return min(at, max(moment, at - every / 2))
