"""How long the view History takes, from the click on “90 days” to the drawn pictures. Run it by hand.

`python -m tests.benchmarks.history_view [ROUNDS]`: a history of 90 days of five busy connections is written; an agent
and its page read it in a browser that runs already. Printed are medians: the click to what is
drawn, the parts of it, bytes, and the size of the file. Baseline: the same click where some seconds are kept.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser

from agent.core.effects import Happened, MarkKind
from agent.history.as_json import history_json
from agent.history.reading import read_days
from agent.history.spans import Changes, LatencyMinute, Mark, Span, SpanKind
from agent.history.store import Store
from agent.history.writer import HISTORY_FILE
from agent.runtime.paths import Places, find_places
from agent.simulator.world import SimulatedApplication
from agent.tws.reset_windows import Region
from tests.benchmarks.first_view import page_of
from tests.benchmarks.table import spread
from tests.page.browser import chromium, tab

DAYS, CONNECTIONS, PROGRAMS, FARMS = 90, 5, 20, 8
DAY, HOUR, MINUTE = 86_400.0, 3600.0, 60.0

CLICK = """async () => {
  const bars = (count) => [...document.querySelectorAll(".daily")].some((one) => one.children.length === count);
  const frame = () => new Promise(requestAnimationFrame);
  const chosen = async (days) => {
    document.querySelector(`#range-${days}`).click();
    while (!bars(days)) await frame();
  };
  await chosen(7);
  await new Promise((resume) => setTimeout(resume, 500));
  const began = performance.now();
  await chosen(90);
  await frame();
  await new Promise((resume) => setTimeout(resume));
  const asked = performance.getEntriesByType("resource").filter((e) => e.name.includes("api/history")).at(-1);
  return [performance.now() - began, asked.responseEnd - asked.startTime, asked.encodedBodySize];
}"""
"""Milliseconds from the click to the frame behind the drawn pictures, of these those of the request, and its bytes."""


def busy(name: str, began: float, seed: int) -> Iterator[Changes]:
    """90 days of one connection: each day a restart, IB's reset, outages, farms and programs that come and go."""
    draw = random.Random(seed)
    kinds = {kind: Span(name, SpanKind.STATE, kind) for kind in ("connected", "problem", "warning", "maintenance")}
    lost = Span(name, SpanKind.PROBLEM, "server-link-lost", "error", "IB Gateway has lost its link to IB")
    yield Changes(began, begun=((Span(name, SpanKind.REGION, Region.EUROPE, "settings file"), began),))
    so = kinds["connected"]
    yield Changes(began, begun=((so, began),))
    process = Span(name, SpanKind.APPLICATION, "gateway", "1")
    yield Changes(began, begun=((process, began),))
    for day in range(DAYS):
        at = began + day * DAY
        moments = sorted(draw.uniform(at, at + DAY - HOUR) for _ in range(24))
        for number, moment in enumerate(moments):
            kind = ("maintenance", "problem", "warning")[number % 3]
            then = moment + draw.uniform(20, 900)
            if number + 1 < len(moments):
                then = min(then, moments[number + 1] - 1)
            if then <= moment:
                continue
            shown = ((lost, moment),) if kind == "problem" else ()
            yield Changes(moment, ended=(so,), begun=((kinds[kind], moment), *shown))
            ended = (kinds[kind], lost) if shown else (kinds[kind],)
            yield Changes(then, ended=ended, begun=((so, then),), marks=(said(then, name), said(then, name)))
        again = Span(name, SpanKind.APPLICATION, "gateway", str(day + 2))
        yield Changes(at + DAY - 900, ended=(process,), begun=((again, at + DAY - 840),))
        process = again
        for number in range(PROGRAMS):
            for turn in range(3):
                bot, came = Span(name, SpanKind.PROGRAM, f"bot-{number}"), at + turn * 8 * HOUR + draw.uniform(0, HOUR)
                yield Changes(came, begun=((bot, came),))
                yield Changes(came + 6 * HOUR, ended=(bot,))
        for number in range(FARMS):
            for turn in range(4):
                farm, came = Span(name, SpanKind.FARM, f"farm-{number}", "broken"), at + turn * 6 * HOUR + number
                yield Changes(came, begun=((farm, came),))
                yield Changes(came + 90, ended=(farm,))
        for minute in range(int(at // MINUTE), int((at + DAY) // MINUTE)):
            slow, mean = draw.uniform(0.001, 0.05), draw.uniform(0.001, 0.002)
            yield Changes(minute * MINUTE, latencies=(LatencyMinute(name, minute, slow, mean, 6),))


def said(at: float, name: str) -> Mark:
    """A notice."""
    return Mark(at, Happened(MarkKind.SAID, name, "server-link-lost", "IB Gateway has lost its link to IB"))


def batched(every: list[Changes], size: int) -> Iterator[list[Changes]]:
    """The list in parts."""
    return (every[n : n + size] for n in range(0, len(every), size))


def fill(path: Path, now: float) -> None:
    """Write the history of the busy days until now."""
    began = now - DAYS * DAY
    store = Store(path)
    store.write([Changes(began, begun=((Span("", SpanKind.RUN, "0.1.0"), began),))])
    many = (one for number in range(CONNECTIONS) for one in busy(f"Gateway {number + 1}", began, number))
    # In the order in which an agent writes them.
    for batch in batched(sorted(many, key=lambda one: one.at), 20_000):
        store.write(batch)
    store.write([Changes(now)])
    store.close()


@asynccontextmanager
async def agent_of(folder: Path, port: int) -> AsyncIterator[Places]:
    """An agent in a process of its own, with the data folder that is there."""
    places = find_places(folder / "config.toml", folder / "data", environ={})
    places.config.write_text(f'[[connections]]\nname = "Paper Gateway"\napplication = "gateway"\nport = {port}\n')
    options = ("--no-tray", "--config", str(places.config), "--data-dir", str(places.data))
    agent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "run", *options), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await asyncio.sleep(3.0)
        yield places
    finally:
        agent.terminate()
        await agent.wait()


async def clicked(browser: Browser, places: Places, rounds: int) -> list[tuple[float, float, int]]:
    """Of each round the seconds from the click to the pictures, the seconds of the request, and its bytes."""
    found = []
    async with tab(browser, await asyncio.to_thread(page_of, places)) as shown:
        await shown.go("history")
        await shown.page.locator(".daily").first.wait_for()
        for _ in range(rounds):
            took, asked, size = await shown.page.evaluate(CLICK)
            found.append((took / 1000, asked / 1000, size))
    return found


def told(folder: Path) -> float:
    """Processor seconds to read and tell the history."""
    began = time.process_time()
    history_json(read_days(folder, DAYS, datetime.now(UTC).astimezone(), pictures=True, whole=False), strips=True)
    return time.process_time() - began


async def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="gatelight-history-") as name:
        folder = Path(name)
        async with await SimulatedApplication.start(folder / "gateway") as gateway, chromium() as browser:
            async with agent_of(folder, gateway.asked_port) as places:
                bare = await clicked(browser, places, rounds)
            file = places.data / HISTORY_FILE
            file.unlink()
            fill(file, time.time())
            size = file.stat().st_size
            async with agent_of(folder, gateway.asked_port) as places:
                made = await clicked(browser, places, rounds)
            alone = [told(places.data) for _ in range(rounds)]
    print(f"some quiet seconds: {spread([took for took, _, _ in bare])}")
    print(f"90 busy days: {spread([took for took, _, _ in made])}")
    print(f"  of it the request {spread([asked for _, asked, _ in made])}; processor to read and tell {spread(alone)}")
    drawn = statistics.median(took - asked for took, asked, _ in made)
    print(f"  drawing {drawn * 1000:.0f} ms; {made[-1][2] / 1000:.0f} kB; the file has {size / 1e6:.1f} MB")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 7))
