"""`gatelight doctor`: one thorough look that needs no running agent, judged by the agent's own decisions."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from agent.app.fix_host import abilities
from agent.app.one_look import OneLook, willing
from agent.app.world import RealWorld
from agent.config.reading import load
from agent.core.shown.display import IconState
from agent.core.shown.status import Status
from agent.runtime.instance import running_pid
from agent.runtime.paths import Places


def examine(places: Places, name: str | None, say: Callable[[str], None]) -> Status:
    """Look at the named connection, or at all of them; raises UsageError, ConfigError or CouldNotFindOut."""
    settings = willing(load(places.config, named=places.config_named), name)
    fellow = running_pid(places)
    if fellow is not None:
        # The agent that runs has a fixed client ID already: asked for once more, TWS would refuse it.
        settings = replace(settings, connections=tuple(replace(c, client_id="auto") for c in settings.connections))

    async def look() -> Status:
        world = RealWorld(fellow=fellow)
        async with OneLook(settings, world, say=say, can=abilities(places.config)) as agent:
            return await agent.complete()

    seen = asyncio.run(look())
    return replace(seen, connections=tuple(c for c in seen.connections if name in (None, c.name)))


def exit_status(status: Status) -> int:
    """0 healthy, 1 a problem was found, 4 it could not be found out."""
    problems = [p for c in status.connections for p in c.problems if p.visible]
    if any(p.severity != "info" and p.code != "agent-cannot-see" for p in problems):
        return 1
    good = {IconState.CONNECTED, IconState.MAINTENANCE, IconState.PAUSED}
    if status.connections and all(c.overall in good for c in status.connections):
        return 0
    if any(p.code not in ("agent-cannot-see", "login-due") for p in problems):
        return 1
    return 4
