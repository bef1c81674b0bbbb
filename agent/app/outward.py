"""What the running agent does for programs, and what it asks the web.

Metrics, hooks, relays, dead-man ping, new versions, and the service manager that has started it.
"""

import os
from typing import TYPE_CHECKING

from agent.app.hooks_host import HooksHost
from agent.app.metrics_host import MetricsHost
from agent.app.ping_host import PingHost
from agent.app.relays_host import RelaysHost
from agent.app.running import RunningAgent
from agent.app.update_check import UpdateCheck
from agent.core.shown.status import Status
from agent.runtime.memory_file import MemoryFile

if TYPE_CHECKING:
    from agent.app.service_host import ServiceHost


class Outward:
    """All of them; on the agent's loop. The others begin with the first `look`."""

    def __init__(self, agent: RunningAgent, memory_file: MemoryFile) -> None:
        self._agent = agent
        self._followers = (MetricsHost(agent), HooksHost(agent), PingHost(agent))
        self._parts = (*self._followers, RelaysHost(agent), UpdateCheck(agent, memory_file))
        self._service: ServiceHost | None = None

    def begin(self) -> None:
        """The agent answers from now on: tell the service manager, where there is one."""
        if "NOTIFY_SOCKET" not in os.environ:
            return
        from agent.app.service_host import ServiceHost
        from agent.platforms.service_manager import service_manager

        if (manager := service_manager()) is not None:
            self._service = ServiceHost(self._agent, manager)
            self._service.begin()

    async def look(self) -> None:
        """Do as the configuration in force says. Called at every turn of the agent's duties."""
        for part in self._parts:
            await part.look()

    def shown(self, status: Status) -> None:
        """The status has changed."""
        for part in self._followers:
            part.shown(status)
        if self._service is not None:
            self._service.shown(status)

    async def close(self) -> None:
        """The agent ends."""
        if self._service is not None:
            await self._service.close()
        for part in self._parts:
            await part.close()
