"""The limits of TWS as sliding windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws import limits
from agent.tws.limits import HistoricalRequest, MessageRate, Pacing, SlidingWindow, safe_again

TICKS = HistoricalRequest("AAPL@SMART", "TRADES", bar_seconds=5)


def other(number: int, what: str = "TRADES") -> HistoricalRequest:
    return HistoricalRequest(f"STOCK{number}@SMART", what, bar_seconds=5)


def test_a_full_window_opens_when_the_oldest_leaves_it() -> None:
    window = SlidingWindow(2, 10.0).with_one(0.0).with_one(4.0)

    assert window.used(4.0) == 2
    assert window.free_at(5.0) == 10.0
    assert window.free_at(5.0, weight=2) == 14.0
    assert window.free_at(10.0) == 10.0
    assert window.used(10.0) == 1


def test_a_weight_that_never_fits_is_refused() -> None:
    with pytest.raises(ValueError, match="never fits"):
        SlidingWindow(1, 10.0).free_at(0.0, weight=2)


@given(
    limit=st.integers(1, 8),
    seconds=st.floats(0.5, 20),
    gaps=st.lists(st.floats(0, 5), max_size=40),
)
def test_whoever_waits_for_the_window_never_breaks_it(limit: int, seconds: float, gaps: list[float]) -> None:
    window, now, sent = SlidingWindow(limit, seconds), 0.0, list[float]()
    for gap in gaps:
        now = window.free_at(now + gap)
        window = window.with_one(now)
        sent.append(now)

    for at in sent:
        assert sum(earlier <= at < earlier + seconds for earlier in sent) <= limit


def test_sixty_different_requests_pass_and_the_next_waits_for_ten_minutes() -> None:
    pacing = Pacing()
    for number in range(60):
        assert pacing.free_at(other(number), float(number)) == number
        pacing = pacing.with_one(other(number), float(number))

    assert pacing.free_at(other(60), 60.0) == 600.0
    assert pacing.free_at(other(60), 601.0) == 601.0


def test_bid_ask_counts_twice() -> None:
    pacing = Pacing()
    for number in range(30):
        pacing = pacing.with_one(other(number, "BID_ASK"), float(number))

    assert pacing.overall.used(30.0) == 60
    assert pacing.free_at(other(99), 30.0) == 600.0


def test_the_identical_request_waits_fifteen_seconds_another_one_does_not() -> None:
    pacing = Pacing().with_one(TICKS, 100.0)

    assert pacing.free_at(TICKS, 101.0) == 115.0
    assert pacing.free_at(TICKS, 115.0) == 115.0
    assert pacing.free_at(other(1), 101.0) == 101.0


def test_the_sixth_request_for_one_contract_waits_out_two_seconds() -> None:
    pacing = Pacing()
    for number in range(5):
        request = HistoricalRequest("AAPL@SMART", "TRADES", 5, end=f"day {number}")
        assert pacing.free_at(request, 10.0 + number / 10) == 10.0 + number / 10
        pacing = pacing.with_one(request, 10.0 + number / 10)
    sixth = HistoricalRequest("AAPL@SMART", "TRADES", 5, end="day 5")

    assert pacing.free_at(sixth, 10.5) == 12.0
    assert pacing.free_at(HistoricalRequest("AAPL@SMART", "MIDPOINT", 5), 10.5) == 10.5


def test_bars_of_a_minute_are_not_counted() -> None:
    minute = HistoricalRequest("AAPL@SMART", "TRADES", bar_seconds=60)
    pacing = Pacing().with_one(minute, 1.0)

    assert pacing == Pacing()
    assert pacing.free_at(minute, 1.0) == 1.0


def test_the_forty_sixth_message_of_a_second_waits() -> None:
    rate = MessageRate()
    for number in range(45):
        assert rate.free_at(number / 100) == number / 100
        rate = rate.with_one(number / 100)

    assert rate.free_at(0.5) == 1.0


@pytest.mark.parametrize(("lines", "messages", "depths"), [(100, 50, 3), (200, 100, 4), (0, 50, 3), (1100, 550, 13)])
def test_rates_and_depths_grow_with_the_data_lines(lines: int, messages: int, depths: int) -> None:
    assert limits.messages_per_second(lines) == messages
    assert limits.depths(lines) == depths
    assert messages > limits.OUR_MESSAGES_PER_SECOND


@pytest.mark.parametrize(("connected", "left"), [(0, 32), (31, 1), (32, 0), (40, 0)])
def test_thirty_two_clients_fit(connected: int, left: int) -> None:
    assert limits.clients_left(connected) == left


@pytest.mark.parametrize(("violations", "seconds"), [(0, 30), (1, 30), (2, 60), (3, 120), (9, 120)])
def test_after_a_pacing_violation_the_wait_grows(violations: int, seconds: float) -> None:
    text = "Historical Market Data Service error message:API historical data query pacing violation"

    assert safe_again(162, text, 1000.0, violations) == 1000.0 + seconds
    assert (
        safe_again(420, "Invalid Real-time Query:Historical data request pacing violation", 0.0, violations) == seconds
    )


def test_after_too_many_messages_a_second_of_silence_is_enough() -> None:
    assert safe_again(100, "Max rate of messages per second has been exceeded:max=50 rec=51 (1)", 10.0) == 11.0
    assert safe_again(100, "", 10.0, violations=3) == 13.0


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (162, "Historical Market Data Service error message:HMDS query returned no data: AAPL@SMART Trades"),
        (162, "Historical Market Data Service error message:API historical data query cancelled: 5"),
        (420, "Invalid Real-time Query:No market data permissions for ISLAND STK"),
        (162, "Trading TWS session is connected from a different IP address"),
        (354, ""),
        (99999, "pacing violation"),
    ],
)
def test_waiting_does_not_help_against_other_causes(code: int, text: str) -> None:
    assert safe_again(code, text, 0.0) is None


def test_an_unreadable_text_gets_the_benefit_of_the_doubt() -> None:
    assert safe_again(162, "历史市场数据服务错误信息", 5.0) == 35.0
