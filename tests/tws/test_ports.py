"""Which ports an application has by default."""

from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.ports import default_ports


def test_default_ports_narrow_down_with_what_is_known() -> None:
    assert default_ports(None, None) == (7496, 7497, 4001, 4002)
    assert default_ports(ApplicationKind.GATEWAY, None) == (4001, 4002)
    assert default_ports(ApplicationKind.UNKNOWN, TradingMode.PAPER) == (7497, 4002)
    assert default_ports(ApplicationKind.TWS, TradingMode.LIVE) == (7496,)
