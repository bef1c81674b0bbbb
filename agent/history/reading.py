"""Reading the history beside the agent that writes it, by days of the user's zone."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from pathlib import Path

from agent.errors import GatelightError
from agent.history.ahead import CALENDAR, LEARNT_FROM, SILENT, Ahead, ahead
from agent.history.spans import Kept, SpanKind
from agent.history.store import HOUR_MINUTES, NOT_WATCHED, HistoryDamaged, HistoryTooNew, Store
from agent.history.troubles import connections, programs_since
from agent.history.writer import history_file
from agent.tws.coming import DAYS_AHEAD, day_after

PICTURED = (SpanKind.STATE, SpanKind.PROBLEM, SpanKind.RUN, SpanKind.APPLICATION)
"""What pictures, outages and their causes are made of, besides the programs."""
LATEST_OUTAGES = 20
"""Outages of each connection that pictures come with: three months may have hundreds."""
_MINUTES_A_DAY = 8
"""Minutes that share one latency, for each day that is read: a curve has 180 points at most."""


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """What was read."""

    kept: Kept
    midnights: tuple[float, ...]
    """Epoch seconds of every midnight of the user's zone, from the first to the one after `until`."""
    until: float
    """Epoch seconds of now."""
    ahead_until: float
    """Epoch seconds of the end of what comes."""
    ahead: Mapping[str, Ahead] = field(default_factory=dict)
    """What comes, by connection; those are missing that are not watched any more."""
    outages: int | None = None
    """Of each connection, the programs of so many latest outages were read; None: of all."""


def zone_time(day: date, minutes: int) -> float:
    """Epoch seconds at which the clock of this machine shows a time of a day; see `agent.tws.coming.LocalTime`.

    Of an hour that a clock change repeats it is the first; of one that it skips, an hour later.
    """
    return datetime.combine(day, time(minutes // 60, minutes % 60)).astimezone().timestamp()


def read_days(
    folder: Path, back: int, now: datetime, *, pictures: bool = False, whole: bool = True, silent: float = SILENT
) -> HistoryRead:
    """The history of the last `back` days, today among them, and what comes.

    `folder` is the data folder. `pictures`: with latencies, and only what else pictures and outages are made of; then,
    without `whole`, with the programs of the latest outages only. `silent`: seconds without a word from the agent after
    which it is taken for ended. Raises GatelightError where it cannot be read.
    """
    today, until = now.astimezone().date(), now.timestamp()
    # Each midnight of its own zone: a day of a clock change has 23 or 25 hours.
    midnights = tuple(zone_time(today + timedelta(days=n), 0) for n in range(1 - back, 2))
    # Of several days whole hours, which the file keeps.
    minutes = _MINUTES_A_DAY if back == 1 else -(-_MINUTES_A_DAY * back // HOUR_MINUTES) * HOUR_MINUTES

    ahead_until = zone_time(day_after(today, DAYS_AHEAD + 1), 0)

    def read(store: Store) -> HistoryRead:
        if pictures:
            kept = store.read(midnights[0], until, minutes=minutes, kinds=PICTURED, marks=False)
            since = midnights[0] if whole else programs_since(kept, LATEST_OUTAGES, until)
            programs = store.read(since, until, minutes=0, kinds=(SpanKind.PROGRAM,), marks=False)
            kept = replace(kept, spans=tuple(sorted((*kept.spans, *programs.spans), key=attrgetter("began"))))
        else:
            kept = store.read(midnights[0], until, minutes=0)
        kept = _ended_with_its_agent(kept, until, silent)
        lately = store.read(until - LEARNT_FROM * 86_400.0, until, minutes=0, kinds=CALENDAR, marks=False)
        lately = _ended_with_its_agent(lately, until, silent)
        coming = ((name, ahead(lately, name, until, today, zone_time)) for name in connections(lately))
        comes = {name: one for name, one in coming if one is not None}
        return HistoryRead(kept, midnights, until, ahead_until, comes, None if whole else LATEST_OUTAGES)

    return _read(folder, read) or HistoryRead(Kept(), midnights, until, ahead_until)


def _ended_with_its_agent(kept: Kept, now: float, silent: float) -> Kept:
    """What an agent left open that was killed ends where it was last heard of, as the next agent will write it."""
    heard = kept.heard
    if heard is None or now - heard <= silent:
        return kept
    spans = (s if s.ended is not None else s._replace(ended=max(s.began, heard), end=NOT_WATCHED) for s in kept.spans)
    return replace(kept, spans=tuple(spans))


def _read(folder: Path, read: Callable[[Store], HistoryRead]) -> HistoryRead | None:
    """What is read of the history in a folder; None where there is none yet."""
    path = history_file(folder)
    if path is None:
        return None
    try:
        store = Store(path, reads=True)
        try:
            return read(store)
        finally:
            store.close()
    except HistoryTooNew:
        text = "The history was written by a later version of Gatelight: read it with that one."
        raise GatelightError(text) from None
    except (HistoryDamaged, sqlite3.Error, OSError):
        text = f"The history {path} cannot be read: the agent sets a damaged one aside when it starts next."
        raise GatelightError(text) from None
