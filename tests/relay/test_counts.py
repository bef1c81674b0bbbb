"""What the relay counts of real clients, beside what the simulated TWS has received and keeps open: equal."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import cast

import ib_async
import pytest
from ibapi.contract import Contract

from agent.relay.ledger import ProgramUsage
from agent.relay.meter import Meter
from agent.relay.pump import Relay
from agent.simulator.server import Simulator
from tests.relaying import PATIENCE, relaying
from tests.simulator.conftest import StartSimulator, quiet_clients, start
from tests.simulator.ibkr_client import IbkrClient
from tests.simulator.raw_client import STOCK, RawClient

__all__ = ["quiet_clients", "start"]


def stock(symbol: str) -> Contract:
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = symbol, "STK", "SMART", "USD"
    return made


async def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def trades(port: int, client_id: int) -> ib_async.IB:
    """An ib_async program: streams, a snapshot, a cancel, history of both sizes, an order."""
    ib = ib_async.IB()
    await ib.connectAsync("127.0.0.1", port, clientId=client_id, timeout=PATIENCE)
    apple, microsoft, euro = contracts = (
        ib_async.Stock("AAPL", "SMART", "USD"),
        ib_async.Stock("MSFT", "SMART", "USD"),
        ib_async.Forex("EURUSD"),
    )
    await ib.qualifyContractsAsync(*contracts)
    for contract in (apple, microsoft, euro):
        ib.reqMktData(contract)
    ib.cancelMktData(microsoft)
    await ib.reqTickersAsync(microsoft)
    for size in ("1 secs", "5 secs", "1 day"):
        await ib.reqHistoricalDataAsync(apple, "", "60 S", size, "TRADES", True)
    ib.placeOrder(apple, ib_async.LimitOrder("BUY", 1, 1.0))
    await ib.reqCurrentTimeAsync()
    return ib


async def watches(port: int, client_id: int) -> IbkrClient:
    """IBKR's own client: streams, one of them asked for twice, bars that count twice."""
    client = IbkrClient()
    await client.start(port, client_id)
    client.api.reqMktData(1, stock("AAPL"), "", False, False, [])
    client.api.reqMktData(1, stock("MSFT"), "", False, False, [])
    client.api.reqMktData(2, stock("MSFT"), "", False, False, [])
    client.api.reqMktData(3, stock("NOSUCH"), "", False, False, [])
    client.api.reqHistoricalData(4, stock("AAPL"), "", "60 S", "5 secs", "BID_ASK", 1, 1, False, [])
    # Data of which the simulated TWS has none; the bars of two programs alike are too much within 15 seconds.
    client.api.reqMktDepth(5, stock("AAPL"), 5, False, [])
    client.api.reqTickByTickData(6, stock("AAPL"), "Last", 0, False)
    client.api.reqRealTimeBars(7, stock("AAPL"), 5, "TRADES", True, [])
    client.api.cancelTickByTickData(6)
    await client.notice(322)
    await client.notice(200)
    client.api.cancelMktData(2)
    client.api.reqCurrentTime()
    await client.called("currentTime")
    return client


async def leave(client: IbkrClient) -> None:
    """Stop IBKR's client once it has nothing more to read, which it does not bear while it disconnects."""
    client.api.cancelMktData(1)
    client.api.reqIds(1)
    await until(lambda: len(client.calls("nextValidId")) == 2)
    await client.stop()


def usages(meter: Meter) -> dict[int, ProgramUsage]:
    """What every program has used, by client ID."""
    return {usage.client_id: usage for usage in tuple(meter._programs.values()) if usage.client_id is not None}


def equal(meter: Meter, simulator: Simulator) -> bool:
    """Whether each session counts as many messages on both sides, and holds the same lines."""
    ours = {number: (usage.messages, set(usage.lines)) for number, usage in usages(meter).items()}
    theirs = {one.client_id: (one.received.total(), {*one.market_data, *one.quiet}) for one in simulator.sessions}
    return ours == theirs


@pytest.mark.parametrize("version", [178, 205, 226])
async def test_five_programs_count_as_the_simulated_tws_has_received_them(start: StartSimulator, version: int) -> None:
    simulator = await start(server_version=version)
    await simulator.apply("limits")
    reports: list[dict[str, object]] = []
    meter = Meter("test", "TWS", 100, reports.append)
    with contextlib.ExitStack() as stack:
        relay: Relay = stack.enter_context(relaying(simulator.port, meter=meter))
        first, second, third, fourth = await asyncio.gather(
            trades(relay.port, 1), trades(relay.port, 2), watches(relay.port, 3), watches(relay.port, 4)
        )
        raw = await RawClient.started(relay.port, 5)
        raw.send(1, 11, 7, *STOCK, 0, "", 0, 0, "")
        raw.send(49, 1)
        await raw.message(49)
        await until(lambda: equal(meter, simulator))

        used = usages(meter)
        assert {number: usage.server_version for number, usage in used.items()} == {
            **dict.fromkeys((1, 2, 5), 178),
            **dict.fromkeys((3, 4), version),
        }
        assert {number: (usage.history, usage.orders) for number, usage in used.items()} == {
            **dict.fromkeys((1, 2), (2, 1)),
            **dict.fromkeys((3, 4), (3, 0)),
            5: (0, 0),
        }
        lines = {number: usage.uses_lines() for number, usage in used.items()}
        assert [lines[number] for number in (1, 2, 5)] == [2, 2, 1]
        assert sum(lines.values()) == simulator.limits.lines() == 8
        assert meter._windows.used(time.monotonic()) == simulator.limits.history(simulator.situation.clock()) == 10
        assert {one.rule for usage in used.values() for one in usage.refusals} == {"historical requests"}
        assert sum(usage.unread for usage in used.values()) == 0

        # A program that comes again begins anew.
        await raw.close()
        await until(lambda: 5 not in usages(meter))
        await until(lambda: all(one.client_id != 5 for one in simulator.sessions))
        raw = await RawClient.started(relay.port, 6)
        await until(lambda: equal(meter, simulator))
        assert usages(meter)[6].lines == {}

        await raw.close()
        for ib in (first, second):
            ib.disconnect()
        for client in (third, fourth):
            await leave(client)
        await until(lambda: not meter._programs)
    assert reports[-1]["programs"] == []


async def test_a_line_that_tws_refuses_is_learnt_as_the_allowance(start: StartSimulator) -> None:
    simulator = await start(server_version=226)
    reports: list[dict[str, object]] = []
    meter = Meter("test", "TWS", 100, reports.append)
    with relaying(simulator.port, meter=meter) as relay:
        client = IbkrClient()
        await client.start(relay.port)
        client.api.reqMktData(1, stock("AAPL"), "", False, False, [])
        await client.called("tickPrice")
        await simulator.apply("lines-exhausted")
        client.api.reqMktData(2, stock("MSFT"), "", False, False, [])
        await client.notice(101)
        await until(lambda: bool(usages(meter)[31].refusals))
        await until(lambda: {"used": 1, "of": 1}.items() <= cast("dict[str, int]", reports[-1]["lines"]).items())
        await leave(client)
