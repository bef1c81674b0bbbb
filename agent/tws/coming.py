"""What comes, ahead: the times at which IB's servers or the application should be away, and the weekly log-in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from agent.tws.calendar import OutageKind, next_login, outages_between
from agent.tws.reset_windows import Region

DAYS_AHEAD = 7
"""Whole days that are told ahead, besides what is left of today."""
RESTART_LASTS = 300.0
"""Seconds that the application may be away after its daily restart; it usually needs two to three minutes."""

LocalTime: TypeAlias = Callable[[date, int], float]
"""Epoch seconds of a day of the user's zone and its minutes after midnight, as its clock shows them."""


class ComingKind(StrEnum):
    """What comes."""

    RESET = "reset"
    WEEKEND = "weekend"
    RESTART = "restart"
    LOG_OFF = "log-off"
    LOGIN = "log-in"


class KnownFrom(StrEnum):
    """How something of the calendar is known."""

    API = "API settings"
    FILE = "settings file"
    LEARNT = "learnt"
    PAPER = "paper account"
    """Paper accounts are on the American servers."""


@dataclass(frozen=True, slots=True)
class DailyEnd:
    """The time of day at which the application ends every day."""

    minutes: int
    """After midnight of the user's clock."""
    restarts: bool
    """It comes back by itself; else it is logged off."""
    known_from: KnownFrom
    seen: tuple[int, int] | None = None
    """Where it was learnt: on how many days it ended then, and on how many it was watched at that time."""


@dataclass(frozen=True, slots=True)
class Coming:
    """One thing that comes, or is under way."""

    kind: ComingKind
    begins: float
    """Epoch seconds."""
    ends: float | None = None
    """Epoch seconds; None: it is a moment, or its end is not known."""
    region: Region | None = None
    """Of a reset: whose servers."""


def what_comes(
    now: float, today: date, local: LocalTime, *, region: Region | None, daily: DailyEnd | None
) -> tuple[Coming, ...]:
    """What comes from now (epoch seconds), or is under way, to the end of the last of `DAYS_AHEAD`; in order.

    `today` is the day of the user's zone. `region`: None where it is not known; then the windows of each region are
    told one by one. `daily`: None where it is not known. A reset inside IB's weekend window is not told.
    """
    until = local(day_after(today, DAYS_AHEAD + 1), 0)
    found = [*_resets(now, until, region), *_logins(now, until)]
    if daily is not None:
        found += _ends(now, today, local, daily)
    return tuple(sorted(found, key=lambda one: (one.begins, one.kind, one.region or "")))


def day_after(day: date, count: int) -> date:
    """The day `count` days later."""
    return date.fromordinal(day.toordinal() + count)


def _resets(now: float, until: float, region: Region | None) -> list[Coming]:
    regions = tuple(Region) if region is None else (region,)
    every = {outage for one in regions for outage in outages_between(now, until, one)}
    weekends = [o for o in every if o.kind is OutageKind.WEEKEND]
    return [
        Coming(ComingKind(outage.kind.value), outage.began, outage.ends, outage.region)
        for outage in every
        if outage in weekends or not any(w.began <= outage.began and outage.ends <= w.ends for w in weekends)
    ]


def _logins(now: float, until: float) -> list[Coming]:
    found, at = [], next_login(now)
    while at < until:
        found.append(Coming(ComingKind.LOGIN, at))
        at = next_login(at)
    return found


def _ends(now: float, today: date, local: LocalTime, daily: DailyEnd) -> list[Coming]:
    kind = ComingKind.RESTART if daily.restarts else ComingKind.LOG_OFF
    lasts = RESTART_LASTS if daily.restarts else 0.0
    # One of yesterday may be under way.
    times = [local(day_after(today, count), daily.minutes) for count in range(-1, DAYS_AHEAD + 1)]
    return [Coming(kind, at, at + lasts if daily.restarts else None) for at in times if at + lasts > now]
