"""Which ports an application has by default."""

import pytest

from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.ports import default_ports, port_in


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("4002", 4002),
        ("65535", 65535),
        ("65536", None),
        ("0", None),
        ("-1", None),
        ("٤٠٠٢", None),
        ("²", None),
        ("", None),
        ("1" * 5000, None),
    ],
)
def test_a_port_in_a_text_of_a_stranger_is_one_or_none(text: str, port: int | None) -> None:
    assert port_in(text) == port


def test_default_ports_narrow_down_with_what_is_known() -> None:
    assert default_ports(None, None) == (7496, 7497, 4001, 4002)
    assert default_ports(ApplicationKind.GATEWAY, None) == (4001, 4002)
    assert default_ports(ApplicationKind.UNKNOWN, TradingMode.PAPER) == (7497, 4002)
    assert default_ports(ApplicationKind.TWS, TradingMode.LIVE) == (7496,)
