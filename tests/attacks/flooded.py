"""A running agent with connections, one of which is flooded by another process."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agent.core.settings import CheckSettings, ConnectionSettings, Settings
from agent.core.status import ShownConnection, Status
from agent.runtime.loop import AgentLoop
from agent.world import RealWorld, first_state

PATIENCE = 60.0
"""Seconds after which what should happen has failed to."""
FLOODED = "c0"


@dataclass
class Flooder:
    """The process that floods."""

    process: Process
    ports: Sequence[int]

    async def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())
        await self.process.stdin.drain()

    async def longest_gaps(self) -> list[float]:
        """Seconds between two heartbeats at most, by port."""
        await self.say("beats")
        return list(await self.line())

    async def line(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(await asyncio.wait_for(self.process.stdout.readline(), PATIENCE))


@asynccontextmanager
async def flooder(kind: str, count: int) -> AsyncIterator[Flooder]:
    """Listens on so many ports; the flood goes to the first one."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.attacks.flooder", kind, str(count), stdin=PIPE, stdout=PIPE
    )
    found = Flooder(process, ())
    found.ports = await found.line()
    try:
        yield found
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@dataclass
class Flooded:
    """The agent."""

    loop: AgentLoop
    flooder: Flooder
    seen: list[Status] = field(default_factory=list)
    """Every status shown."""

    @property
    def connections(self) -> tuple[ShownConnection, ...]:
        return self.seen[-1].connections if self.seen else ()

    async def until(self, met: Callable[["Flooded"], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not met(self):
                await asyncio.sleep(0.02)

    def codes(self, name: str) -> set[str]:
        """Everything that was ever shown of a connection."""
        return {p.code for s in self.seen for c in s.connections if c.name == name for p in c.problems if p.visible}


def settings_for(ports: Sequence[int], heartbeat_every: float = 2.0, reply_timeout: float = 2.0) -> Settings:
    """One connection for each port."""
    return Settings(
        connections=tuple(ConnectionSettings(name=f"c{n}", port=port) for n, port in enumerate(ports)),
        checks=CheckSettings(heartbeat_every=heartbeat_every, reply_timeout=reply_timeout),
    )


@asynccontextmanager
async def flooded(kind: str, count: int) -> AsyncIterator[Flooded]:
    """All are connected, and the flood has not begun."""
    async with flooder(kind, count) as source:
        seen: list[Status] = []
        world = RealWorld(show=seen.append)
        loop = AgentLoop(first_state(settings_for(source.ports), world.now()), world)
        agent = Flooded(loop, source, seen)
        running = asyncio.ensure_future(loop.run())
        try:
            await agent.until(lambda a: a.connections and all(c.latency is not None for c in a.connections))
            yield agent
        finally:
            loop.stop()
            await running
