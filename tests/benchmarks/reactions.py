"""How soon a fault is noticed, and how soon the connection stands again: the agent beside ib_async's Watchdog.

Times run from just before the fault is asked for (a signal, or an order to the simulator, which takes a millisecond or
two of its own) to the moment the other process has decided; both clocks are the machine's monotonic one.
"""

import asyncio
import os
import random
import signal
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from agent.simulator.world import SimulatedApplication
from tests.benchmarks.subject import NeverSaid, subject
from tests.benchmarks.table import Row, compared, seconds, spread, timed

SETTLE = 0.7
"""Seconds a fresh session is left alone before something is done to it."""
FARM_GRACE = 60.0
"""Seconds a farm may be broken before it is shown (`Timing.farm_grace`)."""
CYCLE = 20.0
"""Seconds of the Watchdog's cycle, and twice the agent's: faults are spread over it."""
SLOW_ANSWER = 4.0
"""Seconds after which a slow server answers, and is not to be taken for frozen."""

Fault = Callable[[SimulatedApplication], Awaitable[object]]


@dataclass
class Bench:
    """Where measurements are made: a folder for simulators, one for compiled modules."""

    folder: Path
    cache: Path
    repeats: int
    dice: random.Random = field(default_factory=random.Random)
    _count: int = 0

    async def application(self, stack: AsyncExitStack) -> tuple[SimulatedApplication, Path]:
        """A simulated IB Gateway of its own folder."""
        self._count += 1
        folder = self.folder / f"application-{self._count}"
        folder.mkdir(parents=True)
        return await stack.enter_async_context(await SimulatedApplication.start(folder)), folder

    def spread(self, low: float, high: float, count: int) -> list[float]:
        """So many random numbers, one from each part of a range, in random order."""
        width = (high - low) / count
        found = [low + (part + self.dice.random()) * width for part in range(count)]
        self.dice.shuffle(found)
        return found


async def _killed(application: SimulatedApplication) -> None:
    os.kill(application.pid, signal.SIGKILL)


async def _link_lost(application: SimulatedApplication) -> None:
    await application.notify(1100)


async def _reset(application: SimulatedApplication) -> None:
    await application.fault("reset-sessions")


async def noticed(bench: Bench, what: str, fault: Fault) -> Row:
    """Fault → change decided."""
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncExitStack() as stack:
        application, folder = await bench.application(stack)
        for _ in range(bench.repeats):
            for name, times in (("agent", ours), ("watchdog", theirs)):
                async with subject(name, bench.cache, port=application.port, folder=folder) as watching:
                    await watching.connected()
                    await asyncio.sleep(SETTLE)
                    began = time.monotonic()
                    await fault(application)
                    at = await watching.until(
                        lambda s: s["phase"] != "connected" or s.get("link") == "down", what, since=began
                    )
                    times.append(at - began)
                if not application.running:
                    await application.restart()
                await application.heal()
    return timed(what, ours, theirs, 0.010)


async def exit_without_session(bench: Bench) -> Row:
    """Process ends, nobody is connected → decided; against a loop that polls."""
    ours: list[float] = []
    theirs: list[float] = []
    async with AsyncExitStack() as stack:
        application, folder = await bench.application(stack)
        for pause in bench.spread(SETTLE, SETTLE + 5.0, bench.repeats):
            async with (
                subject("agent", bench.cache, port=application.port, folder=folder, apart=True) as watching,
                subject("poller", bench.cache, folder=folder) as polling,
            ):
                for one in (watching, polling):
                    await one.until(lambda s: bool(s["application"]), "the application is there")
                await asyncio.sleep(pause)
                began = time.monotonic()
                await _killed(application)
                for one, times in ((watching, ours), (polling, theirs)):
                    gone = await one.until(lambda s: not s["application"], "it is gone", since=began)
                    times.append(gone - began)
            await application.restart()
    return timed("process exits, no session → decided", ours, theirs, 0.050, "psutil loop")


async def fast_rows(bench: Bench) -> list[Row]:
    """The rows of milliseconds, one after the other."""
    return [
        await noticed(bench, "application killed → decided", _killed),
        await noticed(bench, "socket reset → decided", _reset),
        await noticed(bench, "1100 → decided", _link_lost),
        await exit_without_session(bench),
    ]


async def _both_again(bench: Bench, prepare: Fault, closed: float, fault: Fault) -> tuple[float, float]:
    """Both on one application of their own; seconds from the fault until each is connected again."""
    async with AsyncExitStack() as stack:
        application, folder = await bench.application(stack)
        enter = stack.enter_async_context
        ours = await enter(subject("agent", bench.cache, port=application.port, folder=folder))
        theirs = await enter(subject("watchdog", bench.cache, port=application.port))
        for one in (ours, theirs):
            await one.connected()
        await asyncio.sleep(SETTLE)
        await prepare(application)
        await asyncio.sleep(closed)
        began = time.monotonic()
        await fault(application)
        return await ours.connected(began) - began, await theirs.connected(began) - began


async def _nothing(_: SimulatedApplication) -> None:
    return


async def _close_port(application: SimulatedApplication) -> None:
    await application.fault("no-listener")
    await application.fault("drop-sessions")


async def _open_port(application: SimulatedApplication) -> None:
    await application.heal("no-listener")


