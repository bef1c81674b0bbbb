"""What comes for one connection, from what the history keeps: whose servers, and when its application ends. Pure."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from agent.core.shown.calendar import daily_words, region_words
from agent.history.spans import Kept, KeptSpan, SpanKind, daily_of
from agent.history.store import NOT_WATCHED
from agent.tws.coming import Coming, DailyEnd, KnownFrom, LocalTime, day_after, what_comes
from agent.tws.reset_windows import Region

LEARNT_FROM = 7
"""Days of which the history is asked when the application restarts."""
CALENDAR = (
    SpanKind.RUN,
    SpanKind.STATE,
    SpanKind.APPLICATION,
    SpanKind.REGION,
    SpanKind.DAILY_END,
)
"""What must be read of `LEARNT_FROM` days."""
SILENT = 180.0
"""Seconds after which an agent that notes every minute that it runs is taken for ended."""
_FEWEST = 3
"""Days on which the application must have ended at one time of day: twice is chance."""
_ALIKE = 180.0
"""Seconds by which these times may differ."""
_BACK = 600.0
"""Seconds within which a new process makes an end a restart."""
_OTHERS = 3
"""An application that ended more than so many times as often as at that time ends at any time."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes for one connection, and how that is known."""

    coming: tuple[Coming, ...]
    region: Region | None = None
    """None: it is not known, and `coming` has the resets of every region."""
    region_from: KnownFrom = KnownFrom.FILE
    daily: DailyEnd | None = None
    elsewhere: DailyEnd | None = None
    """A daily end by a clock that may not be the user's: it is not in `coming`."""
    as_of: float | None = None
    """Epoch seconds at which it was last known; None: it is known now."""

    @property
    def notes(self) -> tuple[str, ...]:
        """How it is known, in sentences."""
        return (
            region_words(self.region, self.region_from),
            daily_words(self.daily, self.elsewhere, LEARNT_FROM),
        )


def ahead(kept: Kept, connection: str, now: float, today: date, local: LocalTime) -> Ahead | None:
    """What comes for a connection; None for one that is not watched any more. `kept`: the last `LEARNT_FROM` days.

    `now` in epoch seconds, `today` the day of the user's zone.
    """
    if not is_there(kept, connection):
        return None
    region, told = (_known(kept, connection, kind) for kind in (SpanKind.REGION, SpanKind.DAILY_END))
    daily, own_clock = (daily_of(told.span) if told is not None else None) or (None, False)
    if daily is None:
        # What an agent that was killed left open was not watched after that.
        watched_until = now if kept.heard is None else min(now, kept.heard)
        applications = kept.by_kind.get((connection, SpanKind.APPLICATION), ())
        daily = learnt_end(applications, watched_until, today, local)
    of = Region(region.span.what) if region is not None and region.span.what in tuple(Region) else None
    return Ahead(
        what_comes(now, today, local, region=of, daily=None if own_clock else daily),
        region=of,
        region_from=KnownFrom.PAPER if region is not None and region.span.state == KnownFrom.PAPER else KnownFrom.FILE,
        daily=None if own_clock else daily,
        elsewhere=daily if own_clock else None,
        as_of=_as_of(kept, now, [one for one in (region, told) if one is not None]),
    )


def _latest(kept: Kept, connection: str, kind: SpanKind) -> KeptSpan | None:
    return max(
        kept.by_kind.get((connection, kind), ()),
        key=lambda one: (one.ended is None, one.ended or 0.0, one.began),
        default=None,
    )


def _known(kept: Kept, connection: str, kind: SpanKind) -> KeptSpan | None:
    """The latest, unless the agent saw it end: then nothing of the kind is known now."""
    latest = _latest(kept, connection, kind)
    return latest if latest is not None and (latest.ended is None or latest.end == NOT_WATCHED) else None


def is_there(kept: Kept, connection: str) -> bool:
    """Whether the agent watches a connection, or did when it ended."""
    state, run = _latest(kept, connection, SpanKind.STATE), _latest(kept, "", SpanKind.RUN)
    if state is None or run is None:
        return False
    return state.ended is None or (run.ended is not None and state.ended >= run.ended)


def _as_of(kept: Kept, now: float, known: Iterable[KeptSpan]) -> float | None:
    ends = [one.ended for one in known if one.ended is not None]
    if kept.heard is not None and now - kept.heard > SILENT:
        ends.append(kept.heard)
    return min(ends, default=None)


# ── learnt ──────────────────────────────────────────────────────────────────────────────────────


def learnt_end(applications: Sequence[KeptSpan], now: float, today: date, local: LocalTime) -> DailyEnd | None:
    """The time of day at which the application restarts, as the last days show it; None where they show none.

    It restarted then on most of the days on which it was watched at that time, and on the latest of them; and it did
    not restart all day long.
    """
    ends = [
        min(one.ended, after.began)
        for one, after in itertools.pairwise(applications)
        # A process that was out of sight for a moment is the same one.
        if one.ended is not None and one.end != NOT_WATCHED and one.span != after.span
        if after.began - one.ended <= _BACK
    ]
    since, until = now - LEARNT_FROM * 86_400.0, now - _ALIKE
    ends = sorted(end for end in ends if since - _ALIKE <= end <= now)
    days = [day_after(today, -count) for count in range(LEARNT_FROM, -1, -1)]
    if len(ends) > _OTHERS * len(days):
        return None
    tried = {round((end - local(day, 0)) / 60.0) for end in ends for day in days} & set(range(24 * 60))
    found = [
        _seen_at(minutes, ends, applications, [at for day in days if since <= (at := local(day, minutes)) < until])
        for minutes in sorted(tried)
    ]
    return max((one for one in found if one is not None), key=lambda one: one.seen or (0, 0), default=None)


def _seen_at(
    minutes: int, ends: Sequence[float], applications: Sequence[KeptSpan], times: Sequence[float]
) -> DailyEnd | None:
    """The daily restart at one time of day; `ends` in order, `times`: when that was, in epoch seconds, on each day."""
    late: list[float] = []
    watched, latest = 0, False
    for at in times:
        first = bisect_left(ends, at - _ALIKE)
        near = [end - at for end in ends[first : first + 1] if end <= at + _ALIKE]
        if near or _ran(applications, at - _ALIKE, at + _ALIKE):
            watched, latest = watched + 1, bool(near)
            late += near
    if len(late) < _FEWEST or not latest or 2 * len(late) <= watched or len(ends) > _OTHERS * len(late):
        return None
    at = (minutes + round(median(late) / 60.0)) % (24 * 60)
    return DailyEnd(at, True, KnownFrom.LEARNT, (len(late), watched))


def _ran(applications: Sequence[KeptSpan], begins: float, ends: float) -> bool:
    """Whether one process was there all the time."""
    count = bisect_right(applications, begins, key=lambda one: one.began)
    last = applications[count - 1] if count else None
    return last is not None and (last.ended is None or last.ended >= ends)
