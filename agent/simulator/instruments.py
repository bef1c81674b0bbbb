"""The few instruments of the simulated TWS, with prices and bars that are the same on every run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.tws.schema import Values, WireValue

_STOCK_EXCHANGES = "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,ISLAND,DRCTEDGE,BEX,BATS,EDGEA,IEX,OVERNIGHT"
_STOCK_HOURS = "20261123:0930-20261123:1600;20261124:0930-20261124:1600"
_CASH_HOURS = "20261122:1715-20261123:1700;20261123:1715-20261124:1700"


@dataclass(frozen=True, slots=True)
class SimulatedInstrument:
    """One instrument and the price around which it moves."""

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    long_name: str
    price: float
    """Middle of the price's slow swing, in the instrument's currency."""
    tick: float
    """Smallest step of the price."""
    farm: str
    """The market data farm that serves the instrument."""
    expiry: str = ""
    """Last day of a future, as YYYYMMDD."""
    multiplier: str = ""
    """The multiplier of a future."""

    @property
    def contract(self) -> Values:
        """The instrument as the contract of a message."""
        return {
            "con_id": self.con_id,
            "symbol": self.symbol,
            "sec_type": self.sec_type,
            "strike": 0.0,
            "exchange": self.exchange,
            "primary_exchange": self.primary_exchange,
            "currency": self.currency,
            "local_symbol": self.local_symbol,
            "trading_class": self.trading_class,
            **({"expiry": self.expiry, "multiplier": self.multiplier} if self.expiry else {}),
        }

    @property
    def details(self) -> Values:
        """The instrument as the contract details of a message."""
        cash = self.sec_type == "CASH"
        values: dict[str, WireValue] = {
            "market_name": self.trading_class,
            "min_tick": str(self.tick),
            "order_types": "ACTIVETIM,ALERT,LMT,MKT,STP",
            "valid_exchanges": self.exchange if cash else _STOCK_EXCHANGES,
            "price_magnifier": 1,
            "long_name": self.long_name,
            "industry": "" if cash else "Technology",
            "category": "" if cash else "Computers",
            "subcategory": "" if cash else "Computers",
            "time_zone": "US/Eastern",
            "trading_hours": _CASH_HOURS if cash else _STOCK_HOURS,
            "liquid_hours": _CASH_HOURS if cash else _STOCK_HOURS,
            "agg_group": 4 if cash else 1,
            "market_rules": "239" if cash else "26",
            "stock_type": "" if cash else "COMMON",
            "min_size": "0.01" if cash else "0.0001",
            "size_increment": "0.01" if cash else "0.0001",
            "suggested_size_increment": "100",
        }
        return values

    def quote(self, at: float) -> tuple[float, float, float]:
        """Bid, ask and last at a moment in epoch seconds: a slow swing of half a percent."""
        middle = self.price * (1 + 0.005 * math.sin(at / 97 + self.con_id))
        steps = round(middle / self.tick)
        digits = max(0, -math.floor(math.log10(self.tick)) + 1)
        return tuple(round((steps + step) * self.tick, digits) for step in (-1, 1, 0))  # type: ignore[return-value]


INSTRUMENTS = (
    SimulatedInstrument(
        265598, "AAPL", "STK", "SMART", "NASDAQ", "USD", "AAPL", "NMS", "APPLE INC", 231.4, 0.01, "usfarm"
    ),
    SimulatedInstrument(
        272093, "MSFT", "STK", "SMART", "NASDAQ", "USD", "MSFT", "NMS", "MICROSOFT CORP", 512.2, 0.01, "usfarm"
    ),
    SimulatedInstrument(
        756733, "SPY", "STK", "SMART", "ARCA", "USD", "SPY", "SPY", "SPDR S&P 500 ETF TRUST", 662.3, 0.01, "usfarm"
    ),
    SimulatedInstrument(
        12087792,
        "EUR",
        "CASH",
        "IDEALPRO",
        "",
        "USD",
        "EUR.USD",
        "EUR.USD",
        "European Monetary Union Euro",
        1.1562,
        0.00005,
        "cashfarm",
    ),
    # Two shares that differ in the exchange alone, so that a request without an exchange is ambiguous.
    SimulatedInstrument(
        900001, "TWIN", "STK", "SMART", "NYSE", "USD", "TWIN", "TWIN", "TWIN INDUSTRIES", 41.5, 0.01, "usfarm"
    ),
    SimulatedInstrument(
        900002, "TWIN", "STK", "SMART", "ARCA", "USD", "TWIN", "TWIN", "TWIN INCOME ETF", 27.1, 0.01, "usfarm"
    ),
    # A future has a contract for each expiry. The contracts are not told in the order of their expiries.
    SimulatedInstrument(
        900012, "ES", "FUT", "CME", "", "USD", "ESH7", "ES", "E-mini S&P", 6690.0, 0.25, "usfuture", "20270319", "50"
    ),
    SimulatedInstrument(
        900011, "ES", "FUT", "CME", "", "USD", "ESZ6", "ES", "E-mini S&P", 6630.0, 0.25, "usfuture", "20261218", "50"
    ),
)


def find_instrument(contract: Mapping[str, WireValue]) -> tuple[SimulatedInstrument, ...]:
    """The instruments that fit a client's contract; none for a contract that names nothing."""
    con_id = str(contract.get("con_id", "") or "0")
    if con_id != "0":
        return tuple(i for i in INSTRUMENTS if str(i.con_id) == con_id)

    def fits(instrument: SimulatedInstrument) -> bool:
        wanted = (
            ("symbol", instrument.symbol),
            ("sec_type", instrument.sec_type),
            ("currency", instrument.currency),
            ("local_symbol", instrument.local_symbol),
            ("expiry", instrument.expiry),
            ("primary_exchange", instrument.primary_exchange),
        )
        return all(str(contract.get(name) or value).upper() == value for name, value in wanted)

    if not (contract.get("symbol") or contract.get("local_symbol")):
        return ()
    return tuple(i for i in INSTRUMENTS if fits(i))


