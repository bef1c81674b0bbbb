"""Counts what goes through one relay, connection by connection, and reports it."""

import os
import time
from collections.abc import Callable
from typing import Any

from agent.relay.counter import ConnectionCounter
from agent.relay.ledger import HistoryWindows, ProgramUsage
from agent.relay.link import RelayedConnection
from agent.relay.report import relay_as_json

_REPORT_EVERY = 2.0
"""Seconds between two reports while programs are connected."""


class Meter:
    """The counters of one relay. Everything happens in the thread of the relay."""

    def __init__(
        self,
        name: str,
        target: str,
        lines: int,
        give: Callable[[dict[str, Any]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lines`: market data lines of the user. `give` gets each report. `clock` gives monotonic seconds."""
        self._clock = clock
        self._name = name
        self._target = target
        self._lines = lines
        self._give = give
        self._windows = HistoryWindows()
        self._programs: dict[RelayedConnection, tuple[str, ProgramUsage]] = {}
        self._reported: float | None = None
        self._port = 0
        self._started = time.time()

    def open(self, port: int) -> None:
        """The relay listens there now."""
        self._port = port
        self.report()

    def begin(self, link: RelayedConnection, peer: str) -> None:
        """Count a connection from now on; `peer` is the address and port of its program."""
        usage = ProgramUsage(self._clock())
        self._programs[link] = peer, usage
        link.watch(ConnectionCounter(usage, self._windows, self._clock, link.unwatch, self._lines_refused))

    def end(self, link: RelayedConnection) -> None:
        """A connection has ended."""
        if self._programs.pop(link, None) is not None and not self._programs:
            self.report()

    def tick(self, now: float) -> None:
        """Report where it is time for that."""
        if self._programs and (self._reported is None or now - self._reported >= _REPORT_EVERY):
            self.report()

    def report(self) -> None:
        """Report now."""
        self._reported = self._clock()
        about = {
            "name": self._name,
            "port": self._port,
            "to": self._target,
            "pid": os.getpid(),
            "started": self._started,
            "written": time.time(),
        }
        held = self._programs.values()
        self._give(relay_as_json(about, held, self._windows, self._lines, self._reported))

    def _lines_refused(self) -> None:
        """TWS has refused a line: as many as are open now are what programs can have."""
        used = sum(usage.uses_lines() for _, usage in self._programs.values())
        if used:
            self._lines = used
