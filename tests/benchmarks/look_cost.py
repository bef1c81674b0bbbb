"""What a look at this machine costs: processor time of a first and of a repeated look, medians.

Run: python tests/benchmarks/look_cost.py
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import psutil

from agent.core.clock import Moment
from agent.observers.look import Looker

FIRST_LOOKS = 9
REPEATED_LOOKS = 200
LOOK_EVERY = 5.0
"""Seconds between two looks of the agent (`checks.look_every`)."""
PORTS = frozenset({4001, 4002, 7496, 7497})


def cost(look: Callable[[], object]) -> float:
    """Processor time of one call, milliseconds."""
    before = time.process_time()
    look()
    return (time.process_time() - before) * 1000


def main() -> None:
    """Measure and print."""

    def first() -> object:
        return Looker().look(PORTS, thorough=False, now=Moment(time.monotonic(), time.time()))

    firsts = [cost(first) for _ in range(FIRST_LOOKS)]
    looker = Looker()
    now = Moment(time.monotonic(), time.time())
    looker.look(PORTS, thorough=False, now=now)
    repeated = [
        cost(partial(looker.look, PORTS, thorough=False, now=now.later(count * LOOK_EVERY)))
        for count in range(1, REPEATED_LOOKS + 1)
    ]
    median = statistics.median(repeated)
    lines = [
        f"processes       {len(psutil.pids())}",
        f"first look      {statistics.median(firsts):.2f} ms",
        f"repeated look   {median:.2f} ms (mean {statistics.mean(repeated):.2f} ms, largest {max(repeated):.2f} ms)",
        f"every {LOOK_EVERY:g} s       {statistics.mean(repeated) / LOOK_EVERY / 10:.3f} % of one core",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
