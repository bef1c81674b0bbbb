"""One of twenty connections is flooded: what the others, the commands and the memory notice of it.

`python -m tests.benchmarks.floods [SECONDS] [KIND…]`: a Markdown table, each kind beside twenty quiet connections in
the same run. The agent runs in this process, the flood comes from another one.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from agent.runtime.control.channel import ControlServer, request
from agent.runtime.paths import Places
from tests.asking import answered
from tests.attacks.flooded import QUIET, Flooded, flooded

KINDS = ("burst", "notices", "texts", "farms", "ticks", "accounts", "unknown", "malformed", "long", "huge")
CONNECTIONS = 20
SECONDS = 4.0
MIB = 2**20
TARGETS = "status ≤ 300 ms; others’ heartbeats ≤ 1 s late; memory ≤ +40 MiB; at a stretch ≤ 50 ms; no false problem"


@dataclass
class Figures:
    """What was measured during one flood."""

    answers: list[float] = field(default_factory=list)
    """Seconds each question for the status took."""
    stretch: float = 0.0
    """Seconds the loop was not free at the longest."""
    late: float = 0.0
    """Seconds by which a heartbeat of a quiet connection was late at most."""
    memory: int = 0
    """Bytes more than before, at most."""
    processor: float = 0.0
    """Share of one core."""
    told: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


async def measure(kind: str, seconds: float) -> Figures:
    """One flood, or none."""
    found = Figures()
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "none.toml", False, Path(folder), Path(folder))
        async with flooded([kind], CONNECTIONS - 1) as agent:

            async def reply(asked: dict[str, object]) -> dict[str, object]:
                return answered(agent.loop, asked)

            control = ControlServer(places, reply)
            await control.start()
            try:
                await _during(agent, places, found, seconds)
            finally:
                await control.close()
            found.told = frozenset(agent.codes(kind))
            found.others = frozenset().union(*(agent.codes(name) for name in agent.well))
    return found


async def _during(agent: Flooded, places: Places, found: Figures, seconds: float) -> None:
    await asyncio.sleep(0.5)
    process = psutil.Process()
    before = process.memory_info().rss
    await agent.flooder.go()
    began, used = time.perf_counter(), time.process_time()

    async def ask() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.to_thread(request, places, {"command": "status"}, 30.0)
            found.answers.append(time.perf_counter() - asked)
            await asyncio.sleep(0.1)

    asking = asyncio.ensure_future(ask())
    last = began
    while last - began < seconds:
        await asyncio.sleep(0.002)
        now = time.perf_counter()
        found.stretch, last = max(found.stretch, now - last - 0.002), now
        found.memory = max(found.memory, process.memory_info().rss - before)
    found.processor = (time.process_time() - used) / (last - began)
    asking.cancel()
    gaps = await agent.flooder.longest_gaps()
    found.late = max(0.0, max(gaps[1:]) - QUIET.heartbeat_every)


def table(rows: dict[str, Figures]) -> Iterator[str]:
    """The figures, each beside the quiet ones."""
    quiet = rows["none"]
    base = statistics.median(quiet.answers)
    heads = "flood", "status, median (max)", "ratio", "longest stretch", "heartbeats late", "memory", "processor"
    yield f"| {' | '.join((*heads, 'told', 'others'))} |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for kind, seen in rows.items():
        middle, most = statistics.median(seen.answers), max(seen.answers)
        cells = (
            kind,
            f"{middle * 1000:.1f} ms ({most * 1000:.0f} ms)",
            f"{middle / base:.1f}",
            f"{seen.stretch * 1000:.0f} ms",
            f"{seen.late:.2f} s",
            f"+{seen.memory / MIB:.1f} MiB",
            f"{seen.processor:.0%}",
            ", ".join(sorted(seen.told)) or "–",
            ", ".join(sorted(seen.others)) or "–",
        )
        yield f"| {' | '.join(cells)} |"
    yield f"Targets: {TARGETS}."


def main(arguments: list[str]) -> None:
    """Measure and print."""
    seconds = float(arguments[0]) if arguments else SECONDS
    rows = {kind: asyncio.run(measure(kind, seconds)) for kind in ("none", *(arguments[1:] or KINDS))}
    sys.stdout.writelines(f"{line}\n" for line in table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
