import pytest

from agent.core.facts import SessionFacts
from agent.tws.applications import TradingMode
from tests.problems.scene import gateway, tws


@pytest.mark.parametrize(
    ("accounts", "mode"),
    [
        ((), TradingMode.UNKNOWN),
        (("DU1234567",), TradingMode.PAPER),
        (("du1234567", "DF7654321"), TradingMode.PAPER),
        (("U1234567", "F7654321"), TradingMode.LIVE),
        (("U1234567", "DU7654321"), TradingMode.UNKNOWN),
    ],
)
def test_the_accounts_prove_the_trading_mode(accounts: tuple[str, ...], mode: TradingMode) -> None:
    assert SessionFacts(accounts=accounts).trading_mode is mode


def test_a_process_is_named_without_anything_private() -> None:
    assert gateway().label == "IB Gateway 10.45 (pid 3117)"
    assert tws(version=None).label == "TWS (pid 2020)"
