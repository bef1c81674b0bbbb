"""A whole agent at work on one loop: the simulated application, the real world, and the page in front of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.app.fix_host import FixHost, abilities
from agent.app.page_host import PageHost
from agent.app.running import RunningAgent
from agent.app.world import first_state
from agent.config.reading import load
from agent.core.commands import Command, LoopCommand
from agent.core.events import Reconfigured
from agent.core.settings import ConnectionSettings, Settings
from agent.core.shown.display import AskFix, DoFix
from agent.core.shown.status import Status
from agent.core.timing import Timing
from agent.runtime.control.answers import answer
from agent.runtime.loop import AgentLoop
from agent.runtime.paths import Places, find_places
from agent.simulator.world import SimulatedApplication
from tests.faults.watching import QUICK, Audience, calm, paper

if TYPE_CHECKING:
    from agent.page.server import PageServer

CURRENT_TIME = 49
"""Number of the message that a heartbeat is."""


class Seen(Audience):
    """The real world, with the page told of every status."""

    page: PageHost | None = None

    def show(self, status: Status) -> None:
        super().show(status)
        if self.page is not None:
            self.page.shown(status)


@dataclass
class LivingAgent:
    """An agent, what it watches, and its page."""

    gateway: SimulatedApplication
    world: Seen
    loop: AgentLoop
    page: PageHost
    places: Places

    @property
    def server(self) -> "PageServer | None":
        """The page's server, once somebody has opened the page."""
        return self.page._server

    async def heartbeats(self) -> int:
        """How many the application has got so far."""
        return (await self.gateway.counters()).received.get(CURRENT_TIME, 0)


@asynccontextmanager
async def living_agent(
    folder: Path,
    *,
    port: int | None = None,
    timing: Timing = QUICK,
    gateway: SimulatedApplication | None = None,
    connection: ConnectionSettings | None = None,
    others: Sequence[ConnectionSettings] = (),
) -> AsyncIterator[LivingAgent]:
    """An agent at work. `gateway`: one that runs already; its folder must lie in `folder`. `port`: of the page.

    `others`: connections besides.
    """
    own = gateway is None
    application = gateway or await SimulatedApplication.start(folder / "gateway")
    try:
        places = find_places(folder / "config.toml", folder / "data", environ={})
        places.data.mkdir(exist_ok=True)
        if not places.config.exists():
            places.config.write_text(
                f'[[connections]]\nname = "Paper Gateway"\napplication = "gateway"\nport = {application.asked_port}\n'
            )
        world = Seen(folder)
        settings = Settings(connections=(connection or paper(application.asked_port), *others))
        if port is not None:
            settings = replace(settings, page=replace(settings.page, port=port))
        state = first_state(settings, world.now(), timing=timing, known=calm())
        loop = AgentLoop(
            replace(state, abilities=abilities(places.config)),
            world,
            after=lambda _, now: world.page.decided(now) if world.page is not None else None,
        )

        def reload() -> None:
            loop.post(Reconfigured(load(places.config)))

        agent = RunningAgent(places, loop, world, reload)
        fixes = FixHost(agent)

        async def ask(command: Command) -> dict[str, Any]:
            if isinstance(command, AskFix | DoFix):
                return await fixes.answer(command)
            assert isinstance(command, LoopCommand)
            return answer(loop, command)

        world.page = PageHost(agent, ask)
        await world.page.begin()
        running = asyncio.ensure_future(loop.run())
        try:
            yield LivingAgent(application, world, loop, world.page, places)
        finally:
            loop.stop()
            await running
            await world.page.end()
    finally:
        if own:
            await application.close()
