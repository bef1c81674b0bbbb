from datetime import UTC, datetime

from agent.core.clock import Moment, time_of_day

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def test_later_moves_both_clocks() -> None:
    assert Moment(5.0, NOON).later(90.0) == Moment(95.0, NOON + 90.0)


def test_earlier_and_later_readings_have_a_wall_time() -> None:
    now = Moment(100.0, NOON)

    assert now.wall_of(40.0) == NOON - 60.0
    assert now.wall_of(160.0) == NOON + 60.0


def test_the_time_of_day_is_that_of_the_users_clock() -> None:
    assert time_of_day(NOON, 0.0) == "12:00"
    assert time_of_day(NOON, -5 * 3600.0) == "07:00"
    assert time_of_day(NOON, 13 * 3600.0 + 1800) == "01:30"
