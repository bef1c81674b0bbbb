"""Many connections in one agent: what they cost, and how soon a fault of one is decided while others flap or flood.

`python -m tests.benchmarks.many [COUNT] [MINUTES]`: a Markdown table, for 20 connections and for COUNT (100), beside as
many bare ib_async clients in one process, in the same run. The Gateways are simulated, in one process of their own; the
malicious ones have one each. 0 minutes: only how soon a fault is decided.
"""

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.attacks.flooded import flooder
from tests.benchmarks.footprint import MIB, Home, Spent, running
from tests.benchmarks.run import machine
from tests.benchmarks.subject import END_LIMIT, PATIENCE, Subject, subject
from tests.benchmarks.table import Row, render, timed

FEW, MANY, MINUTES = 20, 100, 1.0
PROCESSOR = {FEW: 0.6, MANY: 3.0}
"""Percent of one core, at most."""
MEMORY = {FEW: 70, MANY: 120}
"""MiB, at most."""
DECIDED = 0.05
"""Seconds from a fault to its decision, at most."""
CALM = 20.0
"""Seconds after all are connected before anything is measured."""
FLAPPING = 10
STREAMS = {
    "dribble": "one drips, a byte every 50 ms",
    "notices": "one floods with notices",
    "farms": "one floods with farms",
    "ticks": "one floods with market data",
}
"""Kinds of floods (see `tests.attacks.flooder`), one at a time."""
REPEATS = 20
PAUSE = 0.7
"""Seconds between two faults."""


@dataclass
class Gateways:
    """The process of `gateways.py`."""

    process: Process
    ports: list[int]

    async def order(self, *words: object) -> tuple[float, Any]:
        """Have something done; the monotonic time just before, and what was answered."""
        assert self.process.stdin is not None
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        told = await _line(self.process)
        return told["at"], told["told"]


async def _line(process: Process) -> Any:
    assert process.stdout is not None
    return json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE))


@asynccontextmanager
async def gateways(count: int) -> AsyncIterator[Gateways]:
    """So many, at work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.gateways", str(count), stdin=PIPE, stdout=PIPE
    )
    try:
        yield Gateways(process, await _line(process))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), END_LIMIT)


async def idle(cache: Path, folder: Path, count: int, minutes: float) -> list[Row]:
    """Processor and memory of an agent and of bare clients, connected and with nothing to do."""
    async with gateways(count) as served:
        home = Home(folder / f"home-{count}", 0)
        text = "".join(f'[[connections]]\nname = "gw-{n:03}"\nport = {port}\n' for n, port in enumerate(served.ports))
        (home.folder / "config.toml").write_text(text, encoding="utf-8")
        ports = ",".join(map(str, served.ports))
        async with running(cache, home, "--no-tray") as agent, subject("clients", cache, ports=ports) as bare:
            await bare.connected()
            async with asyncio.timeout(2 * PATIENCE):
                while home.log().count(": connected (server version") < count:  # noqa: ASYNC110 - the log is a file
                    await asyncio.sleep(0.2)
            await asyncio.sleep(CALM)
            ours, theirs = Spent(agent.pid), Spent(bare.pid)
            for one in (ours, theirs):
                one.begin()
            await asyncio.sleep(minutes * 60)
            for one in (ours, theirs):
                one.finish()
    limit, most = PROCESSOR.get(count), MEMORY.get(count)
    resident = ours.resident / MIB
    return [
        Row(
            f"{count} connections: idle CPU of one core",
            f"{count} bare ib_async clients {theirs.percent:.3f} %",
            f"{ours.percent:.2f} %",
            "–" if limit is None else f"≤ {limit:g} %",
            None if limit is None else ours.percent <= limit,
        ),
        Row(
            f"{count} connections: memory (RSS)",
            f"{theirs.resident / MIB:.1f} MiB",
            f"{resident:.1f} MiB",
            "–" if most is None else f"≤ {most} MiB",
            None if most is None else resident <= most,
            ours.resident / theirs.resident,
        ),
    ]


async def noticed(served: Gateways, watching: Subject) -> list[float]:
    """Seconds from 1100 of one that is well to what a process says of it, again and again."""
    times = []
    for turn in range(REPEATS):
        number = FLAPPING + 1 + turn % (len(served.ports) - FLAPPING - 1)
        name = str(served.ports[number])
        at, _ = await served.order("apply", number, "link-lost")
        seen = await watching.until(lambda s, n=name: s.get("name") == n and s.get("link") == "down", "1100", since=at)  # type: ignore[misc]
        times.append(seen - at)
        await served.order("heal", number)
        await asyncio.sleep(PAUSE)
    return times


async def reactions(cache: Path, count: int) -> list[Row]:
    """How soon a fault of one is decided: with all others quiet, with ten that flap, with one that never answers, drips
    or floods."""
    rows = []
    async with gateways(count - len(STREAMS)) as served, AsyncExitStack() as stack:
        floods = {kind: AsyncExitStack() for kind in STREAMS}
        sources = {}
        for kind, its in floods.items():
            await stack.enter_async_context(its)
            sources[kind] = await its.enter_async_context(flooder([kind], 0))
        every = [*served.ports, *(source.ports[0] for source in sources.values())]
        ports, well = (",".join(map(str, those)) for those in (every, served.ports))
        # The bare clients are not flooded: they would take the processor from the agent, and have no chance.
        async with subject("agents", cache, ports=ports) as agent, subject("clients", cache, ports=well) as bare:
            await bare.connected()
            for port in every:
                await agent.until(lambda s, n=str(port): s.get("name") == n and s["phase"] == "connected", "connected")  # type: ignore[misc]
            await asyncio.sleep(CALM / 4)

            async def row(words: str) -> Row:
                ours, theirs = await noticed(served, agent), await noticed(served, bare)
                what = f"{count} connections, {words}: 1100 → decided"
                return timed(what, ours, theirs, DECIDED, "bare ib_async")

            for words, order in (
                ("the others quiet", ()),
                ("one silent", ("apply", 0, "silent")),
                (f"{FLAPPING} others flap", ("flap", ",".join(map(str, range(1, FLAPPING + 1))))),
            ):
                if order:
                    await served.order(*order)
                rows.append(await row(words))
            await served.order("still")
            for kind, words in STREAMS.items():
                await sources[kind].go()
                await asyncio.sleep(PAUSE)
                rows.append(await row(words))
                await floods[kind].aclose()
    return rows


async def measure(count: int, minutes: float) -> list[Row]:
    """Every row."""
    with tempfile.TemporaryDirectory(prefix="gatelight-benchmark-") as name:
        folder = Path(name)
        rows: list[Row] = []
        for several in dict.fromkeys((FEW, count)) if minutes else ():
            rows += await idle(folder / "compiled", folder, several, minutes)
        return rows + await reactions(folder / "compiled", count)


def main(arguments: list[str]) -> int:
    """Measure and print; exit status 1 when a target is missed."""
    began = machine()
    count = int(arguments[0]) if arguments else MANY
    rows = asyncio.run(measure(count, float(arguments[1]) if arguments[1:] else MINUTES))
    sys.stdout.write(f"{began}\n\n{render(rows)}\n")
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
