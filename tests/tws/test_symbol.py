"""What a person types for an instrument, and what is made of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.symbol import LONGEST_SYMBOL, Instrument, NotASymbol, SecurityType, read_symbol


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("AAPL", Instrument("AAPL", SecurityType.STOCK, "AAPL", "SMART", "USD")),
        (" aapl ", Instrument("AAPL", SecurityType.STOCK, "AAPL", "SMART", "USD")),
        ("brk  b", Instrument("BRK B", SecurityType.STOCK, "BRK B", "SMART", "USD")),
        ("MSFT@NASDAQ", Instrument("MSFT@NASDAQ", SecurityType.STOCK, "MSFT", "SMART", "USD", "NASDAQ")),
        ("SPY@SMART", Instrument("SPY@SMART", SecurityType.STOCK, "SPY", "SMART", "USD")),
        ("SAP@IBIS/EUR", Instrument("SAP@IBIS/EUR", SecurityType.STOCK, "SAP", "SMART", "EUR", "IBIS")),
        ("700@SEHK/HKD", Instrument("700@SEHK/HKD", SecurityType.STOCK, "700", "SMART", "HKD", "SEHK")),
        ("eur.usd", Instrument("EUR.USD", SecurityType.FOREX, "EUR", "IDEALPRO", "USD")),
        ("ES@CME", Instrument("ES@CME", SecurityType.FUTURE, "ES", "CME")),
        ("DAX@EUREX/EUR", Instrument("DAX@EUREX/EUR", SecurityType.FUTURE, "DAX", "EUREX", "EUR")),
    ],
)
def test_a_text_is_read_as_a_contract(typed: str, means: Instrument) -> None:
    assert read_symbol(typed) == means


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "No symbol was given"),
        ("BRK.B", "write “BRK B” for “BRK.B”"),
        ("EURUSD", "write “EUR.USD” for “EURUSD”"),
        ("EUR/USD", "write “EUR.USD” for “EUR/USD”"),
        ("EUR.XXX", "XXX is no currency"),
        ("EUR.EUR", "both are EUR"),
        ("SAP@IBIS/DOLLAR", "is not a symbol that can be tested"),
        ("SAP@IBIS/QQQ", "names QQQ, which is no currency"),
        ("EUR@IDEALPRO", "needs no exchange"),
        ("AAPL 20270115 C 200", "is not a symbol that can be tested"),
        ("<script>", "is not a symbol that can be tested"),
        ("A" * 41, "longer than a symbol can be"),
    ],
)
def test_everything_else_is_refused_in_one_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(NotASymbol) as refused:
        read_symbol(typed)

    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_pair_has_no_trades_and_a_share_has() -> None:
    assert read_symbol("EUR.USD").history == "MIDPOINT"
    assert read_symbol("AAPL").history == read_symbol("ES@CME").history == "TRADES"


def test_what_was_understood_is_said_in_words() -> None:
    words = [read_symbol(text).words for text in ("AAPL", "MSFT@NASDAQ", "EUR.USD", "ES@CME")]

    assert words == [
        "the share AAPL, in USD",
        "the share MSFT at NASDAQ, in USD",
        "the currency pair EUR.USD",
        "the next future ES at CME",
    ]


@given(st.text(max_size=2 * LONGEST_SYMBOL))
def test_what_is_read_of_any_text_holds_nothing_but_harmless_characters(typed: str) -> None:
    try:
        found = read_symbol(typed)
    except NotASymbol:
        return

    assert (found.symbol + found.exchange + found.currency).replace(" ", "").replace(".", "").isalnum()
