"""TWS and IB Gateway on disk. The folders are read seldom: what is installed matters only while neither runs."""

from agent.core.clock import Moment
from agent.core.facts import NOT_LOOKED, Fact, Installation, Known, Unknown
from agent.platforms import Platform

INSTALLED_AGAIN = 60.0
"""Seconds after which the folders are read again while no application runs: the user may be installing one."""


class InstalledObserver:
    """Looks into the folders installers use, and remembers what it found."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._found: Fact[tuple[Installation, ...]] = NOT_LOOKED
        self._running: frozenset[int] | None = frozenset({-1})
        self._read = 0.0

    def observe(self, running: frozenset[int] | None, *, thorough: bool, now: Moment) -> Fact[tuple[Installation, ...]]:
        """What is installed, in a steady order; `running`: the applications that run, None where that is not known.

        Read anew for a thorough look, when an application has come or gone, and now and then while none runs.
        """
        changed = running != self._running
        if thorough or changed or (not running and now.monotonic - self._read >= INSTALLED_AGAIN):
            self._running, self._read = running, now.monotonic
            self._found = self._look()
        return self._found

    def _look(self) -> Fact[tuple[Installation, ...]]:
        try:
            found = self._platform.installations()
        except OSError:
            return Unknown("the program folders could not be read")
        return Known(tuple(sorted(found, key=lambda i: (i.kind, i.version or "", i.path))))
