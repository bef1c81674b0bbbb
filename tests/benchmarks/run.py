"""The numbers to reach, measured beside ib_async's Watchdog and a psutil loop, as a Markdown table.

Run: python tests/benchmarks/run.py [--quick]
"""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.footprint import footprint
from tests.benchmarks.reactions import Bench, fast_rows, slow_rows
from tests.benchmarks.table import Row, render

REPEATS = 5
QUICK_REPEATS = 3
MINUTES = 10.0
QUICK_MINUTES = 2.0
PARTS = ("fast", "slow", "footprint")


def say(text: str) -> None:
    """Progress, beside the table."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


async def measure(parts: list[str], *, quick: bool, minutes: float, folder: Path) -> list[Row]:
    """Every row. The idle agents come last and alone: they would see the processes of all the others."""
    bench = Bench(folder / "simulated", folder / "compiled", QUICK_REPEATS if quick else REPEATS)
    rows: list[Row] = []
    for part in parts:
        say(f"{time.strftime('%H:%M:%S')} {part} …")
        match part:
            case "fast":
                rows += await fast_rows(bench)
            case "slow":
                rows += await slow_rows(bench, quick=quick)
            case _:
                rows += await footprint(bench, minutes)
    return rows


def machine() -> str:
    """What it was measured on, in a few words."""
    system = platform.freedesktop_os_release()["PRETTY_NAME"] if sys.platform == "linux" else platform.platform()
    busy = f"load {os.getloadavg()[0]:.1f}, {len(psutil.pids())} processes"
    return f"{os.cpu_count()} cores, {system}, {platform.python_implementation()} {platform.python_version()}, {busy}"


def main() -> int:
    """Measure and print; exit status 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, two minutes of idling: for a glance")
    parser.add_argument("--minutes", type=float, help=f"minutes of idling (default {MINUTES:g}; quick: 2)")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be repeated")
    options = parser.parse_args()
    minutes = options.minutes or (QUICK_MINUTES if options.quick else MINUTES)
    began = machine()
    with tempfile.TemporaryDirectory(prefix="gatelight-benchmark-") as folder:
        rows = asyncio.run(
            measure(options.only or list(PARTS), quick=options.quick, minutes=minutes, folder=Path(folder))
        )
    sys.stdout.write(f"{datetime.now(UTC):%Y-%m-%d}, {began}\n\n{render(rows)}\n")
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
