"""Reading the history beside the agent that writes it, by days of the user's zone."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from agent.errors import GatelightError
from agent.history.spans import Kept
from agent.history.store import HistoryDamaged, HistoryTooNew, Store
from agent.history.writer import history_file


def read_days(folder: Path, back: int, now: datetime, *, minutes: int = 0) -> tuple[Kept, tuple[float, ...], float]:
    """The history of the last `back` days, today among them; every midnight from the first to the next, and now.

    `folder` is the data folder; times are in epoch seconds; `minutes`: see `Store.read`.
    Raises GatelightError where it cannot be read.
    """
    today = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    # Each midnight of its own zone: a day of a clock change has 23 or 25 hours.
    midnights = tuple((today + timedelta(days=n)).astimezone().timestamp() for n in range(1 - back, 2))
    until = now.timestamp()
    return _read(folder, midnights[0], until, minutes), midnights, until


def _read(folder: Path, since: float, until: float, minutes: int) -> Kept:
    path = history_file(folder)
    if path is None:
        return Kept()
    try:
        store = Store(path, reads=True)
        try:
            return store.read(since, until, minutes=minutes)
        finally:
            store.close()
    except HistoryTooNew:
        text = "The history was written by a later version of Gatelight: read it with that one."
        raise GatelightError(text) from None
    except (HistoryDamaged, sqlite3.Error, OSError):
        text = f"The history {path} cannot be read: the agent sets a damaged one aside when it starts next."
        raise GatelightError(text) from None
