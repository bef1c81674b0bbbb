"""When IB's servers and the applications are expected to be away, and when a log-in is due."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from agent.tws.reset_windows import (
    NEW_YORK,
    PADDING,
    WEEKEND_BEGINS,
    WEEKEND_ENDS,
    WEEKLY_LOGIN,
    Region,
    reset_windows,
)
from agent.tws.time_zone import TimeZone


class OutageKind(StrEnum):
    """Why an outage is expected."""

    RESET = "reset"
    WEEKEND = "weekend"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Outage:
    """An expected outage that is under way."""

    kind: OutageKind
    began: float
    """Epoch seconds."""
    ends: float
    """Epoch seconds at which it should be over."""
    region: Region | None = None
    """For a reset: the region of the servers; None when the log-in's region is not known."""
    lead: float = 0.0
    """Seconds before `began` from which on it may be under way: clocks differ."""

    @property
    def counts_from(self) -> float:
        """Epoch seconds from which on it may be under way."""
        return self.began - self.lead


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the calendar says about one moment."""

    outage: Outage | None = None
    """The reset or weekend window of IB's servers that is under way."""
    restart: Outage | None = None
    """The application's daily restart, where its time is known and is about now."""
    login_due: float | None = None
    """Epoch seconds of the next weekly forced log-in (Sunday 01:00 New York)."""
    next_outage: Outage | None = None
    """The next expected one that has not begun."""


_RESTART_LEAD = 60.0
"""The daily restart counts from this many seconds before its set time: clocks differ, and windows close earlier."""
_DAY = 86_400.0


# ── the questions ───────────────────────────────────────────────────────────────────────────────


def expect(
    now_wall: float, *, region: Region | None, restart_time: int | None, zone: TimeZone, allowance: float
) -> Expectation:
    """What is expected at one moment (epoch seconds).

    `region`: None where it is not known; then the windows of every region count. `restart_time`: the application's
    daily restart in minutes after midnight; None where it is not known. `zone`: by whose clock that is. `allowance`:
    seconds that the application may be away after its restart.
    """
    nearby = _outages(region, int(now_wall // _DAY), 2)
    current = max((o for o in nearby if o.began <= now_wall < o.ends), key=lambda o: o.ends, default=None)
    restarts = () if restart_time is None else _restarts(now_wall, restart_time, zone, allowance)
    over = current.ends if current else now_wall
    coming = (o for o in (*nearby, *restarts) if o.counts_from > now_wall and o.ends > over)
    return Expectation(
        outage=current,
        restart=next((o for o in restarts if o.counts_from <= now_wall < o.ends), None),
        login_due=next_login(now_wall),
        next_outage=min(coming, key=lambda o: o.began, default=None),
    )


def next_login(now_wall: float) -> float:
    """Epoch seconds of the next weekly forced log-in after the given moment."""
    return next(at for at in _logins(int(now_wall // _DAY)) if at > now_wall)


def outages_between(since: float, until: float, region: Region | None) -> tuple[Outage, ...]:
    """Every outage of IB's servers that touches a time (epoch seconds), in the order of their begins."""
    first = int(since // _DAY)
    every = _outages(region, first, int(until // _DAY) - first + 2)
    return tuple(o for o in every if o.began < until and o.ends > since)


def weekends_between(since: float, until: float) -> tuple[Outage, ...]:
    """Every weekend window of IB's that touches a time (epoch seconds), in their order."""
    first = int(since // _DAY)
    every = _weekends(_dates(first, before=2, after=int(until // _DAY) - first + 2))
    return tuple(o for o in every if o.began < until and o.ends > since)


# ── the answers ─────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=16)
def _outages(region: Region | None, utc_day: int, after: int) -> tuple[Outage, ...]:
    """Every outage of IB's servers from a UTC day to before the one that comes `after` so many days: padded, overlaps
    joined, in order."""
    found = []
    dates = _dates(utc_day, before=2, after=after)
    for window in reset_windows():
        if region in (None, window.region):
            zone = ZoneInfo(window.zone)
            spans = (_span(day, window.begins, window.ends, zone) for day in dates)
            found += [Outage(OutageKind.RESET, *span, region) for span in spans]
    return tuple(sorted(_joined([*found, *_weekends(dates)]), key=lambda o: o.began))


def _weekends(dates: Iterable[date]) -> Iterator[Outage]:
    weekday, begins = WEEKEND_BEGINS
    for day in dates:
        if day.weekday() == weekday:
            yield Outage(OutageKind.WEEKEND, *_span(day, begins, WEEKEND_ENDS, ZoneInfo(NEW_YORK)))


def _joined(outages: list[Outage]) -> list[Outage]:
    joined: list[Outage] = []
    for outage in sorted(outages, key=lambda o: (o.kind, o.began)):
        last = joined[-1] if joined else None
        if last and last.kind is outage.kind and outage.began <= last.ends:
            joined[-1] = replace(last, ends=max(last.ends, outage.ends))
        else:
            joined.append(outage)
    return joined


def _restarts(now_wall: float, restart_time: int, zone: TimeZone, allowance: float) -> tuple[Outage, ...]:
    today = zone.local(now_wall).toordinal()
    days = (date.fromordinal(today + n) for n in (-1, 0, 1))
    # Of an hour that a clock change repeats, either may be the one at which it restarts.
    set_times = (at for day in days for at in zone.times(day, restart_time))
    return tuple(Outage(OutageKind.RESTART, at, at + allowance, lead=_RESTART_LEAD) for at in set_times)


@lru_cache(maxsize=4)
def _logins(utc_day: int) -> tuple[float, ...]:
    zone, (weekday, due) = ZoneInfo(NEW_YORK), WEEKLY_LOGIN
    days = (day for day in _dates(utc_day, before=1, after=9) if day.weekday() == weekday)
    return tuple(datetime.combine(day, due, zone).timestamp() for day in days)


def _dates(utc_day: int, *, before: int, after: int) -> tuple[date, ...]:
    first = date(1970, 1, 1).toordinal() + utc_day
    return tuple(date.fromordinal(first + n) for n in range(-before, after + 1))


def _span(day: date, begins: time, ends: time, zone: ZoneInfo) -> tuple[float, float]:
    last = day if begins < ends else date.fromordinal(day.toordinal() + 1)
    began = datetime.combine(day, begins, zone).timestamp() - PADDING
    # Of an hour that a clock change repeats, the second one counts: the longer window is the safer guess.
    return began, datetime.combine(last, ends, zone).replace(fold=1).timestamp() + PADDING
