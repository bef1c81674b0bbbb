"""A time zone as a value: the same as the data base of time zones says, on both sides of each change of the clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.time_zone import ClockChange, TimeZone, time_zone
from tests.time_zones import CLOCKS_CHANGE, zone_of

ZONES = {name: zone_of(name) for name, _ in CLOCKS_CHANGE}
YEAR = (datetime(2027, 1, 1, 12, tzinfo=UTC).timestamp(), datetime(2027, 12, 31, 12, tzinfo=UTC).timestamp())


@given(st.sampled_from(sorted(ZONES)), st.floats(*YEAR))
def test_every_moment_is_told_by_the_offset_of_its_own_day(name: str, epoch: float) -> None:
    epoch = float(int(epoch))
    there = datetime.fromtimestamp(epoch, ZoneInfo(name))

    assert ZONES[name].local(epoch).replace(tzinfo=None) == there.replace(tzinfo=None)


@given(st.sampled_from(sorted(ZONES)), st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.integers(0, 1439))
def test_a_time_of_a_day_is_found_once_or_twice_or_an_hour_later(name: str, day: date, minutes: int) -> None:
    wanted = datetime.combine(day, time(*divmod(minutes, 60)), ZoneInfo(name))
    first, second = (wanted.replace(fold=fold).timestamp() for fold in (0, 1))

    # Of a time that a change skips, the data base tells the one after the gap first.
    assert ZONES[name].times(day, minutes) == ((first, second) if first < second else (first,))
    assert ZONES[name].time(day, minutes) == first


@pytest.mark.parametrize(("name", "day"), CLOCKS_CHANGE)
def test_the_change_is_found_to_the_second(name: str, day: date) -> None:
    (change,) = [one for one in ZONES[name].changes if ZONES[name].local(one.at).date() == day]
    before, after = (datetime.fromtimestamp(change.at + n, ZoneInfo(name)).utcoffset() for n in (-1, 0))

    assert before != after == timedelta(seconds=change.utc_offset)
    assert len(ZONES[name].changes) == 2


def test_without_changes_it_is_one_offset() -> None:
    assert time_zone(lambda _: 19_800.0, range(20_000, 20_400)) == TimeZone(19_800.0)
    assert TimeZone().local(0.0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert TimeZone(3600.0, (ClockChange(7200.0, 0.0),)).times(date(1970, 1, 1), 2 * 60) == (3600.0, 7200.0)
