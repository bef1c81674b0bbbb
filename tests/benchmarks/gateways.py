"""A process that is many simulated IB Gateways, one on each port.

`python -m tests.benchmarks.gateways COUNT` prints the ports as a JSON list. Each line on its standard input is an
order: `apply NUMBER FAULT`, `heal NUMBER`, `flap NUMBER,…`, `still` or `received`; the answer is a line of JSON with
the monotonic time just before it was done. It ends with its input.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter

from agent.simulator.server import Simulator
from agent.simulator.state import Profile

FLAP = 0.5
"""Seconds between two changes of one that flaps."""
CHANGES = ("link-lost", "link-back-kept", "reset-sessions")
"""What happens to it in turn."""


async def flapping(simulator: Simulator, offset: float) -> None:
    """Change again and again, out of step with the others."""
    await asyncio.sleep(offset)
    while True:
        for fault in CHANGES:
            await simulator.apply(fault)
            await asyncio.sleep(FLAP)


class Gateways:
    """All of them, on one loop."""

    def __init__(self, count: int) -> None:
        self.simulators = [Simulator(Profile(), port=0) for _ in range(count)]
        self.flapping: set[asyncio.Task[None]] = set()

    async def open(self) -> list[int]:
        """Listen; the ports."""
        return [await simulator.open() for simulator in self.simulators]

    async def obey(self, words: list[str]) -> object:
        """Carry out one order; what is answered besides the time."""
        match words:
            case ["apply", number, fault]:
                await self.simulators[int(number)].apply(fault)
            case ["heal", number]:
                await self.simulators[int(number)].heal()
            case ["flap", numbers]:
                chosen = [self.simulators[int(number)] for number in numbers.split(",")]
                self.flapping |= {
                    asyncio.create_task(flapping(one, FLAP * place / len(chosen))) for place, one in enumerate(chosen)
                }
            case ["still"]:
                for task in self.flapping:
                    task.cancel()
                self.flapping.clear()
                for simulator in self.simulators:
                    await simulator.heal()
            case ["received"]:
                return dict(sum((simulator.received for simulator in self.simulators), Counter[int]()))
            case ["opened"]:
                return [simulator.connections_accepted for simulator in self.simulators]
            case _:
                raise ValueError(words)
        return None


async def main() -> None:
    """Serve until standard input ends."""
    gateways = Gateways(int(sys.argv[1]))
    say(await gateways.open())
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        at = time.monotonic()
        say({"at": at, "told": await gateways.obey(line.decode().split())})


def say(told: object) -> None:
    """One line."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
