"""The clocks of this machine, and noticing that it slept. Nothing else asks a clock what time it is."""

import sys
import time
from dataclasses import dataclass

from agent.core.clock import Moment

SAME_TIME = 0.05
"""Seconds by which the two clocks may drift apart before the wall clock is taken over anew."""
SLEEP_THRESHOLD = 5.0
"""Seconds; a shorter sleep breaks no connection, and a loop that was busy may be late by some seconds."""
SLEEPS_KEPT = 100
"""Sleeps that are remembered, so that what was before them is told with its own time: months of nights."""


_RUNS_ON_ASLEEP = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}
"""The clock that counts sleep as well. `time.monotonic` stands still on both: it is mach_absolute_time on macOS."""


class SystemClock:
    """The clocks of the operating system."""

    def __init__(self) -> None:
        self._apart = time.time() - time.monotonic()
        self._slept = self.slept() or 0.0
        self._sleeps: tuple[tuple[float, float], ...] = ()

    def now(self) -> Moment:
        """Both clocks, as one: they move in steps of their own (some 16 ms on Windows), and a moment told by the one
        would otherwise be another one by the other at every reading."""
        monotonic, wall = time.monotonic(), time.time()
        if abs(wall - monotonic - self._apart) >= SAME_TIME:
            self._apart = wall - monotonic
            # Only then: a sleep moves the clocks apart, and this is asked for with every event.
            slept = self.slept() or 0.0
            if slept - self._slept >= SAME_TIME:
                self._sleeps = (*self._sleeps, (monotonic, slept - self._slept))[-SLEEPS_KEPT:]
                self._slept = slept
        return Moment(monotonic, monotonic + self._apart, self._sleeps)

    def slept(self) -> float | None:
        """Seconds this machine has slept since it was started; None where the system does not tell (Windows)."""
        running_on = getattr(time, _RUNS_ON_ASLEEP.get(sys.platform, ""), None)
        slept = None
        if sys.platform != "win32" and running_on is not None:
            slept = time.clock_gettime(running_on) - time.monotonic()
        return slept


@dataclass(frozen=True, slots=True)
class ClockGap:
    """The machine was asleep, or this process stood still: whatever was known is old."""

    slept_for: float
    """Seconds, about."""


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The wall clock was set, by the user or a program."""

    by: float
    """Seconds it was moved ahead; negative when it was put back."""


class SleepWatch:
    """Tells from successive readings of the clocks whether the machine slept in between. Asks no clock itself."""

    def __init__(self, tick: float, threshold: float = SLEEP_THRESHOLD) -> None:
        self._tick = tick
        self._threshold = threshold
        self._last: tuple[Moment, float | None] | None = None

    def observe(self, now: Moment, slept: float | None = None) -> ClockGap | ClockSet | None:
        """What happened since the last call, which should be `tick` seconds ago; None when nothing did.

        `slept` is `SystemClock.slept()`. Without it a wall clock that ran ahead counts as sleep: taking a set clock
        for sleep costs one more look, the reverse costs a connection that died unnoticed.
        """
        last, self._last = self._last, (now, slept)
        if last is None:
            return None
        before, slept_before = last
        elapsed = now.monotonic - before.monotonic
        ahead = (now.wall - before.wall) - elapsed
        if slept is not None and slept_before is not None:
            asleep = slept - slept_before
            if asleep > self._threshold:
                return ClockGap(asleep)
            ahead -= asleep
            if abs(ahead) > self._threshold:
                return ClockSet(ahead)
        elif ahead > self._threshold:
            return ClockGap(ahead)
        elif ahead < -self._threshold:
            return ClockSet(ahead)
        # Where the monotonic clock runs on during sleep; and anywhere after the process was stopped.
        if elapsed > self._tick + self._threshold:
            return ClockGap(elapsed - self._tick)
        return None
