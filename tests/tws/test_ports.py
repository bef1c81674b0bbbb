"""Which hosts mean this machine, and which ports an application has by default."""

import pytest

from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.ports import default_ports, is_local


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", " localhost ", "::1", "[::1]", "0.0.0.0", "::"]
)
def test_these_hosts_mean_this_machine(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["192.168.1.20", "128.0.0.1", "127.0.0", "127.0.0.256", "fe80::1", "trader-pc", ""])
def test_these_hosts_need_not(host: str) -> None:
    assert not is_local(host)


def test_default_ports_narrow_down_with_what_is_known() -> None:
    assert default_ports(None, None) == (7496, 7497, 4001, 4002)
    assert default_ports(ApplicationKind.GATEWAY, None) == (4001, 4002)
    assert default_ports(ApplicationKind.UNKNOWN, TradingMode.PAPER) == (7497, 4002)
    assert default_ports(ApplicationKind.TWS, TradingMode.LIVE) == (7496,)