def matching(pattern: str) -> tuple[SimulatedInstrument, ...]:
    """The instruments whose symbol begins with the pattern, or whose name contains it."""
    wanted = pattern.strip().upper()
    return tuple(i for i in INSTRUMENTS if wanted and (i.symbol.startswith(wanted) or wanted in i.long_name.upper()))


_UNIT_SECONDS = {"S": 1, "D": 86400, "W": 7 * 86400, "M": 30 * 86400, "Y": 365 * 86400}
_BAR_UNITS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400, "week": 7 * 86400, "month": 30 * 86400}
_MOST_BARS = 2000


def _seconds_of_bar(text: str) -> int:
    """Seconds of a bar size such as `5 secs` or `1 day`. ValueError for anything else."""
    number, _, unit = text.strip().partition(" ")
    name = unit.strip().rstrip("s")
    if not number.isdigit() or name not in _BAR_UNITS:
        raise ValueError(f"Invalid bar size: {text}")
    return int(number) * _BAR_UNITS[name]


def _seconds_of_duration(text: str) -> int:
    """Seconds of a duration such as `30 S` or `1 D`. ValueError for anything else."""
    number, _, unit = text.strip().partition(" ")
    if not number.isdigit() or unit.strip().upper() not in _UNIT_SECONDS:
        raise ValueError("Historical Market Data Service error message:Invalid duration format.")
    return int(number) * _UNIT_SECONDS[unit.strip().upper()]


def _bar_date(at: float, seconds: int, date_format: int) -> str:
    """The date of a bar in the client's format: a date for days, else text or epoch seconds."""
    if seconds >= _BAR_UNITS["day"]:
        return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d")
    if date_format == 2:
        return str(int(at))
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%d %H:%M:%S UTC")


def bars(
    instrument: SimulatedInstrument, now: float, *, duration: str, bar_size: str, what: str, date_format: int
) -> tuple[Values, ...]:
    """The bars up to now, oldest first. ValueError, in TWS's words, for an unknown size."""
    seconds = _seconds_of_bar(bar_size)
    count = max(1, min(_MOST_BARS, math.ceil(_seconds_of_duration(duration) / seconds)))
    newest = math.floor(now / seconds) * seconds
    traded = instrument.sec_type != "CASH" and what.upper() == "TRADES"
    found: list[Values] = []
    for index in range(count):
        at = newest - (count - 1 - index) * seconds
        _, _, opened = instrument.quote(at)
        _, _, closed = instrument.quote(at + seconds * 0.9)
        found.append(
            {
                "date": _bar_date(at, seconds, date_format),
                "open": opened,
                "high": round(max(opened, closed) + instrument.tick, 6),
                "low": round(min(opened, closed) - instrument.tick, 6),
                "close": closed,
                "volume": str(1000 + at % 977) if traded else "-1",
                "wap": str(round((opened + closed) / 2, 6)) if traded else "-1",
                "count": 12 if traded else -1,
            }
        )
    return tuple(found)
