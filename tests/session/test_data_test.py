"""The market data self-test: real ib_async against the simulated TWS, in every state of data it can be in."""

import asyncio
import time
from typing import Any

import pytest

from agent.core.data_test.history import HistoryState
from agent.core.data_test.run import DataTestPlan
from agent.core.data_test.run import TestLimits as Limits
from agent.core.data_test.seen import DataTest
from agent.core.data_test.verdict import DataState, DataVerdict, judge
from agent.core.session_facts import Outcome
from agent.session.data_test import DataTester, front
from agent.simulator.free_ports import free_port
from agent.simulator.server import Simulator
from agent.tws.symbol import read_symbol
from tests.session.conftest import StartSimulator

QUICK = Limits(hello=1.0, ready=1.0, definition=1.0, quote=0.5, history=0.5, whole=6.0)
ORDERS_AND_ACCOUNTS = {3, 4, 5, 6, 7, 15, 16, 58, 61, 62, 74, 76, 99}
"""Messages about orders, positions and accounts, by their numbers: none of them is ever sent."""
START_API, MARKET_DATA, CANCEL_MARKET_DATA, DETAILS, HISTORY, CANCEL_HISTORY, DATA_TYPE = 71, 1, 2, 9, 20, 25, 59


def plan(port: int, *symbols: str, limits: Limits = QUICK, client_ids: tuple[int, ...] = (8101, 8102)) -> DataTestPlan:
    return DataTestPlan("Paper Gateway", "127.0.0.1", port, client_ids, tuple(map(read_symbol, symbols)), limits)


async def run_of(simulator: Simulator, *symbols: str, **more: Any) -> DataTest:
    tester = DataTester(plan(simulator.port, *symbols, **more), time.monotonic, time.time)
    return await tester.run()


def verdicts(test: DataTest) -> list[DataVerdict]:
    return [judge(seen, "IB Gateway") for seen in test.seen]


async def until_gone(simulator: Simulator) -> None:
    async with asyncio.timeout(20):
        while simulator.situation.connections:  # noqa: ASYNC110 - the simulator has no event for this
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("faults", "state", "codes", "history"),
    [
        ((), DataState.LIVE, [], HistoryState.ANSWERED),
        (("market-closed",), DataState.FROZEN, [], HistoryState.ANSWERED),
        (("not-subscribed",), DataState.DELAYED, [354, 10167], HistoryState.ANSWERED),
        (("not-subscribed=10089",), DataState.DELAYED, [10089, 10167], HistoryState.ANSWERED),
        (("not-subscribed=10168",), DataState.DELAYED, [10168, 10167], HistoryState.ANSWERED),
        (("not-subscribed=10186",), DataState.DELAYED, [10186, 10167], HistoryState.ANSWERED),
        (("not-subscribed=10090",), DataState.PARTLY, [10090], HistoryState.ANSWERED),
        (("not-subscribed", "market-closed"), DataState.DELAYED_FROZEN, [354, 10167], HistoryState.ANSWERED),
        (("delayed",), DataState.DELAYED, [10167], HistoryState.ANSWERED),
        (("competing-session",), DataState.COMPETING_SESSION, [10197], HistoryState.COMPETING_SESSION),
        (("lines-exhausted",), DataState.LINES_EXHAUSTED, [101], HistoryState.ANSWERED),
        (("pacing",), DataState.LIVE, [], HistoryState.PACING),
        (("pacing=420",), DataState.LIVE, [], HistoryState.PACING),
        (("historical-farm-broken",), DataState.LIVE, [], HistoryState.FARM_BROKEN),
        (("market-data-farm-broken",), DataState.NOTHING, [], HistoryState.ANSWERED),
        (("security-definition-farm-broken",), DataState.NO_CONTRACT, [200], HistoryState.NOT_ASKED),
        (("link-lost",), DataState.NO_LINK, [], HistoryState.NOT_ASKED),
    ],
    ids=lambda v: "+".join(v) if isinstance(v, tuple) else None,
)  # fmt: skip
async def test_every_state_of_market_data_is_told_apart(
    start: StartSimulator, faults: tuple[str, ...], state: DataState, codes: list[int], history: HistoryState
) -> None:
    simulator = await start(*faults)
    test = await run_of(simulator, "AAPL")
    (verdict,) = verdicts(test)

    assert test.outcome is Outcome.READY
    assert not test.running
    assert (verdict.state, verdict.history.state) == (state, history)
    assert [int(line.split()[1].rstrip(":")) for line in verdict.evidence if line.startswith("notice")] == codes


@pytest.mark.parametrize(
    ("symbol", "state"),
    [
        ("EUR.USD", DataState.LIVE),
        ("ES@CME", DataState.LIVE),
        ("TWIN@ARCA", DataState.LIVE),
        ("TWIN", DataState.AMBIGUOUS),
        ("NOSUCH", DataState.NO_CONTRACT),
        ("GBP.USD", DataState.NO_CONTRACT),
    ],
)
async def test_symbols_of_all_forms_are_found_or_not(start: StartSimulator, symbol: str, state: DataState) -> None:
    simulator = await start()
    (verdict,) = verdicts(await run_of(simulator, symbol))

    assert (verdict.symbol, verdict.state) == (symbol, state)
    if state is DataState.LIVE:
        assert verdict.history.seconds is not None


