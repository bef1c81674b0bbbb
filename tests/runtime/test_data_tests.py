"""The market data self-test in the running agent: one at a time, once a minute, its result kept."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from agent.core.clock import Moment
from agent.core.commands import AskDataTest
from agent.core.data_test.run import DataTestPlan
from agent.core.data_test.seen import LIVE_OR_FROZEN, DataTest, Definition, Quote, SymbolSeen
from agent.core.events import NoticeArrived
from agent.core.session_facts import Outcome
from agent.guides import load_guides
from agent.runtime.data_tests import DataTests
from agent.tws.symbol import read_symbol
from tests.runtime.made_up_world import MadeUpWorld, running


@dataclass
class Clock(MadeUpWorld):
    """A made-up world whose clock can be moved on."""

    ahead: float = 0.0

    def now(self) -> Moment:
        return super().now().later(self.ahead)


@dataclass
class MadeUpRun:
    """Runs that end when they are told to."""

    plans: list[DataTestPlan] = field(default_factory=list)
    end: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None
    broken_off: int = 0

    async def __call__(self, plan: DataTestPlan, report: Callable[[DataTest], None]) -> DataTest:
        self.plans.append(plan)
        begun = DataTest(plan.connection, 0.0, symbols=("AAPL",), outcome=Outcome.READY)
        report(begun)
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        if self.fault is not None:
            raise self.fault
        seen = SymbolSeen(read_symbol("AAPL"), Definition(1), (Quote(LIVE_OR_FROZEN, 0.1, 1, True),))
        return replace(begun, finished=1.0, seen=(seen,))


@asynccontextmanager
async def at_work(world: MadeUpWorld, run: MadeUpRun) -> Any:
    async with running(world) as loop:
        await world.until(lambda w: bool(w.statuses) and w.statuses[-1].connections[0].phase == "connected")
        tests = DataTests(loop, world, run, load_guides)
        try:
            yield tests
        finally:
            await tests.close()


async def settled(tests: DataTests) -> None:
    async with asyncio.timeout(20):
        while tests.running:  # noqa: ASYNC110 - a run has no event of its own
            await asyncio.sleep(0.01)


async def test_a_run_is_started_and_its_result_is_kept() -> None:
    run = MadeUpRun()
    async with at_work(MadeUpWorld(), run) as tests:
        nothing = tests.answer(AskDataTest())
        begun = tests.answer(AskDataTest("", ("aapl",)))
        await asyncio.sleep(0)
        run.end.set()
        await settled(tests)
        done = tests.answer(AskDataTest("Paper Gateway"))

    assert nothing == {}
    assert (begun["data_test"]["running"], begun["data_test"]["symbols"]) == (True, ["AAPL"])
    assert begun["not_now"] == "A test is under way: wait until it is done."
    assert [r["state"] for r in done["data_test"]["results"]] == ["live"]
    assert "test again at" in done["not_now"]
    (plan,) = run.plans
    assert (plan.connection, plan.port, [i.text for i in plan.instruments]) == ("Paper Gateway", 4002, ["AAPL"])
    assert 0 not in plan.client_ids


async def test_a_second_run_waits_for_its_minute() -> None:
    run, world = MadeUpRun(), Clock()
    run.end.set()
    async with at_work(world, run) as tests:
        tests.answer(AskDataTest("", ("AAPL",)))
        await settled(tests)
        refused = tests.answer(AskDataTest("", ("AAPL",)))
        world.ahead = 60.0
        allowed = tests.answer(AskDataTest("", ("AAPL",)))
        await settled(tests)

    assert "test again at" in refused["error"]
    assert "error" not in allowed
    assert len(run.plans) == 2
    assert not set(run.plans[0].client_ids) & set(run.plans[1].client_ids)


async def test_what_cannot_be_tested_is_refused_and_costs_no_minute() -> None:
    run = MadeUpRun()
    async with at_work(MadeUpWorld(), run) as tests:
        refusals = [
            tests.answer(AskDataTest("", ("EURUSD",)))["error"],
            tests.answer(AskDataTest(configured=True))["error"],
            tests.answer(AskDataTest("Live TWS"))["error"],
        ]
        allowed = tests.answer(AskDataTest("", ("EUR.USD",)))

    assert [text.split(":")[0] for text in refusals] == [
        "A currency pair is written with a full stop",
        "No symbol was given",
        "There is no connection named “Live TWS”",
    ]
    assert "error" not in allowed


async def test_live_prices_prove_a_link_that_was_told_lost_and_never_told_restored() -> None:
    run = MadeUpRun()
    run.end.set()
    world = MadeUpWorld()
    async with at_work(world, run) as tests:
        loop = tests._loop
        number = loop.state.watched[0].number
        assert number is not None
        loop.post(NoticeArrived(number, 1100, "lost"))
        await world.until(lambda w: w.statuses[-1].connections[0].server_link == "down")
        tests.answer(AskDataTest("", ("AAPL",)))
        await world.until(lambda w: w.statuses[-1].connections[0].server_link == "up")

    assert world.statuses[-1].connections[0].link_words == "connected, as live market data shows"


async def test_without_a_session_there_is_no_run() -> None:
    run = MadeUpRun()
    async with running(MadeUpWorld(gateway=False)) as loop:
        tests = DataTests(loop, MadeUpWorld(), run, load_guides)
        await asyncio.sleep(0.05)
        refused = tests.answer(AskDataTest("", ("AAPL",)))

    assert "connect first" in refused["error"]
    assert run.plans == []


async def test_a_run_that_fails_ends_and_is_told_as_broken_off() -> None:
    run = MadeUpRun(fault=RuntimeError("no"))
    run.end.set()
    async with at_work(MadeUpWorld(), run) as tests:
        tests.answer(AskDataTest("", ("AAPL",)))
        await settled(tests)
        told = tests.answer(AskDataTest())["data_test"]

    assert (told["running"], told["results"]) == (False, [])
    assert told["failure"] == "Nothing came."


async def test_the_end_of_the_agent_breaks_a_run_off() -> None:
    run = MadeUpRun()
    async with at_work(MadeUpWorld(), run) as tests:
        tests.answer(AskDataTest("", ("AAPL",)))
        await asyncio.sleep(0.01)

    assert run.broken_off == 1
    assert not tests.running
