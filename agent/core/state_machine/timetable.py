"""When a program is usually connected, learnt from the quarters of an hour of the last days.

A quarter counts where the port was served and seen throughout it: an outage, or a time without an agent, says nothing
of a program. Workdays are compared with workdays, a Saturday or Sunday with the same day of earlier weeks.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from agent.core.memory import DayKept, PortKept, ProgramKept
from agent.tws.time_zone import TimeZone

QUARTER = 900.0
"""Seconds."""
DAYS_KEPT = 16
"""Days that are remembered: two of each day of the week, and two more."""
_PER_DAY = 96
_WORKDAYS, _WEEKENDS = 5, 2
"""Days seen, of a kind, from which on a habit is one."""
_MOSTLY = 0.75
"""Share of these days on which a program was connected, from which on it usually is: 4 of 5."""
_AHEAD = 4
"""Quarters within which the next one tells, where nothing is known of this one: a restart at the same time every night
leaves a quarter unknown."""
_MARGIN = 4
"""Quarters before and after, which must be usual too: a program that goes by the clock of another zone comes and goes
an hour earlier or later for some weeks of the year, and users are not punctual."""


def quarter_of(wall: float, zone: TimeZone) -> int:
    """The number of a local quarter, counted from 1970. `wall`: epoch seconds."""
    return int(zone.shown(wall) // QUARTER)


def day_of(quarter: int) -> int:
    """The local day of a quarter, in days since 1970-01-01."""
    return quarter // _PER_DAY


def marked(days: Sequence[DayKept], quarter: int) -> tuple[DayKept, ...]:
    """The days with one more quarter; days that are too old are left out."""
    day, bit = day_of(quarter), 1 << quarter % _PER_DAY
    kept = [d for d in days if day - DAYS_KEPT < d.day != day]
    today = next((d.quarters for d in days if d.day == day), 0)
    return tuple(sorted((*kept, DayKept(day, today | bit)), key=lambda d: d.day))


def counted(kept: PortKept, quarter: int, there: Sequence[object]) -> PortKept:
    """The port with a quarter that is over: it was seen throughout, and these programs (by key) were connected."""
    programs = tuple(replace(p, days=marked(p.days, quarter)) if p.id.key in there else p for p in kept.programs)
    return replace(kept, observed=marked(kept.observed, quarter), programs=programs)


def usually(kept: PortKept, program: ProgramKept, quarter: int) -> bool | None:
    """Whether a program is usually connected in a quarter; None where too little is known, or days contradict."""
    told = _told(kept, program, quarter)
    if not told:
        return None
    latest = [present for _, present in told[:_WORKDAYS]]
    same_day = _same_day(told, quarter)
    part = sum(latest) / len(latest)
    if part >= _MOSTLY and len(latest) >= _enough(quarter) and same_day:
        return True
    return False if part < 0.5 and not same_day else None


def expected(kept: PortKept, program: ProgramKept, quarter: int) -> bool | None:
    """Whether a program that was cut off should be connected now; None where nothing is known of its habits."""
    ahead = (usually(kept, program, quarter + n) for n in range(_AHEAD + 1))
    return next((told for told in ahead if told is not None), None)


def never_then(kept: PortKept, program: ProgramKept, quarter: int) -> bool:
    """Whether a program was connected in a quarter on none of the days on which that was seen, of whatever kind.

    For the first days, on which no habit of this kind of day is known: how the others went is all there is.
    """
    told = _told(kept, program, quarter, alike=lambda _: True)
    return bool(told) and not any(present for _, present in told)


def surely_expected(kept: PortKept, program: ProgramKept, quarter: int, *, always: bool) -> bool:
    """Whether a program that is not connected usually is, now and for an hour before and after.

    `always`: only where it was on every day that is remembered.
    """
    around = range(quarter - _MARGIN, quarter + _MARGIN + 1)
    told = {n: _told(kept, program, n) for n in around}
    if any(_same_day(told[n], n) is False for n in around):
        return False
    if always and not all(present for n in around for _, present in told[n]):
        return False
    usual = {n: usually(kept, program, n) for n in around}
    return usual[quarter] is True and False not in usual.values() and list(usual.values()).count(True) > _MARGIN


def _told(
    kept: PortKept, program: ProgramKept, quarter: int, alike: Callable[[int], bool] | None = None
) -> list[tuple[int, bool]]:
    """The days on which this quarter was seen, the latest first, and whether it was connected.

    `alike`: which weekdays count, Monday 0; None: those of the same kind.
    """
    day, bit = day_of(quarter), 1 << quarter % _PER_DAY
    counts = alike or partial(_alike, _weekday(day))
    its, at = {d.day: d.quarters for d in program.days}, quarter % _PER_DAY
    return [
        (d.day, bool(its.get(d.day, 0) & bit))
        for d in reversed(kept.observed)
        if d.day < day and program.first <= d.day * _PER_DAY + at and d.quarters & bit and counts(_weekday(d.day))
    ]


def _same_day(told: Sequence[tuple[int, bool]], quarter: int) -> bool | None:
    """Whether it was connected on the same day of the latest week that tells; None where none does."""
    weekday = _weekday(day_of(quarter))
    return next((present for day, present in told if _weekday(day) == weekday), None)


def _enough(quarter: int) -> int:
    return _WORKDAYS if _weekday(day_of(quarter)) < 5 else _WEEKENDS


def _weekday(day: int) -> int:
    """Monday 0; the first of 1970 was a Thursday."""
    return (day + 3) % 7


def _alike(one: int, other: int) -> bool:
    return one == other or (one < 5 and other < 5)
