"""What programs use of the limits of the TWS API: counted per program, and for history over all of them. No clock here.

Every time is in seconds of one monotonic clock, given by the caller. What grows with what a program sends is bounded.
"""

from bisect import bisect_right
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from agent.core.relay_facts import NearMark
from agent.relay.doubts import USES_LINE, Doubts, LineKind, OpenLine
from agent.tws.limits import (
    HISTORICAL_PERIOD,
    HISTORICAL_REQUESTS,
    IDENTICAL_PERIOD,
    NEAR,
    SAME_CONTRACT_PERIOD,
    SAME_CONTRACT_REQUESTS,
    messages_per_second,
)

_MOST_HELD = 2000
"""Requests of one kind that are remembered at a time; TWS takes a tenth of it."""
_REFUSALS_KEPT = 20
_ANSWERS_KEPT = 100
RATE_CALM = 30.0
"""Seconds: a message rate comes in bursts, and is nearly used up until there was none for so long."""
_RATE_PERIOD = 1.0
"""Seconds over which the message rate is counted."""
STEP_SECONDS = 10.0
"""Seconds of one step of what is told of the last ten minutes, and of the next ten."""
STEPS_TOLD = 60


class RateWindow:
    """Messages in the last second."""

    def __init__(self) -> None:
        self._fed: deque[tuple[float, int]] = deque()
        self._sum = 0
        self.most = 0
        """The largest number in any second so far."""
        self._peak = 0
        """That of the present step."""
        self._past: deque[int] = deque(maxlen=STEPS_TOLD - 1)
        self._step = self._step_ends = 0.0

    def add(self, now: float, messages: int) -> int:
        """So many have come now; returns those of the second that ends now."""
        # For each message that a program sends: it must cost next to nothing.
        fed, rate, before = self._fed, self._sum + messages, now - _RATE_PERIOD
        fed.append((now, messages))
        while fed[0][0] <= before:
            rate -= fed.popleft()[1]
        self._sum = rate
        if now >= self._step_ends:
            self._turn(now)
        if rate > self._peak:
            self._peak = rate
            self.most = max(self.most, rate)
        return rate

    def peaks(self, now: float) -> list[int]:
        """The busiest second of each step of the last ten minutes, oldest first; the last step is the present one."""
        if now >= self._step_ends:
            self._turn(now)
        return [*self._past, self._peak]

    def _turn(self, now: float) -> None:
        """A step is over; several where nothing was asked meanwhile."""
        step = now // STEP_SECONDS
        if self._step_ends:
            self._past.append(self._peak)
            self._past.extend([0] * int(min(step - self._step - 1, STEPS_TOLD)))
        self._peak = 0
        self._step, self._step_ends = step, (step + 1) * STEP_SECONDS

    def within(self, now: float) -> int:
        """Messages of the second that ends now."""
        while self._fed and self._fed[0][0] <= now - _RATE_PERIOD:
            self._sum -= self._fed.popleft()[1]
        return self._sum


