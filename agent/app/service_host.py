"""Tells the service manager how the agent does: ready, its headline, signs of life, and the end."""

import asyncio
import contextlib

from agent.app.running import RunningAgent
from agent.core.shown.menu import tooltip
from agent.core.shown.status import Status
from agent.core.state_machine.state import OVERDUE_SECONDS, overdue
from agent.platforms.service_manager import ServiceManager
from agent.tws.outside import mask

_SIGNS = 3
"""Signs of life within the time that the manager waits for one."""


class ServiceHost:
    """One agent that is a service; on its loop."""

    def __init__(self, agent: RunningAgent, manager: ServiceManager) -> None:
        self._agent = agent
        self._manager = manager
        self._living: asyncio.Task[None] | None = None
        self._headline = ""

    def begin(self) -> None:
        """The agent answers from now on."""
        self._manager.tell(READY="1")
        if self._agent.state.shown is not None:
            self.shown(self._agent.state.shown)
        if self._manager.watchdog is not None:
            every = self._manager.watchdog / _SIGNS
            self._living = asyncio.get_running_loop().create_task(self._live(every), name="watchdog")

    def shown(self, status: Status) -> None:
        """The status has changed."""
        headline = mask("; ".join(tooltip(status).splitlines()), self._agent.state.private)
        if headline != self._headline:
            self._headline = headline
            self._manager.tell(STATUS=headline)

    async def close(self) -> None:
        """The agent ends."""
        self._manager.tell(STOPPING="1")
        if self._living is not None:
            self._living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._living

    async def _live(self, every: float) -> None:
        """Give signs of life while the loop turns and the agent does what it planned; a stuck one is restarted."""
        while True:
            if overdue(self._agent.state, self._agent.now().monotonic) <= OVERDUE_SECONDS:
                self._manager.tell(WATCHDOG="1")
            await asyncio.sleep(every)
