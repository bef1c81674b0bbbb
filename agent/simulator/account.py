"""The content of the simulated accounts: values, positions, one fill, and one resting order entered by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agent.simulator.instruments import INSTRUMENTS, SimulatedInstrument
from agent.tws.schema import Values

AAPL, MSFT, SPY, EURUSD = INSTRUMENTS[:4]

_HOLDINGS: tuple[tuple[SimulatedInstrument, float, float], ...] = (
    (AAPL, 100.0, 212.35),
    (SPY, 25.0, 601.1),
    (EURUSD, 5000.0, 1.149),
)
"""Instrument, size, average cost."""

MANUAL_CLIENT_ID = 0
"""Orders entered in TWS by hand belong to client ID 0."""

RESTING_ORDER_ID = 3
"""The ID of the manual order; it is below the next valid ID."""

NEXT_ORDER_ID = 11
"""The next valid order ID of a fresh session."""


def account_values(account: str, now: float, ready: bool) -> Iterator[Values]:
    """Everything TWS tells about an account. `ready` is False while the link to IB's servers is down."""
    worth = sum(size * instrument.quote(now)[2] for instrument, size, _ in _HOLDINGS)
    cash = 52_340.17
    words = {"AccountCode": account, "AccountReady": "true" if ready else "false", "AccountType": "INDIVIDUAL"}
    for key, word in words.items():
        yield {"account": account, "key": key, "value": word, "currency": ""}
    for key, amount in (
        ("NetLiquidation", cash + worth),
        ("TotalCashValue", cash),
        ("SettledCash", cash),
        ("AccruedCash", 0.0),
        ("BuyingPower", (cash + worth / 2) * 4),
        ("EquityWithLoanValue", cash + worth),
        ("GrossPositionValue", worth),
        ("InitMarginReq", worth * 0.3),
        ("MaintMarginReq", worth * 0.25),
        ("AvailableFunds", cash + worth * 0.7),
        ("ExcessLiquidity", cash + worth * 0.75),
        ("Cushion", 0.8),
        ("UnrealizedPnL", sum(size * (i.quote(now)[2] - cost) for i, size, cost in _HOLDINGS)),
        ("RealizedPnL", 0.0),
    ):
        currency = "" if key == "Cushion" else "USD"
        yield {"account": account, "key": key, "value": f"{amount:.2f}", "currency": currency}


def portfolio(account: str, now: float) -> Iterator[Values]:
    """The holdings as portfolio values."""
    for instrument, size, cost in _HOLDINGS:
        price = instrument.quote(now)[2]
        yield {
            "contract": instrument.contract,
            "position": f"{size:g}",
            "price": price,
            "value": round(size * price, 2),
            "average_cost": cost,
            "unrealized": round(size * (price - cost), 2),
            "realized": 0.0,
            "account": account,
        }


def positions(account: str) -> Iterator[Values]:
    """The holdings as positions."""
    for instrument, size, cost in _HOLDINGS:
        yield {
            "account": account,
            "contract": {**instrument.contract, "exchange": instrument.primary_exchange},
            "position": f"{size:g}",
            "average_cost": cost,
        }


def executions(account: str, now: float) -> Iterator[Values]:
    """The only fill, an hour ago."""
    filled = datetime.fromtimestamp(now, UTC) - timedelta(hours=1)
    yield {
        "contract": {**MSFT.contract, "exchange": "ISLAND"},
        "execution": {
            "order_id": 1,
            "execution_id": "0000e0d5.67a1b2c3.01.01",
            "time": filled.strftime("%Y%m%d %H:%M:%S UTC"),
            "account": account,
            "exchange": "ISLAND",
            "side": "BOT",
            "shares": "10",
            "price": 511.87,
            "perm_id": 1748203911,
            "client_id": MANUAL_CLIENT_ID,
            "cumulative": "10",
            "average_price": 511.87,
            "liquidity": 2,
        },
    }


COMMISSION: Values = {"execution_id": "0000e0d5.67a1b2c3.01.01", "amount": 1.0, "currency": "USD", "realized": 0.0}
"""The commission of that fill."""


def resting_order(account: str) -> tuple[Values, Values]:
    """The order entered by hand, and its status."""
    perm_id = 1748203912
    order: Values = {
        "order_id": RESTING_ORDER_ID,
        "contract": AAPL.contract,
        "order": {
            "order_id": RESTING_ORDER_ID,
            "client_id": MANUAL_CLIENT_ID,
            "perm_id": perm_id,
            "action": "BUY",
            "quantity": "10",
            "order_type": "LMT",
            "limit_price": 180.0,
            "aux_price": 0.0,
            "tif": "GTC",
            "account": account,
        },
        "state": {"status": "Submitted"},
    }
    status: Values = {
        "order_id": RESTING_ORDER_ID,
        "status": "Submitted",
        "filled": "0",
        "remaining": "10",
        "average_price": 0.0,
        "perm_id": perm_id,
        "last_price": 0.0,
        "client_id": MANUAL_CLIENT_ID,
    }
    return order, status
