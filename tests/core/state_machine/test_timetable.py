from dataclasses import replace

import pytest

from agent.core.memory import DayKept, PortKept, ProgramId, ProgramKept
from agent.core.state_machine.timetable import (
    DAYS_KEPT,
    counted,
    day_of,
    expected,
    marked,
    never_then,
    quarter_of,
    surely_expected,
    usually,
)
from agent.tws.time_zone import TimeZone

MONDAY = 20_514
"""2026-03-02, in days since 1970."""
NINE = 36
ALL = (1 << 96) - 1


def port(days: dict[int, int], observed: dict[int, int] | None = None) -> tuple[PortKept, ProgramKept]:
    """What was seen from a Monday on, by day: the quarters of the program, and those of the port."""
    program = ProgramKept(
        ProgramId("bot"), (MONDAY - 1) * 96, tuple(DayKept(MONDAY + day, quarters) for day, quarters in days.items())
    )
    seen = dict.fromkeys(days, ALL) if observed is None else observed
    return PortKept(
        "Paper", observed=tuple(DayKept(MONDAY + day, quarters) for day, quarters in seen.items()), programs=(program,)
    ), program


def at(day: int, quarter: int = NINE) -> int:
    return (MONDAY + day) * 96 + quarter


def test_a_quarter_is_of_the_local_day() -> None:
    assert quarter_of(0.0, TimeZone()) == 0
    assert quarter_of(900.0 * 95, TimeZone(900.0)) == 96
    assert quarter_of(0.0, TimeZone(-1.0)) == -1
    assert day_of(at(3)) == MONDAY + 3


def test_marking_keeps_the_last_days() -> None:
    days: tuple[DayKept, ...] = ()
    for day in range(DAYS_KEPT + 5):
        days = marked(marked(days, at(day, 0)), at(day, 95))

    assert len(days) == DAYS_KEPT
    assert days[-1] == DayKept(MONDAY + DAYS_KEPT + 4, 1 | 1 << 95)


def test_a_quarter_is_counted_for_those_that_were_there() -> None:
    kept, program = port({})
    other = replace(program, id=ProgramId("other"))
    after = counted(replace(kept, programs=(program, other)), at(0), (program.id.key,))

    assert after.observed == (DayKept(MONDAY, 1 << NINE),)
    assert [p.days for p in after.programs] == [after.observed, ()]


@pytest.mark.parametrize(
    ("days", "day", "told"),
    [
        (dict.fromkeys((0, 1, 2, 3, 4), ALL), 7, True),
        (dict.fromkeys((0, 1, 2, 3), ALL), 4, None),
        (dict.fromkeys((0, 1, 2, 3, 4), 0), 7, False),
        ({}, 7, None),
        # Never on a weekend, and always on Mondays.
        ({**dict.fromkeys((0, 1, 2, 3, 4), ALL), 5: 0, 6: 0}, 12, False),
        (dict.fromkeys((0, 1, 2, 3, 4), ALL), 5, None),
        (dict.fromkeys((5, 12), ALL), 19, True),
        # Days that contradict: most days, but not the last Monday; few days, but the last Monday.
        ({0: 0, **dict.fromkeys((1, 2, 3, 4), ALL)}, 7, None),
        ({0: ALL, **dict.fromkeys((1, 2, 3, 4), 0)}, 7, None),
    ],
)
def test_a_habit_is_what_was_so_on_most_of_the_last_days(days: dict[int, int], day: int, told: bool | None) -> None:
    assert usually(*port(days), at(day)) is told


def test_days_before_it_was_there_say_nothing() -> None:
    kept, program = port(dict.fromkeys((0, 1, 2, 3, 4), 0))

    assert usually(kept, replace(program, first=at(4) + 1), at(7)) is None


def test_what_is_unknown_is_told_by_the_next_quarters() -> None:
    known = ALL ^ (0b11 << NINE)
    kept, program = port(dict.fromkeys((0, 1, 2, 3, 4), known), dict.fromkeys((0, 1, 2, 3, 4), known))

    assert usually(kept, program, at(7)) is None
    assert expected(kept, program, at(7)) is True
    assert expected(*port({}), at(7)) is None


def test_where_no_day_of_the_kind_is_known_the_others_tell_when_it_is_never_there() -> None:
    evening = 80
    kept, bot = port({3: ALL >> 20 & ALL, 4: ALL >> 20})

    assert (usually(kept, bot, at(5, evening)), never_then(kept, bot, at(5, evening))) == (None, True)
    assert not never_then(kept, bot, at(5))
    assert not never_then(*port({3: ALL >> 20, 4: ALL}), at(5, evening))
    assert not never_then(*port({}), at(5, evening))


def test_an_hour_before_and_after_must_be_usual_too() -> None:
    office = sum(1 << quarter for quarter in range(NINE, 64))
    week = dict.fromkeys((0, 1, 2, 3, 4), office)
    sure = [q for q in range(96) if surely_expected(*port(week, dict.fromkeys(week, ALL)), at(7, q), always=False)]

    assert (sure[0], sure[-1]) == (NINE + 4, 63 - 4)


def test_always_means_every_day() -> None:
    most = {**dict.fromkeys(range(5), ALL), **dict.fromkeys(range(7, 12), ALL), 1: 0}

    assert surely_expected(*port(most), at(14), always=False)
    assert not surely_expected(*port(most), at(14), always=True)
