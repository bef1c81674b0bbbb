"""Which applications have a window on the screen. Asks the screen only about applications whose window may have to be
brought forward.

The screen is not asked about an application that listens and answers: no window of it waits for the user.
"""

from dataclasses import replace

from agent.core.clock import Moment
from agent.core.facts import Process
from agent.platforms import Platform

WINDOWS_AGAIN = 30.0
"""Seconds an answer is good for: windows come and go, and asking costs a connection to the screen."""

FOLLOWED = 75.0
"""Seconds after a thorough look during which the screen is asked about those with an API port as well: while one does
not answer, a thorough look comes at least once a minute."""


class WindowObserver:
    """Asks the screen, and remembers what it said."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._asked: frozenset[int] = frozenset()
        self._told: frozenset[int] | None = None
        self._at = 0.0
        self._thorough_at = float("-inf")

    def observe(self, applications: tuple[Process, ...], *, thorough: bool, now: Moment) -> tuple[Process, ...]:
        """The applications with what the screen tells: of those without an API port; for a while after a thorough look
        of all."""
        if thorough:
            self._thorough_at = now.monotonic
        followed = now.monotonic - self._thorough_at < FOLLOWED
        wanted = frozenset(p.pid for p in applications if followed or not p.api_ports)
        if not wanted:
            self._asked, self._told = frozenset(), None
            return applications
        if wanted - self._asked or now.monotonic - self._at >= WINDOWS_AGAIN:
            self._asked, self._at = wanted, now.monotonic
            self._told = self._platform.with_window(wanted)
        told = self._told
        if told is None:
            return applications
        return tuple(replace(p, has_window=p.pid in told) if p.pid in wanted else p for p in applications)
