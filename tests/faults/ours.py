"""An agent that sees the applications started by these tests only, whatever they look like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import psutil

from agent.app.world import first_state
from agent.core.clock import Moment
from agent.core.facts import Known, MachineFacts
from agent.core.settings import ConnectionSettings, Settings
from agent.core.shown.status import ShownConnection
from agent.core.timing import Timing
from agent.runtime.loop import AgentLoop
from tests.faults.watching import QUICK, Audience, calm, looked_once


class Ours(Audience):
    """The real world without other people's TWS: neither by name nor by folder, which a decoy may share or lack."""

    def __init__(self) -> None:
        super().__init__(None)

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        machine = super().look(ports, thorough=thorough, now=now)
        if not isinstance(machine.processes, Known):
            return machine
        own = {p.pid for p in psutil.Process().children(recursive=True)}
        seen = machine.processes.value
        kept = tuple(p for p in seen.applications if p.pid in own)
        return replace(machine, processes=Known(replace(seen, applications=kept)))


@asynccontextmanager
async def at_work(
    *connections: ConnectionSettings, timing: Timing = QUICK, world: Ours | None = None
) -> AsyncIterator[tuple[Ours, AgentLoop]]:
    """An agent at work, and its loop."""
    listening = world or Ours()
    state = first_state(Settings(connections=connections), listening.now(), timing=timing, known=calm())
    loop = AgentLoop(state, listening)
    running = asyncio.ensure_future(loop.run())
    try:
        yield listening, loop
    finally:
        loop.stop()
        await running


async def examined_alone(*connections: ConnectionSettings) -> ShownConnection:
    """What the doctor says of the first connection."""
    status = await looked_once(Settings(connections=connections), Ours())
    return status.connections[0]
