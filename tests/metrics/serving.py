"""A living agent whose metrics are served, as `AgentHost` puts them together."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent.app.metrics_host import MetricsHost
from agent.app.running import RunningAgent
from agent.core.events import Reconfigured
from agent.core.settings import MetricsSettings
from agent.core.shown.status import Status
from tests.page.living import LivingAgent, living_agent
from tests.waiting import until


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


@dataclass
class ServedAgent:
    """An agent, and what serves its metrics."""

    living: LivingAgent
    metrics: MetricsHost

    async def configure(self, wanted: MetricsSettings) -> None:
        """Change the settings, and let the host see them."""
        loop = self.living.loop
        loop.post(Reconfigured(replace(loop.state.settings, metrics=wanted)))
        await until(lambda: loop.state.settings.metrics == wanted)
        await self.metrics.look()


@asynccontextmanager
async def served_agent(folder: Path) -> AsyncIterator[ServedAgent]:
    """An agent whose metrics can be switched on."""
    async with living_agent(folder) as living:
        world = living.world
        agent = RunningAgent(living.places, living.loop, world, lambda: None)
        metrics = MetricsHost(agent)
        before = world.show

        def show(status: Status) -> None:
            before(status)
            metrics.shown(status)

        world.show = show  # type: ignore[method-assign]
        await world.connected()
        try:
            yield ServedAgent(living, metrics)
        finally:
            await metrics.close()
