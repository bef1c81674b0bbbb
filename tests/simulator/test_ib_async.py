"""ib_async 2.1 is satisfied with the simulator."""

import asyncio
from typing import Any

import ib_async
import pytest

from agent.simulator.server import Simulator
from tests.simulator.conftest import StartSimulator

AAPL = ib_async.Stock("AAPL", "SMART", "USD", conId=265598)
EURUSD = ib_async.Forex("EURUSD", conId=12087792)


async def connect(ib: ib_async.IB, simulator: Simulator, client_id: int = 7) -> list[tuple[int, int, str]]:
    """Connect as a program does, and return where its notices will be written down."""
    notices: list[tuple[int, int, str]] = []

    def on_error(request_id: int, code: int, text: str, contract: Any) -> None:
        notices.append((request_id, code, text))

    ib.errorEvent += on_error
    await ib.connectAsync("127.0.0.1", simulator.port, clientId=client_id, timeout=20)
    return notices


@pytest.mark.parametrize(("server", "agreed"), [(157, 157), (176, 176), (178, 178), (200, 178), (226, 178)])
async def test_it_connects_and_fetches_everything_at_every_version(
    start: StartSimulator, ib: ib_async.IB, server: int, agreed: int, caplog: pytest.LogCaptureFixture
) -> None:
    simulator = await start(server_version=server)

    notices = await connect(ib, simulator)

    assert ib.client.serverVersion() == agreed
    assert ib.managedAccounts() == ["DU1234567"]
    assert ib.client.getReqId() >= 11
    assert [(p.contract.symbol, p.position) for p in ib.positions()] == [("AAPL", 100), ("SPY", 25), ("EUR", 5000)]
    assert {v.tag: v.value for v in ib.accountValues()}["AccountReady"] == "true"
    assert [item.contract.symbol for item in ib.portfolio()] == ["AAPL", "SPY", "EUR"]
    assert [fill.execution.shares for fill in ib.fills()] == [10]
    assert ib.fills()[0].commissionReport.commission == 1
    assert [(code, text.rpartition(":")[2]) for _, code, text in notices][:5] == [
        (2104, "usfarm"),
        (2104, "cashfarm"),
        (2106, "ushmds"),
        (2106, "cashhmds"),
        (2158, "secdefil"),
    ]
    assert "timed out" not in caplog.text


async def test_it_connects_with_nothing_but_start_api(start: StartSimulator, ib: ib_async.IB) -> None:
    simulator = await start()

    await ib.client.connectAsync("127.0.0.1", simulator.port, 7341, 3)
    time = await ib.reqCurrentTimeAsync()

    assert ib.client.isReady()
    assert abs(time.timestamp() - simulator.situation.now()) < 2
    assert dict(simulator.received) == {71: 1, 49: 1}
    assert dict(simulator.sessions[0].received) == {71: 1, 49: 1}


async def test_several_accounts_are_fetched_one_by_one(start: StartSimulator, ib: ib_async.IB) -> None:
    simulator = await start(accounts=("DU1", "DU2"))

    await connect(ib, simulator)

    assert ib.managedAccounts() == ["DU1", "DU2"]
    assert {value.account for value in ib.accountValues()} == {"DU1", "DU2"}


async def test_an_account_summary_holds_the_tags_asked_for(start: StartSimulator, ib: ib_async.IB) -> None:
    await connect(ib, await start())

    summary = {value.tag: float(value.value) for value in await ib.accountSummaryAsync() if value.currency}

    assert summary["NetLiquidation"] > summary["TotalCashValue"] > 0


async def test_orders_of_others_come_only_when_all_are_asked_for(start: StartSimulator, ib: ib_async.IB) -> None:
    await connect(ib, await start())

    own = await ib.reqOpenOrdersAsync()
    every = await ib.reqAllOpenOrdersAsync()
    completed = await ib.reqCompletedOrdersAsync(True)

    assert own == []
    assert [(t.contract.symbol, t.order.lmtPrice, t.orderStatus.status) for t in every] == [("AAPL", 180, "Submitted")]
    assert completed == []


@pytest.mark.parametrize("version", [157, 163, 170, 176, 178])
async def test_every_field_of_an_open_order_is_in_its_place(
    start: StartSimulator, ib: ib_async.IB, version: int
) -> None:
    simulator = await start(server_version=version)
    await connect(ib, simulator, client_id=0)

    (trade,) = ib.openTrades()

    assert (trade.order.clientId, trade.order.permId, trade.order.account) == (0, 1748203912, "DU1234567")
    assert (trade.order.tif, trade.order.totalQuantity, trade.order.orderType) == ("GTC", 10, "LMT")
    assert trade.orderStatus.remaining == 10


