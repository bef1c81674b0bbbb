"""A fix without a running agent: one that looks like the doctor, stays for the question, and does it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from agent.config import load
from agent.core.display import AskFix, DoFix
from agent.core.events import Reconfigured
from agent.core.facts import Purpose
from agent.core.settings import Settings
from agent.doctor import LIMIT, reason_to_wait, willing
from agent.fix_host import FixHost, abilities
from agent.running import RunningAgent
from agent.runtime.loop import AgentLoop
from agent.runtime.paths import Places
from agent.world import RealWorld, first_state, timing_of


@contextlib.asynccontextmanager
async def alone(
    places: Places, connection: str, say: Callable[[str], None]
) -> AsyncIterator[Callable[[AskFix | DoFix], Awaitable[dict[str, Any]]]]:
    """An agent of its own for as long as it takes; gives what answers the command `fix`.

    Raises UsageError for a connection that is not there, ConfigError for a configuration that cannot be used.
    """
    world = RealWorld()
    settings = _settings(places, connection)
    state = first_state(settings, world.now(), purpose=Purpose.DOCTOR, timing=timing_of(settings))
    loop = AgentLoop(replace(state, abilities=abilities(places.config)), world)

    def changed() -> None:
        loop.post(Reconfigured(_settings(places, connection), abilities(places.config)))

    host = FixHost(RunningAgent(places, loop, world, changed))
    running = asyncio.ensure_future(loop.run())
    try:
        await _seen(loop, world, say)
        yield host.answer
    finally:
        loop.stop()
        await running


def _settings(places: Places, connection: str) -> Settings:
    return willing(load(places.config, named=places.config_named), connection or None)


async def _seen(loop: AgentLoop, world: RealWorld, say: Callable[[str], None]) -> None:
    """Wait until the look is complete, or for as long as a doctor would."""
    deadline, told = world.now().monotonic + LIMIT, ""
    while world.now().monotonic < deadline:
        waits_for = reason_to_wait(loop.state, world.now())
        if waits_for is None:
            return
        if waits_for and waits_for != told:
            say(waits_for)
            told = waits_for
        await asyncio.sleep(0.05)
