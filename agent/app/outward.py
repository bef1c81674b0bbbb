"""What the running agent does for programs rather than people: metrics, hooks and the dead-man ping."""

from agent.app.hooks_host import HooksHost
from agent.app.metrics_host import MetricsHost
from agent.app.ping_host import PingHost
from agent.app.running import RunningAgent
from agent.core.shown.status import Status


class Outward:
    """All of them; on the agent's loop. They begin with the first `look`."""

    def __init__(self, agent: RunningAgent) -> None:
        self._parts = (MetricsHost(agent), HooksHost(agent), PingHost(agent))

    async def look(self) -> None:
        """Do as the configuration in force says. Called at every turn of the agent's duties."""
        for part in self._parts:
            await part.look()

    def shown(self, status: Status) -> None:
        """The status has changed."""
        for part in self._parts:
            part.shown(status)

    async def close(self) -> None:
        """The agent ends."""
        for part in self._parts:
            await part.close()
