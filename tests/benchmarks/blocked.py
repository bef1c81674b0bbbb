"""What a connection costs that is blocked, beside a healthy one, on this machine and on a crowded one.

Run: python -m tests.benchmarks.blocked [--fault F] [--crowded | --calm] [--settled S] [--seconds S]

Linux only. Where that is allowed it runs in process and network namespaces of its own, so that both agents see the
simulated applications, the staged crowd, and nothing else.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from agent.core.clock import Moment
from agent.observers.look import Looker
from tests import apart
from tests.benchmarks.footprint import CONNECTED, Home, processor, running
from tests.benchmarks.reactions import Bench
from tests.crowd import crowd

PROCESSES, SOCKETS = 4900, 18000
"""The crowded machine."""
FEW = 170
"""Processes of an ordinary machine."""
SETTLED = 60.0
"""Seconds after the start before anything is measured."""
SECONDS = 60.0
"""Seconds that are measured: of a blocked connection at least one attempt and the looks around it."""
LIMIT = 1.2
"""Times a healthy connection that a blocked one may cost."""
LOOKS = 20
FAULT = "silent"
"""What keeps the application from serving; see `gatelight simulate --help` for others."""
IN_SESSION = "freeze"
"""The fault that comes while a session stands."""


@dataclass(frozen=True)
class Shares:
    """Percent of one core."""

    healthy: float
    blocked: float

    @property
    def ratio(self) -> float:
        return self.blocked / self.healthy


async def _until(home: Home, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in home.log():  # noqa: ASYNC110 - the log is a file
            await asyncio.sleep(0.05)


async def measure(folder: Path, fault: str, settled: float, seconds: float) -> Shares:
    """Two agents at once, one connected and one whose application has a fault."""
    bench = Bench(folder / "simulated", folder / "compiled", 1)
    async with AsyncExitStack() as stack:
        homes, agents = [], []
        for name in ("healthy", "blocked"):
            application, _ = await bench.application(stack)
            if name == "blocked" and fault != IN_SESSION:
                await application.fault(fault)
            home = Home(folder / name, application.port)
            homes.append(home)
            agents.append(await stack.enter_async_context(running(bench.cache, home, "--no-tray")))
        await _until(homes[0], CONNECTED)
        if fault == IN_SESSION:
            await _until(homes[1], CONNECTED)
            await application.fault(fault)
        await asyncio.sleep(settled)
        before, began = [processor(a.pid) for a in agents], time.monotonic()
        await asyncio.sleep(seconds)
        took = time.monotonic() - began
        healthy, blocked = (100 * (processor(a.pid) - used) / took for a, used in zip(agents, before, strict=True))
        sessions = [home.log().count(CONNECTED) for home in homes]
        if sessions != [1, int(fault == IN_SESSION)]:
            raise RuntimeError("the connections did not stay as they were to be measured")
    return Shares(healthy, blocked)


def look_cost() -> str:
    """Processor time of looks one after the other: the first, ordinary ones, thorough ones."""
    looker, now = Looker(), Moment(time.monotonic(), time.time())
    ports = frozenset({4001, 4002, 7496, 7497})

    def cost(count: int, *, thorough: bool) -> float:
        before = time.process_time()
        looker.look(ports, thorough=thorough, now=now.later(count * 5.0))
        return (time.process_time() - before) * 1000

    first = cost(0, thorough=False)
    usual = statistics.median(cost(n, thorough=False) for n in range(1, LOOKS))
    thorough = statistics.median(cost(n, thorough=True) for n in range(LOOKS, LOOKS + 5))
    return f"a look: first {first:.1f} ms, then {usual:.2f} ms, thorough {thorough:.2f} ms"


@contextmanager
def _staged(crowded: bool) -> Iterator[str]:
    here = len(psutil.pids())
    processes, sockets = (PROCESSES, SOCKETS) if crowded else (max(0, FEW - here), 0)
    with crowd(processes, sockets):
        yield f"{len(psutil.pids())} processes, {sockets} sockets more"


def main() -> int:
    """Measure and print; exit status 1 when a blocked connection costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settled", type=float, default=SETTLED, help="seconds before anything is measured")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="seconds that are measured")
    parser.add_argument("--fault", default=FAULT, help=f"what is wrong (default {FAULT}; {IN_SESSION}: in a session)")
    parser.add_argument("--crowded", action="store_true", help="only the crowded machine")
    parser.add_argument("--calm", action="store_true", help="only the ordinary machine")
    parser.add_argument("--apart", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.apart and apart.possible():
        words = [sys.executable, "-m", "tests.benchmarks.blocked", *sys.argv[1:], "--apart"]
        return subprocess.run(apart._alone(words), check=False).returncode
    met = True
    for crowded in (False, True):
        if (crowded and options.calm) or (not crowded and options.crowded):
            continue
        with _staged(crowded) as machine, tempfile.TemporaryDirectory(prefix="gatelight-benchmark-") as folder:
            looks = look_cost()
            shares = asyncio.run(measure(Path(folder), options.fault, options.settled, options.seconds))
        met = met and shares.ratio <= LIMIT
        sys.stdout.write(
            f"{machine}: healthy {shares.healthy:.3f} %, {options.fault} {shares.blocked:.3f} %, "
            f"ratio {shares.ratio:.2f} (≤ {LIMIT}); {looks}\n"
        )
        sys.stdout.flush()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