async def _drop(application: SimulatedApplication) -> None:
    await application.fault("drop-sessions")


async def dropped(bench: Bench) -> Row:
    """Session dropped, port open → connected again."""
    times = [await _both_again(bench, _nothing, 0.0, _drop) for _ in range(bench.repeats)]
    return timed("dropped session, port open → connected again", *_columns(times), 0.2)


async def reopened(bench: Bench, low: float, high: float, limit: float, count: int) -> Row:
    """API port closed for a while, then opened → connected again; together, they do not disturb one another."""
    pauses = bench.spread(low, high, count)
    times = await asyncio.gather(*(_both_again(bench, _close_port, pause, _open_port) for pause in pauses))
    return timed(f"API port reopens after {low:g} to {high:g} s → connected again", *_columns(times), limit)


def _columns(times: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [ours for ours, _ in times], [theirs for _, theirs in times]


async def frozen(bench: Bench, count: int) -> Row:
    """API freezes with the socket open → said to be frozen, at moments spread over a whole cycle."""

    async def lane(pause: float) -> tuple[float, float]:
        async with AsyncExitStack() as stack:
            application, folder = await bench.application(stack)
            enter = stack.enter_async_context
            ours = await enter(subject("agent", bench.cache, port=application.port, folder=folder))
            theirs = await enter(subject("watchdog", bench.cache, port=application.port))
            for one in (ours, theirs):
                await one.connected()
            await asyncio.sleep(SETTLE + pause)
            began = time.monotonic()
            await application.fault("freeze")
            shown = await ours.until(lambda s: "app-frozen" in s["codes"], "frozen", since=began)
            hard = await theirs.until(lambda s: s["phase"] == "frozen", "frozen", since=began)
            return shown - began, hard - began

    times = await asyncio.gather(*(lane(pause) for pause in bench.spread(0.0, CYCLE, count)))
    ours, theirs = _columns(times)
    met = statistics.median(ours) <= 12 and max(ours) <= 18
    against = f"Watchdog {spread(theirs)}"
    target = "median ≤ 12 s, max ≤ 18 s"
    return Row("frozen API → problem", against, spread(ours), target, met, compared(ours, theirs))


async def slow(bench: Bench, lasting: float) -> Row:
    """A server that answers in 4 s is not taken for frozen."""
    async with AsyncExitStack() as stack:
        application, folder = await bench.application(stack)
        enter = stack.enter_async_context
        ours = await enter(subject("agent", bench.cache, port=application.port, folder=folder))
        theirs = await enter(subject("watchdog", bench.cache, port=application.port))
        for one in (ours, theirs):
            await one.connected()
        await application.fault("slow", str(SLOW_ANSWER))
        began = time.monotonic()
        await asyncio.sleep(lasting)
        alarms = [s for s in ours.signs if s["at"] >= began and (s["codes"] or s["phase"] != "connected")]
        barks = [s for s in theirs.signs if s["at"] >= began and s["phase"] == "frozen"]
        answered = (await application.counters()).received
    shown = f"{len(alarms)} alarms in {lasting:.0f} s" + (f": {alarms[0]}" if alarms else "")
    met = not alarms and sum(answered.values()) > 0
    what = f"server answering in {SLOW_ANSWER:g} s taken for frozen"
    return Row(what, f"Watchdog {len(barks)} alarms", shown, "0 alarms", met)


async def farm(bench: Bench, count: int) -> Row:
    """A farm breaks → shown after its grace."""

    async def lane() -> tuple[float, bool]:
        async with AsyncExitStack() as stack:
            application, folder = await bench.application(stack)
            enter = stack.enter_async_context
            ours = await enter(subject("agent", bench.cache, port=application.port, folder=folder))
            theirs = await enter(subject("watchdog", bench.cache, port=application.port))
            for one in (ours, theirs):
                await one.connected()
            await asyncio.sleep(SETTLE)
            began = time.monotonic()
            await application.fault("market-data-farm-broken")
            shown = await ours.until(
                lambda s: "data-farm-broken" in s["codes"], "farm", since=began, patience=FARM_GRACE + 30
            )
            try:
                await theirs.until(lambda s: s["phase"] != "connected", "anything", since=began, patience=1.0)
            except NeverSaid:
                return shown - began, False
            return shown - began, True

    found = await asyncio.gather(*(lane() for _ in range(count)))
    times = [at for at, _ in found]
    met = all(abs(at - FARM_GRACE) <= 0.5 for at in times)
    measured = f"{seconds(min(times))} to {seconds(max(times))}"
    baseline = "Watchdog reacted" if any(barked for _, barked in found) else "Watchdog never"
    return Row("a farm breaks → shown", baseline, measured, f"{FARM_GRACE:g} s ± 0.5 s", met)


async def slow_rows(bench: Bench, *, quick: bool) -> list[Row]:
    """The rows of seconds and minutes. Many at a time: what they wait for is a clock, not the processor."""
    rows = [await dropped(bench), await reopened(bench, 2.0, 10.0, 0.5, bench.repeats)]
    rows += await asyncio.gather(frozen(bench, 16), slow(bench, 90.0), farm(bench, 2 if quick else 5))
    if not quick:
        late = await reopened(bench, 55.0, 65.0, float("inf"), bench.repeats)
        rows.append(Row(late.what, late.baseline, late.measured, "–", None, late.ratio))
    return rows
