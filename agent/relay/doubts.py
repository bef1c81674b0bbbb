"""What may be in use or not: requests among which TWS has refused one without naming it (notice 100).

Notice 100 says that a client sent too many messages; it comes as TWS drops one, and names none (its request ID is -1).
So of those that were sent before it without an answer yet, one may have come to nothing: a stream that is not open, a
cancel after which the stream goes on, a historical request that does not count. What TWS answers afterwards tells them
apart: it acknowledges each stream at once (`tickReqParams`, IBKR’s client from server version 114 on), its data comes
under its request ID, and a notice that names a request has read it.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from heapq import nlargest

from agent.tws.limits import HISTORICAL_PERIOD

_MOST_HELD = 2000
_NOTICED_WITHIN = 10.0
"""Seconds before a notice 100 within which the message was sent that it refuses (a judgement): TWS reads in order."""
_LISTENS_FOR = 60.0
"""Seconds after a notice 100 for which data is read: what is quiet for longer stays in doubt, and costs nothing."""
_STILL_COMING = 2.0
"""Seconds after a cancel in which data may come that TWS had sent before it read that (a judgement)."""


class LineKind(StrEnum):
    """What a program has asked for and not cancelled."""

    STREAM = "stream"
    SNAPSHOT = "snapshot"
    BARS = "real-time bars"
    DEPTH = "market depth"
    TICKS = "tick-by-tick"


USES_LINE = (LineKind.STREAM, LineKind.SNAPSHOT, LineKind.BARS)
"""What counts against the market data lines; depth and tick-by-tick data have limits of their own."""

OpenLine = tuple[LineKind, str]
"""What is open, and its instrument."""


@dataclass(slots=True)
class _Cancelled:
    at: float
    line: OpenLine
    doubtful: bool = False


class Doubts:
    """Those of one connection. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._refused = 0
        """Messages that TWS has refused, of which it is not known which they were."""
        self._noticed = 0.0
        self._unanswered: dict[int, tuple[float, LineKind]] = {}
        """By request ID: when what was asked for that has no answer yet."""
        self._open: dict[int, LineKind] = {}
        """Of these: what may not be open."""
        self._cancelled: OrderedDict[int, _Cancelled] = OrderedDict()
        """The latest cancels, those last that came last."""
        self._history: OrderedDict[int, tuple[float, int]] = OrderedDict()
        """By request ID: historical requests without an answer, with time and weight."""
        self._uncounted: dict[int, tuple[float, int]] = {}
        """Of these: those that may not count."""

    def listens(self, now: float) -> bool:
        """Whether it matters what data comes."""
        return self._refused > 0 and now - self._noticed <= _LISTENS_FOR

    # ── what the program asks for ───────────────────────────────────────────────────────────────

    def asked(self, now: float, request_id: int, kind: LineKind) -> None:
        """It has asked for a line."""
        self._cancelled.pop(request_id, None)
        if len(self._unanswered) < _MOST_HELD:
            self._unanswered[request_id] = now, kind

    def asked_history(self, now: float, request_id: int, weight: int) -> None:
        """It has sent a historical request that counts."""
        self._history[request_id] = now, weight
        if len(self._history) > _MOST_HELD:
            self._history.popitem(last=False)

    def cancelled(self, now: float, request_id: int, line: OpenLine) -> None:
        """It has cancelled a line that was open."""
        self._not_open(request_id)
        self._cancelled[request_id] = _Cancelled(now, line)
        if len(self._cancelled) > _MOST_HELD:
            self._cancelled.popitem(last=False)

    # ── what TWS answers ────────────────────────────────────────────────────────────────────────

    def answered(self, request_id: int) -> None:
        """TWS has read a request: a line that is not refused is open, and a historical request counts."""
        self._not_open(request_id)
        self._history.pop(request_id, None)
        self._uncounted.pop(request_id, None)
        self._settle()

    def went_on(self, now: float, request_id: int) -> OpenLine | None:
        """Data has come; returns the line that it shows to be open although it was cancelled."""
        self.answered(request_id)
        found = self._cancelled.get(request_id)
        if found is None or not found.doubtful or now - max(found.at, self._noticed) < _STILL_COMING:
            return None
        del self._cancelled[request_id]
        self._found_one()
        return found.line

    def not_known(self, request_id: int) -> None:
        """TWS knows nothing of a line that was cancelled: it had refused that."""
        found = self._cancelled.pop(request_id, None)
        if found is not None and found.doubtful:
            self._found_one()

    def refused(self, now: float) -> None:
        """TWS has refused a message without naming it."""
        self._refused += 1
        self._noticed = now
        self._open |= {number: kind for number, (at, kind) in self._unanswered.items() if now - at <= _NOTICED_WITHIN}
        for one in reversed(self._cancelled.values()):
            if now - one.at > _NOTICED_WITHIN:
                break
            one.doubtful = True
        self._uncounted |= {number: one for number, one in self._history.items() if now - one[0] <= _NOTICED_WITHIN}
        self._settle()

    def clear(self) -> None:
        """Nothing is open any more."""
        self._refused = 0
        for held in (self._unanswered, self._open, self._cancelled, self._uncounted):
            held.clear()

    def _not_open(self, request_id: int) -> None:
        self._unanswered.pop(request_id, None)
        self._open.pop(request_id, None)

    def _found_one(self) -> None:
        self._refused -= 1
        self._settle()

    def _settle(self) -> None:
        """There is no doubt where nothing is left that it could be about."""
        if self._refused and not (self._open or self._uncounted or any(c.doubtful for c in self._cancelled.values())):
            self._refused = 0
        if not self._refused:
            self._open.clear()
            self._uncounted.clear()
            for one in self._cancelled.values():
                one.doubtful = False

    # ── how much of it is in doubt ──────────────────────────────────────────────────────────────

    def may_be_closed(self) -> int:
        """Market data lines that may not be open although they were asked for."""
        return min(self._refused, sum(kind in USES_LINE for kind in self._open.values())) if self._refused else 0

    def may_be_open(self) -> int:
        """Market data lines that may be open although they were cancelled."""
        if not self._refused:
            return 0
        return min(self._refused, sum(c.doubtful and c.line[0] in USES_LINE for c in self._cancelled.values()))

    def may_not_count(self, now: float) -> int:
        """Historical requests of the last ten minutes that may not count, by their weight."""
        if not self._refused:
            return 0
        return sum(
            nlargest(self._refused, (weight for at, weight in self._uncounted.values() if at > now - HISTORICAL_PERIOD))
        )
