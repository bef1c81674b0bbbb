"""A running agent with connections, some of which are flooded by another process."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agent.app.world import RealWorld, first_state
from agent.core.settings import CheckSettings, ConnectionSettings, Settings
from agent.core.shown.status import Status
from agent.core.timing import Timing
from agent.runtime.loop import AgentLoop

PATIENCE = 60.0
"""Seconds after which what should happen has failed to."""
QUIET = CheckSettings(heartbeat_every=2.0, reply_timeout=2.0)


@dataclass
class Flooder:
    """The process that floods."""

    process: Process
    ports: Sequence[int] = ()

    async def go(self) -> None:
        """Begin the floods."""
        await self._say("go")

    async def longest_gaps(self) -> list[float]:
        """Seconds between two heartbeats at most since then, by port."""
        await self._say("beats")
        return list(await self.line())

    async def _say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())
        await self.process.stdin.drain()

    async def line(self) -> Any:
        """What it says next."""
        assert self.process.stdout is not None
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), PATIENCE))


@asynccontextmanager
async def flooder(kinds: Sequence[str], healthy: int) -> AsyncIterator[Flooder]:
    """Listens on a port for each kind of flood, and then on so many that are well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.attacks.flooder", ",".join(kinds), str(healthy), stdin=PIPE, stdout=PIPE
    )
    found = Flooder(process)
    try:
        found.ports = await found.line()
        yield found
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def settings_for(kinds: Sequence[str], ports: Sequence[int]) -> Settings:
    """One connection for each port, named as what it is flooded with."""
    names = [*kinds, *(f"well {n}" for n in range(len(ports) - len(kinds)))]
    connections = tuple(ConnectionSettings(name=n, port=p) for n, p in zip(names, ports, strict=True))
    return Settings(connections=connections, checks=QUIET)


@dataclass
class Flooded:
    """The agent."""

    loop: AgentLoop
    flooder: Flooder
    seen: list[Status] = field(default_factory=list)
    """Every status shown."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, status: Status) -> None:
        """Take in a status."""
        self.seen.append(status)
        self.changed.set()

    async def until(self, met: Callable[["Flooded"], object]) -> None:
        """Wait for something to be shown."""
        async with asyncio.timeout(PATIENCE):
            while not met(self):
                self.changed.clear()
                await self.changed.wait()

    @property
    def all_answer(self) -> bool:
        """Whether every connection has answered a heartbeat."""
        return bool(self.seen) and all(c.latency is not None for c in self.seen[-1].connections)

    def codes(self, name: str) -> set[str]:
        """Every problem that was ever shown of a connection."""
        of_it = (c for s in self.seen for c in s.connections if c.name == name)
        return {p.code for c in of_it for p in c.problems if p.visible}

    @property
    def well(self) -> list[str]:
        """Names of the connections that are not flooded."""
        return [c.name for c in self.seen[-1].connections if c.name.startswith("well")]


@asynccontextmanager
async def flooded(
    kinds: Sequence[str], healthy: int, *, answering: bool = True, timing: Timing | None = None
) -> AsyncIterator[Flooded]:
    """The floods have not begun; where they are `answering`, all are connected."""
    async with flooder(kinds, healthy) as source:
        shown: list[Flooded] = []
        world = RealWorld(show=lambda status: shown[0].show(status))
        state = first_state(settings_for(kinds, source.ports), world.now(), timing=timing)
        agent = Flooded(AgentLoop(state, world), source)
        shown.append(agent)
        running = asyncio.ensure_future(agent.loop.run())
        try:
            if answering:
                await agent.until(lambda a: a.all_answer)
            yield agent
        finally:
            agent.loop.stop()
            await running
