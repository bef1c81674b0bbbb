"""IBKR's own client is satisfied with the simulator, in the text era and in the protobuf era."""

import pytest
from ibapi.contract import Contract
from ibapi.execution import ExecutionFilter

from tests.simulator.conftest import StartSimulator
from tests.simulator.ibkr_client import IbkrClient

ERAS = pytest.mark.parametrize("version", [178, 200, 212, 223])


def aapl() -> Contract:
    """A contract as a program fills it in."""
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = "AAPL", "STK", "SMART", "USD"
    return contract


@pytest.mark.parametrize("version", [157, 176, 178, 193, 194, 200, 201, 203, 212, 213, 223, 226])
async def test_it_starts_at_every_version(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    simulator = await start(server_version=version)

    await ibkr.start(simulator.port)

    assert ibkr.api.serverVersion() == version
    assert ibkr.calls("managedAccounts") == [("DU1234567",)]
    assert ibkr.calls("nextValidId") == [(11,)]
    assert await ibkr.notice(2104) == (-1, "Market data farm connection is OK:usfarm")
    assert await ibkr.notice(2107) == (
        -1,
        "HMDS data farm connection is inactive but should be available upon demand.fundfarm",
    )


@ERAS
async def test_it_is_told_the_time(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    simulator = await start(server_version=version)
    await ibkr.start(simulator.port)

    ibkr.api.reqCurrentTime()
    (seconds,) = await ibkr.called("currentTime")

    assert abs(seconds - simulator.situation.now()) < 2
    if version >= 197:
        ibkr.api.reqCurrentTimeInMillis()
        (millis,) = await ibkr.called("currentTimeInMillis")
        assert abs(millis / 1000 - simulator.situation.now()) < 2
    assert simulator.received[49] == 1


@ERAS
async def test_it_is_told_positions_and_accounts(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    await ibkr.start((await start(server_version=version)).port)

    ibkr.api.reqPositions()
    ibkr.api.reqAccountUpdates(True, "")
    ibkr.api.reqAccountSummary(9, "All", "NetLiquidation,BuyingPower")
    ibkr.api.reqAccountUpdatesMulti(10, "DU1234567", "", True)
    ibkr.api.reqPositionsMulti(11, "DU1234567", "")
    for end in ("positionEnd", "accountDownloadEnd", "accountSummaryEnd", "accountUpdateMultiEnd", "positionMultiEnd"):
        await ibkr.called(end)

    assert [(c.symbol, float(size)) for _, c, size, _ in ibkr.calls("position")] == [
        ("AAPL", 100),
        ("SPY", 25),
        ("EUR", 5000),
    ]
    assert ("AccountReady", "true", "", "DU1234567") in ibkr.calls("updateAccountValue")
    assert [args[0].localSymbol for args in ibkr.calls("updatePortfolio")] == ["AAPL", "SPY", "EUR.USD"]
    assert {args[2] for args in ibkr.calls("accountSummary")} == {"NetLiquidation", "BuyingPower"}
    assert len(ibkr.calls("accountUpdateMulti")) > 10
    assert len(ibkr.calls("positionMulti")) == 3


@ERAS
async def test_it_is_told_executions_and_orders(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    await ibkr.start((await start(server_version=version)).port)

    ibkr.api.reqExecutions(4, ExecutionFilter())
    ibkr.api.reqAllOpenOrders()
    ibkr.api.reqCompletedOrders(False)
    await ibkr.called("execDetailsEnd")
    await ibkr.called("openOrderEnd")
    await ibkr.called("completedOrdersEnd")

    ((_, contract, execution),) = ibkr.calls("execDetails")
    assert (contract.symbol, execution.side, float(execution.shares), execution.price) == ("MSFT", "BOT", 10, 511.87)
    assert (execution.acctNumber, execution.permId, execution.lastLiquidity) == ("DU1234567", 1748203911, 2)
    ((report,),) = ibkr.calls("commissionAndFeesReport")
    assert (report.execId, report.commissionAndFees, report.currency) == (execution.execId, 1.0, "USD")
    ((order_id, contract, order, state),) = ibkr.calls("openOrder")
    assert (order_id, contract.symbol, order.action, order.lmtPrice) == (3, "AAPL", "BUY", 180.0)
    assert (order.tif, order.account, order.permId, state.status) == ("GTC", "DU1234567", 1748203912, "Submitted")
    assert ibkr.calls("orderStatus")[0][1] == "Submitted"


@ERAS
async def test_an_execution_filter_is_heeded(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    await ibkr.start((await start(server_version=version)).port)
    wanted = ExecutionFilter()
    wanted.symbol = "AAPL"

    ibkr.api.reqExecutions(4, wanted)
    await ibkr.called("execDetailsEnd")

    assert ibkr.calls("execDetails") == []


@ERAS
async def test_it_finds_contracts_and_symbols(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    await ibkr.start((await start(server_version=version)).port)

    ibkr.api.reqContractDetails(5, aapl())
    ibkr.api.reqMatchingSymbols(6, "app")
    await ibkr.called("contractDetailsEnd")
    request_id, found = await ibkr.called("symbolSamples")

    ((_, details),) = ibkr.calls("contractDetails")
    assert (details.contract.conId, details.longName, float(details.minTick)) == (265598, "APPLE INC", 0.01)
    assert (details.timeZoneId, details.stockType, float(details.minSize)) == ("US/Eastern", "COMMON", 0.0001)
    assert request_id == 6
    assert [(d.contract.symbol, d.contract.description) for d in found] == [("AAPL", "APPLE INC")]
    assert found[0].derivativeSecTypes == ["CFD", "OPT", "WAR"]


@ERAS
async def test_it_gets_ticks_and_can_cancel_them(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    simulator = await start(server_version=version)
    await ibkr.start(simulator.port)

    ibkr.api.reqMarketDataType(1)
    ibkr.api.reqMktData(8, aapl(), "", False, False, [])
    await ibkr.called("tickPrice", lambda args: args[:2] == (8, 4))
    ibkr.api.cancelMktData(8)
    ibkr.api.reqIds(-1)
    await ibkr.called("nextValidId", lambda _: len(ibkr.calls("nextValidId")) == 2)
    subscribed = dict(simulator.sessions[0].market_data)

    assert subscribed == {}
    prices = {kind: price for _, kind, price, _ in ibkr.calls("tickPrice")}
    assert prices[1] < prices[4] < prices[2]
    assert ibkr.calls("marketDataType") == [(8, 1)]
    assert ibkr.calls("tickReqParams")[0][:1] == (8,)
    assert {kind for _, kind, _ in ibkr.calls("tickSize")} == {0, 3, 5}


@ERAS
async def test_a_snapshot_ends(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    await ibkr.start((await start(server_version=version)).port)

    ibkr.api.reqMktData(8, aapl(), "", True, False, [])

    assert await ibkr.called("tickSnapshotEnd") == (8,)


@ERAS
async def test_it_gets_history(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    await ibkr.start((await start(server_version=version)).port)

    ibkr.api.reqHistoricalData(12, aapl(), "", "1 D", "1 hour", "TRADES", 1, 1, False, [])
    request_id, _, ends = await ibkr.called("historicalDataEnd")

    bars = [bar for _, bar in ibkr.calls("historicalData")]
    assert request_id == 12
    assert len(bars) == 24
    assert ends.endswith(" UTC")
    assert all(bar.low <= bar.close <= bar.high for bar in bars)
    assert float(bars[0].volume) > 0


@ERAS
async def test_a_taken_client_id_is_refused(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    simulator = await start(server_version=version)
    await simulator.apply("client-id-in-use", "31")

    await ibkr.connect(simulator.port, client_id=31)

    request_id, text = await ibkr.notice(326)
    assert request_id == -1
    assert "client id is already in use" in text
    await ibkr.called("connectionClosed")


@ERAS
async def test_read_only_refuses_orders_and_serves_the_rest(
    start: StartSimulator, ibkr: IbkrClient, version: int
) -> None:
    simulator = await start(server_version=version, read_only=True)
    await ibkr.start(simulator.port)

    ibkr.api.reqOpenOrders()
    ibkr.api.reqPositions()

    request_id, text = await ibkr.notice(321)
    assert request_id == -1
    assert text == "Error validating request:-'bN' : cause - The API interface is currently in Read-Only mode."
    await ibkr.called("positionEnd")
    assert ibkr.calls("openOrderEnd") == []


@ERAS
async def test_notices_arrive_whole_in_any_language(start: StartSimulator, ibkr: IbkrClient, version: int) -> None:
    simulator = await start(server_version=version)
    await ibkr.start(simulator.port)

    await simulator.apply("read-only-notice", "ja")
    await simulator.notify(1100)
    await simulator.notify(10197, request_id=44)

    assert "読み取り専用" in (await ibkr.notice(321))[1]
    assert (await ibkr.notice(1100))[1] == "Connectivity between IBKR and Trader Workstation has been lost."
    assert (await ibkr.notice(10197))[0] == 44


async def test_unserved_requests_get_a_notice_with_their_number(start: StartSimulator, ibkr: IbkrClient) -> None:
    await ibkr.start((await start()).port)

    ibkr.api.reqPnL(51, "DU1234567", "")
    ibkr.api.reqRealTimeBars(52, aapl(), 5, "TRADES", True, [])

    assert (await ibkr.notice(322))[0] == 51
    assert (await ibkr.notice(420))[0] == 52