async def test_it_sends_what_it_must_and_gives_back_what_it_took(start: StartSimulator) -> None:
    simulator = await start("not-subscribed")
    test = await run_of(simulator, "AAPL", "EUR.USD")
    await until_gone(simulator)

    sent = {number: count for number, count in simulator.received.items() if count}
    # Real-time prices of both are refused and hold no line; the delayed ones hold one each, and give it back.
    assert sent == {
        START_API: 1, DATA_TYPE: 2, DETAILS: 2, MARKET_DATA: 4, HISTORY: 2, CANCEL_MARKET_DATA: 2
    }  # fmt: skip
    assert not sent.keys() & ORDERS_AND_ACCOUNTS
    assert test.messages == sum(sent.values())


async def test_what_is_not_answered_is_given_back_too(start: StartSimulator) -> None:
    simulator = await start("market-data-farm-broken")
    await run_of(simulator, "AAPL")
    await until_gone(simulator)

    assert simulator.received[MARKET_DATA] == simulator.received[CANCEL_MARKET_DATA] == 1


async def test_five_symbols_are_asked_for_together(start: StartSimulator) -> None:
    simulator = await start()
    states = [v.state for v in verdicts(await run_of(simulator, "AAPL", "MSFT", "SPY", "EUR.USD", "TWIN"))]

    assert states == [DataState.LIVE] * 4 + [DataState.AMBIGUOUS]


async def test_another_client_id_is_taken_where_the_first_is_in_use(start: StartSimulator) -> None:
    simulator = await start("client-id-in-use=8101")
    test = await run_of(simulator, "AAPL")

    assert (test.client_id, test.outcome) == (8102, Outcome.READY)
    assert verdicts(test)[0].state is DataState.LIVE


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("client-id-in-use", Outcome.ID_IN_USE),
        ("accept-close", Outcome.CLOSED),
        ("silent", Outcome.SILENT),
        ("hello-hang", Outcome.NOT_READY),
        ("old-version=120", Outcome.OUTDATED),
        ("too-many-clients", Outcome.CLOSED),
    ],
)
async def test_without_a_session_nothing_is_asked(start: StartSimulator, fault: str, outcome: Outcome) -> None:
    simulator = await start(fault)
    test = await run_of(simulator, "AAPL")

    assert (test.outcome, test.seen, test.running) == (outcome, (), False)
    assert simulator.received[DETAILS] == 0


async def test_a_port_that_nobody_listens_on_is_told() -> None:
    tester = DataTester(plan(free_port(), "AAPL"), time.monotonic, time.time)

    assert (await tester.run()).outcome is Outcome.REFUSED


async def test_an_end_in_the_middle_is_told_and_waits_for_nothing(start: StartSimulator) -> None:
    simulator = await start("market-data-farm-broken")
    limits = Limits(quote=20.0, history=20.0, whole=30.0)
    tester = DataTester(plan(simulator.port, "AAPL", limits=limits), time.monotonic, time.time)
    running = asyncio.ensure_future(tester.run())
    async with asyncio.timeout(20):
        while not simulator.received[MARKET_DATA]:  # noqa: ASYNC110 - the simulator has no event for this
            await asyncio.sleep(0.01)
    await simulator.apply("drop-sessions")
    async with asyncio.timeout(20):
        test = await running

    assert verdicts(test)[0].evidence[-1].startswith("the session ended")


async def test_a_frozen_application_is_given_up_in_time(start: StartSimulator) -> None:
    simulator = await start()
    limits = Limits(definition=20.0, whole=1.0)
    tester = DataTester(plan(simulator.port, "AAPL", limits=limits), time.monotonic, time.time)
    # It answers the start and then nothing any more.
    tester._report = lambda test: simulator.situation.active.update(freeze="") if test.outcome else None
    async with asyncio.timeout(20):
        test = await tester.run()

    assert (test.outcome, test.seen, test.running) == (Outcome.READY, (), False)
    assert test.detail == "given up after 1 s"


async def test_a_run_that_is_cancelled_leaves_nothing_open(start: StartSimulator) -> None:
    simulator = await start("market-data-farm-broken")
    tester = DataTester(plan(simulator.port, "AAPL", limits=Limits(quote=20.0)), time.monotonic, time.time)
    running = asyncio.ensure_future(tester.run())
    async with asyncio.timeout(20):
        while not simulator.received[MARKET_DATA]:  # noqa: ASYNC110 - the simulator has no event for this
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until_gone(simulator)

    assert simulator.received[CANCEL_MARKET_DATA] == 1
    assert not tester.test.running


async def test_each_step_is_reported(start: StartSimulator) -> None:
    simulator = await start()
    reports: list[DataTest] = []
    await DataTester(plan(simulator.port, "AAPL"), time.monotonic, time.time, report=reports.append).run()

    assert [(r.outcome is not None, len(r.seen), r.running) for r in reports] == [
        (True, 0, True),
        (True, 1, True),
        (True, 1, False),
    ]


@pytest.mark.parametrize(("client_ids", "symbols"), [((0,), 1), ((), 1), ((8101,), 0), ((8101,), 6)])
def test_it_refuses_client_id_0_and_too_many_symbols(client_ids: tuple[int, ...], symbols: int) -> None:
    with pytest.raises(ValueError, match="the self-test"):
        DataTester(plan(1, *["AAPL"] * symbols, client_ids=client_ids), time.monotonic, time.time)


def test_the_future_that_expires_next_is_taken() -> None:
    class Made:
        def __init__(self, expiry: str) -> None:
            self.lastTradeDateOrContractMonth = expiry

    later, next_one, gone = Made("20270319"), Made("20261218"), Made("20260918")

    assert front([later, gone, next_one], "20261122") is next_one
    assert front([gone], "20261122") is gone
