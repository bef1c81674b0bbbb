"""What the running agent does for programs, and what it asks the web: metrics, hooks, relays, ping, new versions."""

from agent.app.hooks_host import HooksHost
from agent.app.metrics_host import MetricsHost
from agent.app.ping_host import PingHost
from agent.app.relays_host import RelaysHost
from agent.app.running import RunningAgent
from agent.app.update_check import UpdateCheck
from agent.core.shown.status import Status
from agent.runtime.memory_file import MemoryFile


class Outward:
    """All of them; on the agent's loop. They begin with the first `look`."""

    def __init__(self, agent: RunningAgent, memory_file: MemoryFile) -> None:
        self._followers = (MetricsHost(agent), HooksHost(agent), PingHost(agent))
        self._parts = (*self._followers, RelaysHost(agent), UpdateCheck(agent, memory_file))

    async def look(self) -> None:
        """Do as the configuration in force says. Called at every turn of the agent's duties."""
        for part in self._parts:
            await part.look()

    def shown(self, status: Status) -> None:
        """The status has changed."""
        for part in self._followers:
            part.shown(status)

    async def close(self) -> None:
        """The agent ends."""
        for part in self._parts:
            await part.close()
