"""Measures how late this program itself is, so that its own delay does not count as an application's silence."""

import asyncio
from collections.abc import Callable

STEP = 0.1
"""Seconds between two readings of the clock while an answer is awaited."""


class Lateness:
    """Adds up the delays of the loop while an answer is awaited."""

    def __init__(self, clock: Callable[[], float], longest: float) -> None:
        """`clock` gives monotonic seconds; a measurement ends after `longest` seconds."""
        self._clock = clock
        self._longest = longest
        self._late = 0.0
        self._due = self._until = float("-inf")
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Begin to measure."""
        self.end()
        now = self._clock()
        self._late, self._until = 0.0, now + self._longest
        self._plan(now)

    def end(self) -> float:
        """End the measurement; returns the seconds by which the loop was late during it."""
        late = self._late
        if self._next is not None:
            late += max(0.0, self._clock() - self._due)
            self._next.cancel()
            self._next = None
        return late

    def _plan(self, now: float) -> None:
        self._due = now + STEP
        self._next = asyncio.get_running_loop().call_later(STEP, self._turn)

    def _turn(self) -> None:
        now = self._clock()
        self._late += max(0.0, now - self._due)
        self._next = None
        if now < self._until:
            self._plan(now)
