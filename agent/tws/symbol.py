"""Reads what a user types for an instrument as a contract: a share, a currency pair or a future.

Only for the market data self-test. Options, bonds and other instruments that need more than one word are not read.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class SecurityType(StrEnum):
    """Kind of contract, in the API's own words."""

    STOCK = "STK"
    FOREX = "CASH"
    FUTURE = "FUT"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A contract as a request names it; IB chooses what is empty."""

    text: str
    """As typed, in upper case."""
    security_type: SecurityType
    symbol: str
    exchange: str
    currency: str = ""
    primary_exchange: str = ""

    @property
    def history(self) -> str:
        """The kind of historical data to ask for: a currency pair has no trades."""
        return "MIDPOINT" if self.security_type is SecurityType.FOREX else "TRADES"

    @property
    def words(self) -> str:
        """The contract in words, like "the share AAPL, in USD"."""
        match self.security_type:
            case SecurityType.STOCK:
                where = f" at {self.primary_exchange}" if self.primary_exchange else ""
                return f"the share {self.symbol}{where}, in {self.currency}"
            case SecurityType.FOREX:
                return f"the currency pair {self.symbol}.{self.currency}"
            case SecurityType.FUTURE:
                return f"the next future {self.symbol} at {self.exchange}"


class NotASymbol(ValueError):
    """A text that names no instrument that can be tested; `str()` is one sentence with the possible forms."""


FORMS = "AAPL (a share in US dollars), AAPL@NASDAQ, SAP@IBIS/EUR, EUR.USD (a currency pair) or ES@CME (a future)"
"""The possible forms, in words for users."""

LONGEST_SYMBOL = 40
"""Characters of the longest text that is read; `checks.test_symbols` allows as many."""

CURRENCIES = frozenset(
    [
        "AED",
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNH",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "INR",
        "JPY",
        "KRW",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PLN",
        "RON",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "USD",
        "ZAR",
        "XAU",
        "XAG",
    ]
)
"""Currencies, and metals that are traded like them, by their ISO 4217 codes."""

FUTURES_EXCHANGES = frozenset(
    [
        "BELFOX",
        "BMF",
        "CBOT",
        "CDE",
        "CFE",
        "CME",
        "COMEX",
        "DTB",
        "ENDEX",
        "EUREX",
        "FTA",
        "HKFE",
        "ICEEU",
        "ICEEUSOFT",
        "ICEUS",
        "IDEM",
        "IPE",
        "KSE",
        "MATIF",
        "MEFFRV",
        "MONEP",
        "NYBOT",
        "NYMEX",
        "NYSELIFFE",
        "OMS",
        "OSE.JPN",
        "SGX",
        "SNFE",
        "TSEJ",
    ]
)
"""Exchanges, by IB's names, at which a symbol means a future."""

_FOREX = re.compile(r"([A-Z]{3})\.([A-Z]{3})")
_AT = re.compile(r"([A-Z0-9][A-Z0-9 ]{0,14})@([A-Z][A-Z0-9.]{1,14})(?:/([A-Z]{3}))?")
_STOCK = re.compile(r"[A-Z0-9][A-Z0-9]{0,11}(?: [A-Z0-9]{1,4})?")
_CLASS_OF_SHARES = re.compile(r"([A-Z]{1,6})[./]([A-Z])")
_BARE_PAIR = re.compile(r"([A-Z]{3})/?([A-Z]{3})")


def read_symbol(text: str) -> Instrument:
    """The contract that a text means; raises NotASymbol for a text that has none of the `FORMS`."""
    typed = " ".join(text.split()).upper()
    if not typed:
        raise NotASymbol(f"No symbol was given: write {FORMS}.")
    if len(typed) > LONGEST_SYMBOL:
        raise NotASymbol(f"“{typed[:LONGEST_SYMBOL]}…” is longer than a symbol can be: write {FORMS}.")
    if found := _FOREX.fullmatch(typed):
        return _pair(typed, found[1], found[2])
    if found := _AT.fullmatch(typed):
        return _at(typed, found[1].strip(), found[2], found[3])
    if found := _CLASS_OF_SHARES.fullmatch(typed):
        raise NotASymbol(f"IB writes a class of shares with a space: write “{found[1]} {found[2]}” for “{typed}”.")
    if (found := _BARE_PAIR.fullmatch(typed)) and {found[1], found[2]} <= CURRENCIES:
        raise NotASymbol(f"A currency pair is written with a full stop: write “{found[1]}.{found[2]}” for “{typed}”.")
    if _STOCK.fullmatch(typed):
        return Instrument(typed, SecurityType.STOCK, typed, "SMART", "USD")
    raise NotASymbol(f"“{typed}” is not a symbol that can be tested: write {FORMS}.")


def _pair(typed: str, base: str, counter: str) -> Instrument:
    unknown = [currency for currency in (base, counter) if currency not in CURRENCIES]
    if unknown:
        raise NotASymbol(f"“{typed}” is not a currency pair, because {unknown[0]} is no currency: write {FORMS}.")
    if base == counter:
        raise NotASymbol(f"“{typed}” is not a currency pair, because both are {base}: write two different ones.")
    return Instrument(typed, SecurityType.FOREX, base, "IDEALPRO", counter)


def _at(typed: str, symbol: str, exchange: str, currency: str | None) -> Instrument:
    if currency is not None and currency not in CURRENCIES:
        raise NotASymbol(f"“{typed}” names {currency}, which is no currency: write {FORMS}.")
    if exchange in FUTURES_EXCHANGES:
        return Instrument(typed, SecurityType.FUTURE, symbol, exchange, currency or "")
    if exchange == "IDEALPRO":
        raise NotASymbol(f"A currency pair needs no exchange: write “EUR.USD” instead of “{typed}”.")
    primary = "" if exchange == "SMART" else exchange
    return Instrument(typed, SecurityType.STOCK, symbol, "SMART", currency or "USD", primary)
