from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.core.clock import Moment, beside_today, day_and_time, lasting, next_morning, time_of_day, took
from agent.tws.time_zone import TimeZone
from tests.time_zones import CLOCKS_CHANGE, zone_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def test_later_moves_both_clocks() -> None:
    assert Moment(5.0, NOON).later(90.0) == Moment(95.0, NOON + 90.0)


def test_earlier_and_later_readings_have_a_wall_time() -> None:
    now = Moment(100.0, NOON)

    assert now.wall_of(40.0) == NOON - 60.0
    assert now.wall_of(160.0) == NOON + 60.0


def test_the_time_of_day_is_that_of_the_users_clock() -> None:
    assert time_of_day(NOON, TimeZone()) == "12:00"
    assert time_of_day(NOON, TimeZone(-5 * 3600.0)) == "07:00"
    assert time_of_day(NOON, TimeZone(13 * 3600.0 + 1800)) == "01:30"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0 s"),
        (2.04, "2 s"),
        (2.5, "2.5 s"),
        (-7.4, "7.4 s"),
        (9.96, "10 s"),
        (119.4, "119 s"),
        (119.6, "2 min"),
        (3599.0, "1 h"),
        (7800.0, "2 h 10 min"),
        (47 * 3600.0, "47 h"),
        (48 * 3600.0 - 29, "2 days"),
        (50 * 3600.0, "2 days 2 h"),
        (71.9 * 3600.0, "3 days"),
        (95.6 * 3600.0, "4 days"),
        (95.4 * 3600.0, "3 days 23 h"),
    ],
)
def test_a_duration_is_told_as_a_person_would(seconds: float, told: str) -> None:
    assert lasting(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.00001, "under 0.1 ms"),
        (0.0004, "0.4 ms"),
        (0.0042, "4.2 ms"),
        (0.00999, "10 ms"),
        (0.999, "999 ms"),
        (0.9999, "1.0 s"),
        (8.4376, "8.4 s"),
    ],
)
def test_an_answer_is_told_in_the_unit_that_fits(seconds: float, told: str) -> None:
    assert took(seconds) == told


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (0, "12:00"),
        (-1, "Sunday 12:00"),
        (6, "Sunday 12:00"),
        (-7, "16 November 12:00"),
        (7, "30 November 12:00"),
    ],
)
def test_a_day_is_named_so_that_it_can_only_be_one(days: int, told: str) -> None:
    today = datetime.fromtimestamp(NOON, UTC)

    assert day_and_time(today + timedelta(days=days), today) == told


def test_a_time_is_told_with_its_day_by_the_users_clock() -> None:
    assert beside_today(NOON, NOON + 3600, TimeZone()) == "12:00"
    assert beside_today(NOON, NOON + 2 * 86400, TimeZone()) == "Monday 12:00"
    # Ten at night, two hours before the day of `now` begins.
    assert beside_today(NOON, NOON + 3 * 3600, TimeZone(10 * 3600.0)) == "yesterday 22:00"


@pytest.mark.parametrize(("name", "day"), CLOCKS_CHANGE)
def test_the_morning_after_the_clocks_change_is_at_six_by_the_clock(name: str, day: date) -> None:
    zone = zone_of(name)
    evening = datetime.combine(day - timedelta(days=1), time(22), ZoneInfo(name)).timestamp()

    morning = next_morning(evening, zone)

    assert morning == datetime.combine(day, time(6), ZoneInfo(name)).timestamp()
    assert beside_today(morning, evening, zone) == "tomorrow 06:00"
    assert beside_today(evening, morning, zone) == "yesterday 22:00"


@pytest.mark.parametrize(
    ("now", "offset", "told"),
    [
        (NOON, 0.0, "tomorrow 06:00"),
        (NOON + 13 * 3600, 0.0, "06:00"),
        (NOON + 17 * 3600, 0.0, "06:00"),
        # Half an hour before, that morning is no rest.
        (NOON + 17.5 * 3600, 0.0, "tomorrow 06:00"),
        (NOON, -5 * 3600.0, "tomorrow 06:00"),
        (NOON, 13 * 3600.0 + 1800, "06:00"),
    ],
)
def test_the_next_morning_is_one_that_is_at_least_an_hour_away(now: float, offset: float, told: str) -> None:
    morning = next_morning(now, TimeZone(offset))

    assert beside_today(morning, now, TimeZone(offset)) == told
    assert 3600.0 <= morning - now < 25 * 3600.0
