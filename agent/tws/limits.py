"""What TWS lets an API client do in a given time, and when it is safe to go on after a violation.

The numbers are from IBKR's API documentation unless another source is named. Nothing here waits: each answer is a time.
The relay counts over the periods given here.
"""

from agent.tws.notices import NoticeKind, kind_of

HISTORICAL_REQUESTS = 60
"""Historical requests for small bars, and real-time bars, in any ten minutes."""
HISTORICAL_PERIOD = 600.0
"""Seconds of that period."""
SAME_CONTRACT_REQUESTS = 5
"""Requests for one contract, exchange and kind of tick in two seconds; six are a pacing violation."""
SAME_CONTRACT_PERIOD = 2.0
"""Seconds of that period."""
IDENTICAL_PERIOD = 15.0
"""Seconds before an identical historical request may be sent again."""
OPEN_HISTORICAL_REQUESTS = 50
"""Historical requests that may wait for an answer at a time."""
TICK_BY_TICK_PERIOD = 15.0
"""Seconds before tick-by-tick data of the same instrument may be requested again."""

LEAST_DATA_LINES = 100
"""Market data lines that every user has; equity, commissions and Quote Booster packs add lines."""
LINES_PER_MESSAGE = 2
"""A client may send one message a second for every two market data lines: 50 with 100 lines."""
WARNINGS_BEFORE_DISCONNECT = 3
"""Violations of the message rate (notice 100) after which TWS ends the session, where it is set to reject."""

NEAR = 0.9
"""Share of a limit from which on it is nearly used up; room for a few more requests is left there (a judgement)."""
NEAR_OVER = 0.8
"""Share below which it is not any more, so that a use around the first one is not told again and again."""

API_CLIENTS = 32
"""API clients of one TWS or IB Gateway (documentation, and the text of IBKR's client's error 502)."""
SCANNERS = 10
"""Active scanner subscriptions."""
ACCOUNT_SUMMARIES = 2
"""Active account summary subscriptions."""
LEAST_DEPTHS = 3
"""Market depth subscriptions, and tick-by-tick subscriptions, with 100 lines."""

_BACK_OFF = (30.0, 60.0, 120.0)
"""Seconds to stay quiet after the first, second and every further pacing violation (the defaults of ibkr-ops)."""
_RATE_PERIOD = 1.0
"""Seconds over which the message rate is counted."""


def messages_per_second(data_lines: int = LEAST_DATA_LINES) -> int:
    """Messages a second that TWS allows one client, for the user's market data lines."""
    return max(LEAST_DATA_LINES, data_lines) // LINES_PER_MESSAGE


def safe_again(code: int, text: str, at: float, violations: int = 1) -> float | None:
    """The time at which it is safe to go on after a notice at `at`; None where waiting does not help.

    `violations`: the number of recent ones, this one included. 162 and 420 have other meanings besides pacing, which
    the text tells apart. A text that is not understood (translated) counts as pacing: waiting does no harm.
    """
    match kind_of(code, text):
        case NoticeKind.RATE_EXCEEDED:
            return at + _RATE_PERIOD * max(1, violations)
        case NoticeKind.PACING | NoticeKind.HISTORICAL_REFUSED | NoticeKind.REAL_TIME_REFUSED:
            return at + _BACK_OFF[min(max(1, violations), len(_BACK_OFF)) - 1]
        case _:
            return None
