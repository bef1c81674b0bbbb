"""An agent without a configuration, its page, and the set-up behind it: what a first run has."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.app.page_host import PageHost
from agent.app.running import RunningAgent
from agent.app.setup_host import SetupHost
from agent.app.world import RealWorld, first_state
from agent.config.reading import load
from agent.core.commands import AskDataTest, Command, LoopCommand, SetUp
from agent.core.events import Reconfigured
from agent.core.facts import Known, MachineFacts
from agent.core.settings import Settings
from agent.core.shown.display import Notice, NoticeTried
from agent.core.shown.status import Status
from agent.core.updates import Origin
from agent.runtime.control.answers import answer
from agent.runtime.loop import AgentLoop
from agent.runtime.paths import Places, find_places
from tests.faults.watching import QUICK, calm
from tests.setup_program import only


class FirstRun(RealWorld):
    """The real world below a folder, with the page told of every status; notices are written down."""

    def __init__(self, folder: Path) -> None:
        super().__init__(only=lambda machine: self._narrowed(machine))
        self.folder = folder
        self.page: PageHost | None = None
        self.notices: list[Notice] = []

    def _narrowed(self, machine: MachineFacts) -> MachineFacts:
        return replace(only(self.folder, machine), installed=Known(()))

    def show(self, status: Status) -> None:
        if self.page is not None:
            self.page.shown(status)

    async def try_channels(self, notice: Notice) -> NoticeTried:
        self.notices.append(notice)
        return NoticeTried(("desktop notifications",))


@dataclass
class SetUpAgent:
    """The agent, and what belongs to it."""

    world: FirstRun
    loop: AgentLoop
    page: PageHost
    places: Places


@asynccontextmanager
async def first_run(folder: Path, origin: Origin | None = None) -> AsyncIterator[SetUpAgent]:
    """An agent at work that sees the applications below `folder`/tws, and has no configuration yet."""
    places = find_places(folder / "config.toml", folder / "data", environ={})
    places.data.mkdir(exist_ok=True)
    (folder / "tws").mkdir(exist_ok=True)
    world = FirstRun(folder / "tws")
    state = first_state(Settings(), world.now(), timing=QUICK, known=calm())
    loop = AgentLoop(replace(state, origin=origin or Origin()), world)

    def config_changed() -> None:
        # With the graces of the test, not with the file's.
        settings = load(places.config)
        loop.post(Reconfigured(replace(settings, checks=replace(settings.checks, look_every=QUICK.look_every))))

    agent = RunningAgent(places, loop, world, config_changed)
    setup = SetupHost(agent)

    async def ask(command: Command) -> dict[str, Any]:
        if isinstance(command, SetUp | AskDataTest):
            return await setup.answer(command)
        assert isinstance(command, LoopCommand)
        return answer(loop, command)

    host = PageHost(agent, ask)
    world.page = host
    await host.begin()
    running = asyncio.ensure_future(loop.run())
    try:
        yield SetUpAgent(world, loop, host, places)
    finally:
        await setup.close()
        loop.stop()
        await running
        await host.end()
