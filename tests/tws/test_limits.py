"""The limits of TWS as sliding windows."""

import pytest

from agent.tws import limits
from agent.tws.limits import safe_again


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


@pytest.mark.parametrize(("lines", "messages"), [(100, 50), (200, 100), (0, 50), (1100, 550)])
def test_the_message_rate_grows_with_the_data_lines(lines: int, messages: int) -> None:
    assert limits.messages_per_second(lines) == messages