class HistoryWindows:
    """The three rules for historical requests of small bars, over everything that went through one relay."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, int, object]] = deque(maxlen=_MOST_HELD)
        self._identical: OrderedDict[str, float] = OrderedDict()
        self._contracts: OrderedDict[str, deque[float]] = OrderedDict()

    def add(self, now: float, contract: str, request: str, weight: int, who: object = None) -> None:
        """A request was sent: its contract with exchange and kind of tick, its whole text, and how often it counts.

        `who` stands for the program that sent it.
        """
        self._sent.append((now, weight, who))
        self._identical.pop(request, None)
        self._identical[request] = now
        times = self._contracts.pop(contract, None) or deque(maxlen=SAME_CONTRACT_REQUESTS)
        times.append(now)
        self._contracts[contract] = times
        for held in (self._identical, self._contracts):
            if len(held) > _MOST_HELD:
                held.popitem(last=False)

    def latest(self, now: float) -> list[tuple[float, int]]:
        """Times and weights of the latest requests of ten minutes: as many as tell when the next one is safe."""
        self._forget(now)
        latest = list(self._sent)[-HISTORICAL_REQUESTS:]
        return [(sent, weight) for sent, weight, _ in latest if sent > now - HISTORICAL_PERIOD]

    def recent(self, now: float) -> tuple[Mapping[str, float], Mapping[str, Iterable[float]]]:
        """By request, when it was sent within 15 seconds; by contract, the times of two seconds."""
        self._forget(now)
        return self._identical, self._contracts

    def used(self, now: float) -> int:
        """Requests of the last ten minutes."""
        self._forget(now)
        return sum(weight for sent, weight, _ in self._sent if sent > now - HISTORICAL_PERIOD)

    def used_by(self, now: float) -> Mapping[object, int]:
        """The same by program."""
        self._forget(now)
        used: Counter[object] = Counter()
        for sent, weight, who in self._sent:
            if sent > now - HISTORICAL_PERIOD:
                used[who] += weight
        return used

    def curve(self, now: float) -> list[int]:
        """Requests of ten minutes, by steps: as they were counted since ten minutes ago, and as they will run out."""
        times = [sent for sent, _, _ in self._sent]
        before = [0, *accumulate(weight for _, weight, _ in self._sent)]
        ends = [now + STEP_SECONDS * number for number in range(-STEPS_TOLD, STEPS_TOLD + 1)]
        return [before[bisect_right(times, end)] - before[bisect_right(times, end - HISTORICAL_PERIOD)] for end in ends]

    def safe_at(self, now: float) -> float:
        """When one more request is safe by the rule of ten minutes; `now` where it is at once."""
        over = self.used(now) - HISTORICAL_REQUESTS
        after = now
        for sent, weight, _ in self._sent:
            if sent <= now - HISTORICAL_PERIOD:
                continue
            if over < 0:
                break
            over -= weight
            after = sent + HISTORICAL_PERIOD
        return after

    def busiest(self, now: float) -> tuple[int, float]:
        """The most requests for one contract within two seconds, and when one more for it is safe."""
        self._forget(now)
        found = max(self._contracts.values(), key=len, default=None)
        if found is None:
            return 0, now
        return len(found), found[0] + SAME_CONTRACT_PERIOD if len(found) >= SAME_CONTRACT_REQUESTS else now

    def identical(self, now: float) -> tuple[int, float]:
        """Different requests that must not be sent again yet, and when the last of them may be."""
        self._forget(now)
        last = next(reversed(self._identical.values()), None)
        return len(self._identical), now if last is None else last + IDENTICAL_PERIOD

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] <= now - 2 * HISTORICAL_PERIOD:
            self._sent.popleft()
        while self._identical and next(iter(self._identical.values())) <= now - IDENTICAL_PERIOD:
            self._identical.popitem(last=False)
        for contract, times in tuple(self._contracts.items()):
            while times and times[0] <= now - SAME_CONTRACT_PERIOD:
                times.popleft()
            if not times:
                del self._contracts[contract]


@dataclass(frozen=True, slots=True)
class Refusal:
    """TWS has refused a request because of a limit."""

    at: float
    code: int
    rule: str
    request: str
    """What was asked for, as it is shown; empty where the notice names no request that is known."""


class AnswerTimes:
    """How long TWS takes to answer one kind of request."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[int, float] = OrderedDict()
        self._taken: deque[float] = deque(maxlen=_ANSWERS_KEPT)

    def asked(self, now: float, request_id: int) -> None:
        """A request was sent; kinds without an ID use 0, and their answers come in order."""
        if len(self._waiting) < _MOST_HELD:
            self._waiting.setdefault(request_id, now)

    def answered(self, now: float, request_id: int) -> None:
        """An answer came, maybe not the first one of its request."""
        asked = self._waiting.pop(request_id, None)
        if asked is not None:
            self._taken.append(now - asked)

    @property
    def waiting(self) -> int:
        """Requests without an answer."""
        return len(self._waiting)

    def last_half_most(self) -> tuple[float, float, float] | None:
        """Seconds: the last one, the median and the longest of the last hundred; None before the first answer."""
        if not self._taken:
            return None
        ordered = sorted(self._taken)
        return self._taken[-1], ordered[len(ordered) // 2], ordered[-1]


@dataclass(slots=True, eq=False)
class ProgramUsage:
    """What one connection has used."""

    since: float
    peer: str = ""
    """Address and port of its program."""
    client_id: int | None = None
    server_version: int | None = None
    over: bool = False
    """TWS has ended the session; the program has not closed its connection yet."""
    uncounted: str = ""
    """Why it is not counted, as a phrase; empty while it is."""
    messages: int = 0
    orders: int = 0
    history: int = 0
    """Historical requests for small bars, by their weight, since it connected."""
    unread: int = 0
    """Messages that could not be read, and are missing below."""
    rate: RateWindow = field(default_factory=RateWindow)
    rate_near: NearMark = field(default_factory=lambda: NearMark(RATE_CALM))
    allowed: int = messages_per_second()
    """Messages that TWS takes of it in a second; see `allow`."""
    nearly: float = messages_per_second() * NEAR
    """Messages in a second from which on that is near."""
    lines: dict[int, OpenLine] = field(default_factory=dict)
    """By request ID: what was asked for and not cancelled."""
    doubts: Doubts = field(default_factory=Doubts)
    """What of it, and of its historical requests, TWS may have refused."""
    refused: Counter[str] = field(default_factory=Counter)
    """By limit: how many requests TWS has refused."""
    refusals: deque[Refusal] = field(default_factory=lambda: deque(maxlen=_REFUSALS_KEPT))
    answers: dict[str, AnswerTimes] = field(default_factory=dict)
    """By kind of request."""
    _notes: OrderedDict[int, str] = field(default_factory=OrderedDict)

    def allow(self, messages: int) -> None:
        """TWS takes so many messages of it in a second."""
        self.allowed, self.nearly = messages, messages * NEAR

    def open_line(self, request_id: int, kind: LineKind, instrument: str) -> bool:
        """A line was asked for; False where its ID is in use, so that TWS refuses it, or where there are too many."""
        if request_id in self.lines or len(self.lines) >= _MOST_HELD:
            return False
        self.lines[request_id] = kind, instrument
        return True

    def cancel_line(self, now: float, request_id: int) -> None:
        """A line was cancelled."""
        if (line := self.lines.pop(request_id, None)) is not None:
            self.doubts.cancelled(now, request_id, line)

    def data_came(self, now: float, request_id: int) -> None:
        """Data of a line has come, also of one that was cancelled: TWS had refused to do that."""
        if (line := self.doubts.went_on(now, request_id)) is not None:
            self.open_line(request_id, *line)

    def note(self, request_id: int, asked: str) -> None:
        """Remember what a request asked for, for a refusal of it."""
        self._notes[request_id] = asked
        if len(self._notes) > _MOST_HELD:
            self._notes.popitem(last=False)

    def noted(self, request_id: int) -> str:
        """What a request asked for; empty where that is not known."""
        return self._notes.get(request_id, "")

    def used(self) -> Mapping[LineKind, int]:
        """How many were asked for of each kind and not cancelled."""
        return Counter(kind for kind, _ in self.lines.values())

    def uses_lines(self) -> int:
        """How many market data lines it certainly uses."""
        return sum(kind in USES_LINE for kind, _ in self.lines.values()) - self.doubts.may_be_closed()

    def may_use_lines(self) -> int:
        """How many more it may use, of which TWS may have refused to open or to cancel them."""
        return self.doubts.may_be_closed() + self.doubts.may_be_open()


def history_in_doubt(senders: Iterable[object], now: float) -> dict[object, int]:
    """By program, of those who sent historical requests: how many of the last ten minutes may not count."""
    found = {who: who.doubts.may_not_count(now) for who in senders if isinstance(who, ProgramUsage)}
    return {who: number for who, number in found.items() if number}
