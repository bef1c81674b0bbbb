from datetime import UTC, datetime

from agent.core.clock import Moment

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC).timestamp()


def test_later_moves_both_clocks() -> None:
    assert Moment(5.0, NOON).later(90.0) == Moment(95.0, NOON + 90.0)


def test_earlier_and_later_readings_have_a_wall_time() -> None:
    now = Moment(100.0, NOON)

    assert now.wall_of(40.0) == NOON - 60.0
    assert now.wall_of(160.0) == NOON + 60.0
