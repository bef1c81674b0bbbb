"""Targets that hang or refuse: what the agent’s loop and its heartbeats notice of them, beside an agent without any.

`python -m tests.benchmarks.targets [SECONDS]`: a Markdown table. The agent runs in this process, with one session that
answers at once; the services are real ones of this computer. There is news for every target each second.
"""

import asyncio
import os
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise

from agent.channels.remote_sender import SEND_SECONDS
from agent.core.alerts import targets as alerts
from agent.core.events import NewsCame
from agent.core.problem import Severity
from agent.core.settings import CheckSettings
from agent.core.shown.display import Notice
from agent.core.timing import Timing
from tests.channels.receivers import free_port, http_receiver, silent_receiver
from tests.runtime.made_up_world import running, state_of
from tests.runtime.test_targets import TellingWorld, with_targets

SECONDS = 20.0
HANGING = 5
TICK = 0.002
"""Seconds between two looks at the clock."""
AGAIN = 1.0
"""Seconds between two attempts."""
BEAT = 0.2
"""Seconds between two heartbeats."""


@dataclass
class BeatingWorld(TellingWorld):
    """Knows when heartbeats were sent."""

    beats: list[float] = field(default_factory=list)

    def did(self, what: str) -> None:
        super().did(what)
        if what == "heartbeat":
            self.beats.append(time.perf_counter())


async def measure(addresses: dict[str, str], seconds: float) -> tuple[list[float], list[float], int]:
    """By how much each tick of the loop and each heartbeat was late, in seconds, and how many messages were begun."""
    world = BeatingWorld(addresses=addresses)
    late: list[float] = []
    checks = CheckSettings(heartbeat_every=BEAT)
    state = with_targets(world, state_of(timing=replace(Timing(), heartbeat_every=BEAT)))
    state = replace(state, settings=replace(state.settings, checks=checks))
    async with running(world, state) as loop:
        await world.until(lambda w: w.diary.count("heartbeat") > 2)
        world.beats.clear()
        began = last = news = time.perf_counter()
        while last - began < seconds:
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            late.append(now - last - TICK)
            last = now
            if now - news > 1.0:
                news = now
                loop.post(NewsCame(Notice("gatelight/news", Severity.ERROR, "News", f"At {now - began:.0f} s.")))
    return late, [after - before - BEAT for before, after in pairwise(world.beats)], len(world.messages)


async def main(seconds: float) -> None:
    """Print the figures, each beside those without targets."""
    # Attempts would be minutes apart.
    alerts.FIRST_RETRY = alerts.LONGEST_RETRY = AGAIN
    with ExitStack() as stack:
        hanging = {f"hangs {n}": stack.enter_context(silent_receiver()).url for n in range(HANGING)}
        refusing = {
            "answers 500": stack.enter_context(http_receiver(status=500)).url,
            "is away": f"json://127.0.0.1:{free_port()}/",
        }
        print(f"load {os.getloadavg()[0]:.1f}\n")
        print("| targets | messages begun | late, median | late, 99 % | late, at most | heartbeats late, at most |")
        print("|---|---|---|---|---|---|")
        for what, addresses in (("none", {}), (f"{HANGING} that hang, 2 that refuse", {**hanging, **refusing})):
            late, beats, messages = await measure(addresses, seconds)
            most = statistics.quantiles(late, n=100)[98]
            figures = " | ".join(f"{t * 1000:.2f} ms" for t in (statistics.median(late), most, max(late), max(beats)))
            print(f"| {what} | {messages} | {figures} |")
    print(f"\nA message is given up after {SEND_SECONDS:g} s.")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
