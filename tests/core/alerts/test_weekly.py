"""The weekly summary is due once a week, at the same hour of the user's clock, whatever happens in between."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.alerts.weekly import Weekly, weekly

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)


def clock(zone: ZoneInfo) -> Callable[[date, int], float]:
    return lambda day, minutes: datetime.combine(day, time(minutes // 60, minutes % 60), zone).timestamp()


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def plan(now: str, said: float | None, *, wanted: bool = True, zone: ZoneInfo = BERLIN) -> Weekly:
    today = datetime.fromisoformat(now).date()
    return weekly(wanted=wanted, said=said, now=at(now, zone), today=today, local=clock(zone))


def test_it_is_due_on_monday_at_nine() -> None:
    last = at("2026-11-16T09:00")

    assert plan("2026-11-23T08:59", last) == Weekly(last)
    assert plan("2026-11-23T09:00", last) == Weekly(last, MONDAY)


@pytest.mark.parametrize("now", ["2026-11-23T22:00", "2026-11-26T06:00", "2026-11-30T08:59"])
def test_what_could_not_be_said_then_is_said_later_in_the_week(now: str) -> None:
    last = at("2026-11-16T09:00")

    assert plan(now, last) == Weekly(last, MONDAY)


def test_what_was_said_is_not_said_again() -> None:
    said = at("2026-11-23T09:01")

    assert plan("2026-11-23T09:02", said) == Weekly(said)
    assert plan("2026-11-30T08:59", said) == Weekly(said)


def test_after_weeks_without_the_agent_only_the_last_week_is_told() -> None:
    assert plan("2026-11-25T12:00", at("2026-10-05T09:00")).due == MONDAY


def test_of_the_weeks_before_it_was_wanted_nothing_is_told() -> None:
    now = "2026-11-25T12:00"

    assert plan(now, None) == Weekly(at(now))
    assert plan(now, at("2026-11-16T09:00"), wanted=False) == Weekly(None)


def test_after_a_clock_that_was_wrong_it_begins_anew() -> None:
    assert plan("2026-11-25T12:00", at("2031-01-01T00:00")) == Weekly(at("2026-11-25T12:00"))


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Sydney"])
@given(hours=st.lists(st.floats(0.1, 200.0), min_size=20, max_size=60), began=st.floats(1_700_000_000, 1_900_000_000))
def test_each_week_is_told_once_and_at_nine_or_later(zone: str, hours: list[float], began: float) -> None:
    """The agent looks now and then, over clock changes too."""
    own = ZoneInfo(zone)
    now, said, told = began, None, list[date]()
    for wait in hours:
        then = datetime.fromtimestamp(now, own)
        found = weekly(wanted=True, said=said, now=now, today=then.date(), local=clock(own))
        said = found.said
        if found.due is not None:
            assert found.due.weekday() == 0
            due = datetime.combine(found.due, time(9), own)
            assert due <= then < due + timedelta(days=7, hours=1)
            told.append(found.due)
            said = now
        now += wait * 3600

    assert told == sorted(set(told))
