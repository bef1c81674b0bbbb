import pytest

from agent.core.session_facts import SessionFacts
from agent.tws.applications import TradingMode


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
