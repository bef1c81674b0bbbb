"""Reading the history beside the agent that writes it, by days of the user's zone."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from agent.errors import GatelightError
from agent.history.spans import Kept, SpanKind
from agent.history.store import HOUR_MINUTES, HistoryDamaged, HistoryTooNew, Store
from agent.history.writer import history_file


PICTURED = (SpanKind.STATE, SpanKind.PROBLEM, SpanKind.PROGRAM)
"""What pictures and outages are made of."""
_MINUTES_A_DAY = 8
"""Minutes that share one latency, for each day that is read: a curve has 180 points at most."""


def read_days(
    folder: Path, back: int, now: datetime, *, pictures: bool = False
) -> tuple[Kept, tuple[float, ...], float]:
    """The history of the last `back` days, today among them; every midnight from the first to the next, and now.

    `folder` is the data folder; times are in epoch seconds. `pictures`: with latencies, and only what else pictures
    and outages are made of. Raises GatelightError where it cannot be read.
    """
    today = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    # Each midnight of its own zone: a day of a clock change has 23 or 25 hours.
    midnights = tuple((today + timedelta(days=n)).astimezone().timestamp() for n in range(1 - back, 2))
    until = now.timestamp()
    # Of several days whole hours, which the file keeps.
    minutes = _MINUTES_A_DAY if back == 1 else -(-_MINUTES_A_DAY * back // HOUR_MINUTES) * HOUR_MINUTES
    return _read(folder, midnights[0], until, minutes if pictures else 0), midnights, until


def _read(folder: Path, since: float, until: float, minutes: int) -> Kept:
    path = history_file(folder)
    if path is None:
        return Kept()
    try:
        store = Store(path, reads=True)
        try:
            if minutes:
                return store.read(since, until, minutes=minutes, kinds=PICTURED, marks=False)
            return store.read(since, until, minutes=0)
        finally:
            store.close()
    except HistoryTooNew:
        text = "The history was written by a later version of Gatelight: read it with that one."
        raise GatelightError(text) from None
    except (HistoryDamaged, sqlite3.Error, OSError):
        text = f"The history {path} cannot be read: the agent sets a damaged one aside when it starts next."
        raise GatelightError(text) from None
