"""What metrics count from one status to the next, since they were switched on. No clock: moments are arguments."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agent.core.clock import Moment
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, Status

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper ends of the histogram of latencies, seconds: an answer takes a millisecond, and a frozen TWS five seconds."""
MOST_KEPT_NAMES = 200
"""Connections of which counts are kept; of more, those go that have been away for longest."""


@dataclass(slots=True)
class ConnectionCounts:
    """The counts of one connection."""

    state: IconState
    since: float
    """Monotonic time up to which `seconds` has the state."""
    started: float
    """Epoch seconds at which the latest process of the application began; at first, when the counting began."""
    seconds: defaultdict[IconState, float] = field(default_factory=lambda: defaultdict(float))
    shown: frozenset[str] = frozenset()
    """Codes of the problems that are shown."""
    problems: Counter[str] = field(default_factory=Counter)
    """By code: how often a problem began to be shown."""
    connected: bool = False
    sessions: int = 0
    lost: int = 0
    starts: int = 0
    latency: float | None = None
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    """Answers by bucket, each counted once; the last is of all that took longer."""
    latencies: float = 0.0
    """Seconds of all answers together."""


class Counts:
    """Takes each status that is shown; lives on the agent's loop."""

    def __init__(self, now: Moment) -> None:
        self._began = now
        self._of: dict[str, ConnectionCounts] = {}
        self.own: Counter[str] = Counter()
        """By code: how often a problem of Gatelight itself began to be shown."""
        self._own_shown: frozenset[str] = frozenset()
        self._there: frozenset[str] = frozenset()
        """Names of the connections of the latest status."""

    def take(self, status: Status, now: Moment) -> None:
        """A status is shown."""
        own = frozenset(p.code for _, p in status.of_program)
        self.own.update(own - self._own_shown)
        self._own_shown = own
        for shown in status.connections:
            kept = self._of.pop(shown.name, None)
            if kept is None or shown.name not in self._there:
                kept = _again(kept, shown, now, self._began)
            # The latest one stands last.
            self._of[shown.name] = kept
            _take(kept, shown, now)
        before, self._there = self._there, frozenset(shown.name for shown in status.connections)
        for name in before - self._there:
            _spend(self._of[name], now)
        gone = [name for name in self._of if name not in self._there]
        for name in gone[: max(0, len(self._of) - MOST_KEPT_NAMES)]:
            del self._of[name]

    def of(self, connection: str, now: Moment) -> ConnectionCounts | None:
        """A copy of the counts of a connection up to now; None where it was never shown."""
        kept = self._of.get(connection)
        if kept is None:
            return None
        copied = replace(kept, seconds=kept.seconds.copy(), problems=kept.problems.copy(), buckets=list(kept.buckets))
        if connection in self._there:
            _spend(copied, now)
        return copied


def cumulative(buckets: Iterable[int]) -> list[int]:
    """Counts of buckets, each with those of all smaller ones, as Prometheus wants them."""
    total = 0
    return [total := total + count for count in buckets]


def _take(kept: ConnectionCounts, shown: ShownConnection, now: Moment) -> None:
    _spend(kept, now)
    kept.state = shown.overall
    codes = frozenset(p.code for p in shown.problems if p.visible and not p.of_program)
    kept.problems.update(codes - kept.shown)
    kept.shown = codes
    connected = shown.phase == "connected"
    kept.sessions += connected and not kept.connected
    kept.lost += kept.connected and not connected and shown.wanted
    kept.connected = connected
    application = shown.application
    if application is not None and application.started > kept.started:
        kept.started = application.started
        kept.starts += 1
    # The same number is the same heartbeat: the status was shown again for another reason.
    if shown.latency is not None and shown.latency != kept.latency:
        kept.buckets[bisect_left(BUCKETS, shown.latency)] += 1
        kept.latencies += shown.latency
    kept.latency = shown.latency


def _again(kept: ConnectionCounts | None, shown: ShownConnection, now: Moment, began: Moment) -> ConnectionCounts:
    """The counts of a connection that is watched from now on: of one that was away, those of earlier."""
    if kept is None:
        return ConnectionCounts(shown.overall, now.monotonic, began.wall)
    return replace(kept, since=now.monotonic, shown=frozenset(), connected=False, latency=None)


def _spend(kept: ConnectionCounts, now: Moment) -> None:
    kept.seconds[kept.state] += max(0.0, now.monotonic - kept.since)
    kept.since = now.monotonic
