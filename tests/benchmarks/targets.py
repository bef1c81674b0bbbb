"""Targets that hang or refuse: what the agent's own loop notices of them, beside an agent that has none.

`python -m tests.benchmarks.targets [SECONDS]`: a Markdown table. The agent runs in this process, and its IB Gateway is
missing, so that every target has something to be told; the services are real ones of this computer.
"""

import asyncio
import statistics
import sys
import time
from contextlib import ExitStack

from agent.channels.remote_sender import SEND_SECONDS
from tests.channels.receivers import free_port, http_receiver, silent_receiver
from tests.runtime.made_up_world import running
from tests.runtime.test_targets import TellingWorld, with_targets

SECONDS = 20.0
HANGING = 5
TICK = 0.002
"""Seconds between two looks at the clock."""


async def measure(addresses: dict[str, str], seconds: float) -> tuple[list[float], int]:
    """By how much each tick of the loop was late, in seconds, and how many messages were begun."""
    world = TellingWorld(gateway=False, addresses=addresses)
    late: list[float] = []
    async with running(world, with_targets(world)):
        await asyncio.sleep(1.0)
        began = last = time.perf_counter()
        while last - began < seconds:
            await asyncio.sleep(TICK)
            now = time.perf_counter()
            late.append(now - last - TICK)
            last = now
            # Attempts would be minutes apart: a minute passes each second.
            world.ahead += TICK * 60
    return late, len(world.messages)


async def main(seconds: float) -> None:
    """Print the figures, each beside those without targets."""
    with ExitStack() as stack:
        hanging = {f"hangs {n}": stack.enter_context(silent_receiver()).url for n in range(HANGING)}
        refusing = {
            "answers 500": stack.enter_context(http_receiver(status=500)).url,
            "is away": f"json://127.0.0.1:{free_port()}/",
        }
        print("| targets | messages begun | late, median | late, 99 % | late, at most |")
        print("|---|---|---|---|---|")
        for what, addresses in (("none", {}), (f"{HANGING} that hang, 2 that refuse", {**hanging, **refusing})):
            late, messages = await measure(addresses, seconds)
            most = statistics.quantiles(late, n=100)[98]
            figures = " | ".join(f"{one * 1000:.2f} ms" for one in (statistics.median(late), most, max(late)))
            print(f"| {what} | {messages} | {figures} |")
    print(f"\nA message is given up after {SEND_SECONDS:g} s.")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
