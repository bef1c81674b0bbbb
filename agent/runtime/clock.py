"""The clocks of this machine, and how it is noticed that the machine slept. No other file asks for the time."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.core.clock import Moment

SAME_TIME = 0.05
"""Seconds by which the clocks may drift apart before the wall clock is read again."""
SLEEP_THRESHOLD = 5.0
"""Seconds; a shorter sleep breaks no connection, and a busy loop may be some seconds late."""
SLEEPS_KEPT = 100
"""Sleeps that are remembered, so that what came before them keeps its own time: the nights of three months."""


_RUNS_ON_ASLEEP = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}
"""The clock that also counts sleep. During sleep `time.monotonic` stops on both (it is mach_absolute_time on macOS)."""


class SystemClock:
    """The clocks of the operating system."""

    def __init__(self) -> None:
        self._apart = time.time() - time.monotonic()
        self._slept = self.slept() or 0.0
        self._sleeps: tuple[tuple[float, float], ...] = ()

    def now(self) -> Moment:
        """Both clocks at one moment.

        The wall time is reckoned from the monotonic time. Read by itself, each clock moves in steps of its own (some
        16 ms on Windows), and the distance between the two would change at every reading.
        """
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


def countdown(seconds: float) -> Callable[[], float]:
    """A function that gives the seconds that are left of these, and raises TimeoutError when none are left."""
    deadline = time.monotonic() + seconds

    def left() -> float:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    return left


@dataclass(frozen=True, slots=True)
class ClockGap:
    """The machine was asleep, or this process was stopped: all that is known is old."""

    slept_for: float
    """Seconds, roughly."""


class SleepWatch:
    """Tells from readings of the clocks whether the machine slept between them. Asks no clock itself."""

    def __init__(self, tick: float, threshold: float = SLEEP_THRESHOLD) -> None:
        self._tick = tick
        self._threshold = threshold
        self._last: tuple[Moment, float | None] | None = None

    def observe(self, now: Moment, slept: float | None = None) -> ClockGap | None:
        """The gap since the last call, which should be `tick` seconds ago; None when there was none.

        A wall clock that was set is no gap. `slept` is `SystemClock.slept()`. Without it a wall clock that is ahead
        counts as sleep: that costs one more look, where missing a sleep would leave a dead connection unnoticed.
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
        elif ahead > self._threshold:
            return ClockGap(ahead)
        if abs(ahead) > self._threshold:
            return None
        # Where the monotonic clock runs on during sleep, and anywhere after the process was stopped.
        if elapsed > self._tick + self._threshold:
            return ClockGap(elapsed - self._tick)
        return None
