"""A fix without a running agent: an agent for one look, which stays for the question and does the fix."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from agent.app.fix_host import FixHost, abilities
from agent.app.one_look import OneLook, willing
from agent.app.running import RunningAgent
from agent.app.world import RealWorld
from agent.config.reading import load
from agent.core.settings import Settings
from agent.core.shown.display import AskFix, DoFix
from agent.runtime.paths import Places


@contextlib.asynccontextmanager
async def alone(
    places: Places, connection: str, say: Callable[[str], None]
) -> AsyncIterator[Callable[[AskFix | DoFix], Awaitable[dict[str, Any]]]]:
    """What answers the command `fix`, for as long as the context lasts.

    Raises UsageError for a connection that is not there, ConfigError for a configuration that cannot be used,
    CouldNotFindOut where nothing was seen.
    """
    world = RealWorld()
    look = OneLook(_settings(places, connection), world, say=say, can=abilities(places.config))

    def changed() -> None:
        look.reconfigure(_settings(places, connection), abilities(places.config))

    host = FixHost(RunningAgent(places, look.loop, world, changed))
    async with look:
        await look.complete()
        yield host.answer


def _settings(places: Places, connection: str) -> Settings:
    return willing(load(places.config, named=places.config_named), connection or None)
