"""When IB's servers and the applications are expected to be away, and when a log-in is due."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo


class Region(StrEnum):
    """Where the IB servers of a log-in are; the region decides the reset window."""

    AMERICA = "america"
    EUROPE = "europe"
    ASIA = "asia"


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


# ── the table ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ResetWindow:
    """One daily window of IB's system-status page: at some time inside it, sessions drop for seconds to minutes."""

    region: Region
    zone: str
    begins: time
    ends: time
    """Where it is before `begins`, the window ends on the next day."""


NEW_YORK, ZURICH, HONG_KONG = "America/New_York", "Europe/Zurich", "Asia/Hong_Kong"

RESET_WINDOWS: tuple[ResetWindow, ...] = (
    # The newer version of the page, which says Sunday to Friday …
    ResetWindow(Region.AMERICA, NEW_YORK, time(0, 15), time(1, 45)),
    ResetWindow(Region.EUROPE, ZURICH, time(6, 25), time(7, 45)),
    ResetWindow(Region.ASIA, HONG_KONG, time(4, 45), time(6, 5)),
    ResetWindow(Region.ASIA, HONG_KONG, time(20, 15), time(21, 15)),
    # … and the older one, which says Saturday to Thursday. Copies of both exist, so both count, on all days.
    ResetWindow(Region.AMERICA, NEW_YORK, time(23, 45), time(0, 45)),
    ResetWindow(Region.EUROPE, ZURICH, time(5, 45), time(6, 45)),
    ResetWindow(Region.ASIA, NEW_YORK, time(16, 45), time(17, 45)),
    ResetWindow(Region.ASIA, HONG_KONG, time(20, 15), time(21, 0)),
    # What QuantConnect's IBAutomater uses for Asia; a little earlier than the older page.
    ResetWindow(Region.ASIA, NEW_YORK, time(16, 30), time(17, 0)),
)
"""When IB resets its servers, every day. Edit here when the page changes."""

PADDING = 15 * 60.0
"""Seconds added on both sides of every window of the page: resets begin early and end late."""

_FRIDAY, _SUNDAY = 4, 6
_WEEKEND_BEGINS = (_FRIDAY, time(23, 0))
_WEEKEND_ENDS = time(3, 0)
"""Weekend maintenance of all regions: Friday 23:00 to Saturday 03:00 New York, on both versions of the page.
IBAutomater expects trouble from Friday 22:45 to Sunday 02:00; IB does not announce that, so it does not count."""

_LOGIN_DUE_AT = time(1, 0)
"""Sunday 01:00 New York: IB invalidates the tokens of automatic restarts, and the next start needs a full log-in."""

_RESTART_LEAD = 60.0
"""The daily restart counts from this many seconds before its set time: clocks differ, and windows close earlier."""
_DAY = 86_400.0


# ── the questions ───────────────────────────────────────────────────────────────────────────────


def expect(
    now_wall: float, *, region: Region | None, restart_time: int | None, utc_offset: float, allowance: float
) -> Expectation:
    """What is expected at one moment (epoch seconds).

    `region`: None where it is not known; then the windows of every region count. `restart_time`: the application's
    daily restart in minutes after local midnight; None where it is not known. `utc_offset`: seconds, local time minus
    UTC. `allowance`: seconds that the application may be away after its restart.
    """
    nearby = _outages(region, int(now_wall // _DAY))
    current = max((o for o in nearby if o.began <= now_wall < o.ends), key=lambda o: o.ends, default=None)
    restarts = () if restart_time is None else _restarts(now_wall, restart_time, utc_offset, allowance)
    over = current.ends if current else now_wall
    coming = (o for o in (*nearby, *restarts) if o.began > now_wall and o.ends > over)
    return Expectation(
        outage=current,
        restart=next((o for o in restarts if o.began <= now_wall < o.ends), None),
        login_due=next_login(now_wall),
        next_outage=min(coming, key=lambda o: o.began, default=None),
    )


def next_login(now_wall: float) -> float:
    """Epoch seconds of the next weekly forced log-in after the given moment."""
    return next(at for at in _logins(int(now_wall // _DAY)) if at > now_wall)


# ── the answers ─────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=16)
def _outages(region: Region | None, utc_day: int) -> tuple[Outage, ...]:
    """Every outage of IB's servers that touches a UTC day or the next one: padded, overlaps joined, in order."""
    found = []
    dates = _dates(utc_day, before=2, after=2)
    for window in RESET_WINDOWS:
        if region in (None, window.region):
            zone = ZoneInfo(window.zone)
            spans = (_span(day, window.begins, window.ends, zone) for day in dates)
            found += [Outage(OutageKind.RESET, *span, region) for span in spans]
    weekday, begins = _WEEKEND_BEGINS
    for day in dates:
        if day.weekday() == weekday:
            span = _span(day, begins, _WEEKEND_ENDS, ZoneInfo(NEW_YORK))
            found.append(Outage(OutageKind.WEEKEND, *span))
    return tuple(sorted(_joined(found), key=lambda o: o.began))


def _joined(outages: list[Outage]) -> list[Outage]:
    joined: list[Outage] = []
    for outage in sorted(outages, key=lambda o: (o.kind, o.began)):
        last = joined[-1] if joined else None
        if last and last.kind is outage.kind and outage.began <= last.ends:
            joined[-1] = replace(last, ends=max(last.ends, outage.ends))
        else:
            joined.append(outage)
    return joined


def _restarts(now_wall: float, restart_time: int, utc_offset: float, allowance: float) -> tuple[Outage, ...]:
    midnight = (now_wall + utc_offset) // _DAY * _DAY - utc_offset
    set_times = (midnight + day * _DAY + restart_time * 60.0 for day in (-1, 0, 1))
    return tuple(Outage(OutageKind.RESTART, at - _RESTART_LEAD, at + allowance) for at in set_times)


@lru_cache(maxsize=4)
def _logins(utc_day: int) -> tuple[float, ...]:
    zone = ZoneInfo(NEW_YORK)
    days = (day for day in _dates(utc_day, before=1, after=9) if day.weekday() == _SUNDAY)
    return tuple(datetime.combine(day, _LOGIN_DUE_AT, zone).timestamp() for day in days)


def _dates(utc_day: int, *, before: int, after: int) -> tuple[date, ...]:
    first = date(1970, 1, 1).toordinal() + utc_day
    return tuple(date.fromordinal(first + n) for n in range(-before, after + 1))


def _span(day: date, begins: time, ends: time, zone: ZoneInfo) -> tuple[float, float]:
    last = day if begins < ends else date.fromordinal(day.toordinal() + 1)
    began = datetime.combine(day, begins, zone).timestamp() - PADDING
    # Of an hour that a clock change repeats, the second one counts: the longer window is the safer guess.
    return began, datetime.combine(last, ends, zone).replace(fold=1).timestamp() + PADDING
