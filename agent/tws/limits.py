"""What TWS lets an API client do in a given time, as sliding windows, and when it is safe to go on after too much.

Numbers are from IBKR's API documentation unless another source is named. Nothing here waits: every answer is a moment.
"""

from dataclasses import dataclass, field, replace

from agent.tws.notices import NoticeKind, kind_of

HISTORICAL_REQUESTS = 60
"""Historical requests for small bars, and real-time bars, in any ten minutes."""
HISTORICAL_PERIOD = 600.0
"""Seconds of that window."""
SAME_CONTRACT_REQUESTS = 5
"""Requests for one contract, exchange and kind of tick within two seconds: six or more are a pacing violation."""
SAME_CONTRACT_PERIOD = 2.0
"""Seconds of that window."""
IDENTICAL_PERIOD = 15.0
"""Seconds before an identical historical request may be sent again."""
SMALL_BAR = 30
"""Seconds; the hard limits concern bars up to this size. For larger ones TWS only slows down."""
OPEN_HISTORICAL_REQUESTS = 50
"""Historical requests that may be unanswered at a time."""
TICK_BY_TICK_PERIOD = 15.0
"""Seconds before tick-by-tick data of the same instrument may be requested again."""

LEAST_DATA_LINES = 100
"""Market data lines every user has; equity, commissions and Quote Booster packs add to them."""
LINES_PER_MESSAGE = 2
"""A client may send one message per second for each two market data lines: 50 at 100 lines."""
OUR_MESSAGES_PER_SECOND = 45
"""What Gatelight allows itself; ib_async's own throttle uses the same number."""
WARNINGS_BEFORE_DISCONNECT = 3
"""Violations of the message rate (notice 100) after which TWS ends the session, where it is set to reject."""

API_CLIENTS = 32
"""API clients of one TWS or IB Gateway (documentation, and the text of IBKR's client's error 502)."""
SCANNERS = 10
"""Active scanner subscriptions."""
ACCOUNT_SUMMARIES = 2
"""Active account summary subscriptions."""
LEAST_DEPTHS = 3
"""Market depth and tick-by-tick subscriptions at 100 lines."""
CURRENT_TIME_PERIOD = 1.0
"""Seconds between two requests for the current time; a second one within it is not answered (ib_insync issue 604)."""

_BACK_OFF = (30.0, 60.0, 120.0)
"""Seconds to stay quiet after the first, second and every further pacing violation (the defaults of ibkr-ops)."""
_RATE_PERIOD = 1.0
"""Seconds over which the message rate is counted."""


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """At most `limit` things in any `seconds`."""

    limit: int
    seconds: float
    events: tuple[tuple[float, int], ...] = ()
    """(monotonic time, weight) of everything that still counts, oldest first."""

    def at(self, now: float) -> "SlidingWindow":
        """The same window without what no longer counts."""
        return replace(self, events=tuple(e for e in self.events if now < e[0] + self.seconds))

    def with_one(self, now: float, weight: int = 1) -> "SlidingWindow":
        """The window after one more thing of some weight."""
        return replace(self, events=(*self.at(now).events, (now, weight)))

    def used(self, now: float) -> int:
        """How much of the limit is taken."""
        return sum(weight for _, weight in self.at(now).events)

    def free_at(self, now: float, weight: int = 1) -> float:
        """The earliest moment at which something of this weight fits: now, or later."""
        if weight > self.limit:
            raise ValueError(f"a weight of {weight} never fits into a limit of {self.limit}")
        used = self.used(now)
        moment = now
        for then, released in self.at(now).events:
            if used + weight <= self.limit:
                break
            used -= released
            moment = then + self.seconds
        return moment


@dataclass(frozen=True, slots=True)
class HistoricalRequest:
    """What makes two historical requests the same in TWS's eyes."""

    contract: str
    """Anything that names the contract and its exchange."""
    what: str
    """"TRADES", "MIDPOINT", "BID_ASK" …"""
    bar_seconds: int
    """Size of a bar; real-time bars are 5."""
    duration: str = ""
    end: str = ""

    @property
    def counted(self) -> bool:
        """Whether the hard limits concern it at all."""
        return self.bar_seconds <= SMALL_BAR

    @property
    def weight(self) -> int:
        """BID_ASK counts twice."""
        return 2 if self.what.upper() == "BID_ASK" else 1


@dataclass(frozen=True, slots=True)
class Pacing:
    """Every window a historical request has to pass."""

    overall: SlidingWindow = SlidingWindow(HISTORICAL_REQUESTS, HISTORICAL_PERIOD)
    recent: tuple[tuple[float, HistoricalRequest], ...] = ()
    """(monotonic time, request) of the last fifteen seconds, oldest first."""

    def with_one(self, request: HistoricalRequest, now: float) -> "Pacing":
        """The windows after one more request was sent."""
        if not request.counted:
            return self
        kept = tuple(r for r in self.recent if now < r[0] + IDENTICAL_PERIOD)
        return Pacing(self.overall.with_one(now, request.weight), (*kept, (now, request)))

    def free_at(self, request: HistoricalRequest, now: float) -> float:
        """The earliest moment at which this request breaks no limit: now, or later."""
        if not request.counted:
            return now
        alike = SlidingWindow(
            SAME_CONTRACT_REQUESTS,
            SAME_CONTRACT_PERIOD,
            tuple((at, r.weight) for at, r in self.recent if (r.contract, r.what) == (request.contract, request.what)),
        )
        identical = max((at + IDENTICAL_PERIOD for at, r in self.recent if r == request), default=now)
        return max(now, self.overall.free_at(now, request.weight), alike.free_at(now, request.weight), identical)


@dataclass(frozen=True, slots=True)
class MessageRate:
    """How many messages one client may send per second."""

    window: SlidingWindow = field(default_factory=lambda: SlidingWindow(OUR_MESSAGES_PER_SECOND, _RATE_PERIOD))

    def with_one(self, now: float) -> "MessageRate":
        """The rate after one more message."""
        return MessageRate(self.window.with_one(now))

    def free_at(self, now: float) -> float:
        """The earliest moment at which the next message fits: now, or later."""
        return self.window.free_at(now)


def messages_per_second(data_lines: int = LEAST_DATA_LINES) -> int:
    """What TWS allows one client, from the user's market data lines."""
    return max(LEAST_DATA_LINES, data_lines) // LINES_PER_MESSAGE


def depths(data_lines: int = LEAST_DATA_LINES) -> int:
    """Market depth subscriptions the user's market data lines allow: one more for each further hundred."""
    return LEAST_DEPTHS + (max(LEAST_DATA_LINES, data_lines) - LEAST_DATA_LINES) // 100


def clients_left(connected: int) -> int:
    """How many more API clients fit."""
    return max(0, API_CLIENTS - connected)


def safe_again(code: int, text: str, at: float, violations: int = 1) -> float | None:
    """When it is safe to go on after a notice at `at`; None where waiting is not what helps.

    `violations`: how many there have been lately, this one included. 162 and 420 mean other things than pacing too;
    the text tells. A text that cannot be read (translated) gets the benefit of the doubt: the wait does no harm.
    """
    match kind_of(code, text):
        case NoticeKind.RATE_EXCEEDED:
            return at + _RATE_PERIOD * max(1, violations)
        case NoticeKind.PACING | NoticeKind.HISTORICAL_REFUSED | NoticeKind.REAL_TIME_REFUSED:
            return at + _BACK_OFF[min(max(1, violations), len(_BACK_OFF)) - 1]
        case _:
            return None
