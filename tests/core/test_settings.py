import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.settings import ConnectionSettings, Intent, NotificationSettings, QuietHours, Settings

MINUTE = st.integers(0, 1439)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "::1", "[::1]", "127.1.2.3"])
def test_this_machine_has_many_names(host: str) -> None:
    assert ConnectionSettings(name="x", host=host).local


@pytest.mark.parametrize("host", ["192.0.2.7", "nas.example", "128.0.0.1", "127.0.0.1.example", "127.0.0.300", ""])
def test_another_machine_is_not_this_one(host: str) -> None:
    assert not ConnectionSettings(name="x", host=host).local


def test_the_defaults_are_those_of_the_contract() -> None:
    connection = ConnectionSettings(name="x")

    assert (connection.port, connection.client_id, connection.auto_connect) == ("auto", "auto", True)
    assert connection.intent is Intent.TRADE
    assert NotificationSettings().repeat_after == 1800.0
    assert Settings().connections == ()


def test_quiet_hours_include_their_start_and_not_their_end() -> None:
    night = QuietHours(22 * 60, 7 * 60)

    assert [night.covers(minute) for minute in (22 * 60, 0, 7 * 60 - 1, 7 * 60, 22 * 60 - 1)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert QuietHours(60, 120).covers(60)
    assert not QuietHours(60, 120).covers(120)


@given(MINUTE, MINUTE, MINUTE)
def test_hours_and_the_hours_the_other_way_round_make_a_day(start: int, end: int, minute: int) -> None:
    if start != end:
        assert QuietHours(start, end).covers(minute) is not QuietHours(end, start).covers(minute)