async def test_a_contract_is_found_and_an_unknown_one_is_not(start: StartSimulator, ib: ib_async.IB) -> None:
    notices = await connect(ib, await start())

    (details,) = await ib.reqContractDetailsAsync(ib_async.Stock("AAPL", "SMART", "USD"))
    missing = await ib.reqContractDetailsAsync(ib_async.Stock("NOSUCH", "SMART", "USD"))

    assert details.contract is not None
    assert (details.contract.conId, details.longName, details.minTick) == (265598, "APPLE INC", 0.01)
    assert details.stockType == "COMMON"
    assert missing == []
    assert notices[-1][1] == 200


@pytest.mark.parametrize("version", [157, 163, 164, 178])
async def test_contract_details_are_read_at_every_layout(start: StartSimulator, ib: ib_async.IB, version: int) -> None:
    await connect(ib, await start(server_version=version))

    (details,) = await ib.reqContractDetailsAsync(EURUSD)

    assert (details.longName, details.timeZoneId) == ("European Monetary Union Euro", "US/Eastern")
    assert details.marketRuleIds == "239"


async def test_ticks_come_at_the_chosen_rate_until_they_are_cancelled(start: StartSimulator, ib: ib_async.IB) -> None:
    simulator = await start(tick_seconds=0.02)
    notices = await connect(ib, simulator)
    updates: list[ib_async.Ticker] = []

    ticker = ib.reqMktData(AAPL)
    ticker.updateEvent += updates.append
    for _ in range(3):
        await asyncio.wait_for(ticker.updateEvent, 20)
    ib.cancelMktData(AAPL)
    await asyncio.sleep(0.05)
    counted = len(updates)
    await asyncio.sleep(0.06)

    assert ticker.bid < ticker.last < ticker.ask
    assert ticker.marketDataType == 1
    assert len(updates) == counted
    assert [n for n in notices if n[0] != -1] == []


async def test_a_snapshot_ends(start: StartSimulator, ib: ib_async.IB) -> None:
    await connect(ib, await start())

    (ticker,) = await asyncio.wait_for(ib.reqTickersAsync(EURUSD), 20)

    assert 1.1 < ticker.bid < ticker.ask < 1.2


async def test_delayed_data_have_types_of_their_own(start: StartSimulator, ib: ib_async.IB) -> None:
    simulator = await start()
    await simulator.apply("not-subscribed", "354")
    notices = await connect(ib, simulator)

    ib.reqMarketDataType(3)
    ticker = ib.reqMktData(AAPL)
    while not (ticker.marketDataType == 3 and ticker.bid > 0):
        await asyncio.wait_for(ticker.updateEvent, 20)

    assert 10167 in [code for _, code, _ in notices]


@pytest.mark.parametrize(
    ("contract", "duration", "size", "what", "count"),
    [
        (EURUSD, "30 S", "5 secs", "MIDPOINT", 6),
        (AAPL, "1 D", "1 hour", "TRADES", 24),
        (AAPL, "2 W", "1 day", "TRADES", 14),
    ],
)
@pytest.mark.parametrize("date_format", [1, 2])
async def test_history_has_the_bars_asked_for(
    start: StartSimulator, ib: ib_async.IB, contract: ib_async.Contract, duration: str, size: str, what: str,
    count: int, date_format: int,
) -> None:  # fmt: skip
    await connect(ib, await start())

    bars = await ib.reqHistoricalDataAsync(contract, "", duration, size, what, True, date_format)

    assert len(bars) == count
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
    assert [str(bar.date) for bar in bars] == sorted(str(bar.date) for bar in bars)


async def test_symbols_are_matched(start: StartSimulator, ib: ib_async.IB) -> None:
    await connect(ib, await start())

    found = await ib.reqMatchingSymbolsAsync("eur")

    assert found is not None
    assert [(d.contract.symbol if d.contract else "", d.derivativeSecTypes) for d in found] == [("EUR", [])]


async def test_what_is_not_served_is_refused_and_never_left_unanswered(start: StartSimulator, ib: ib_async.IB) -> None:
    simulator = await start()
    notices = await connect(ib, simulator)

    news = ib.reqHistoricalNewsAsync(265598, "BRFG", "", "", 10)
    head = ib.reqHeadTimeStampAsync(AAPL, "TRADES", True, 1)
    ib.client.reqNewsProviders()
    ib.client.reqMarketRule(26)
    await asyncio.wait_for(asyncio.gather(news, head), 20)
    trade = ib.placeOrder(AAPL, ib_async.LimitOrder("BUY", 1, 1.0))
    await asyncio.sleep(0.1)

    assert {code for _, code, _ in notices} >= {322, 162, 201}
    assert sum(code == 322 for _, code, _ in notices) == 3
    assert trade.orderStatus.status in ("Cancelled", "Inactive")


async def test_a_second_session_with_the_same_client_id_is_turned_away(start: StartSimulator, ib: ib_async.IB) -> None:
    simulator = await start()
    await connect(ib, simulator, client_id=5)
    second = ib_async.IB()
    codes: list[int] = []
    second.errorEvent += lambda *args: codes.append(args[1])

    with pytest.raises(TimeoutError):
        await second.client.connectAsync("127.0.0.1", simulator.port, 5, 0.3)

    assert codes == [326]
    assert ib.isConnected()
