"""The machine itself: its way out, whether it is really inside another one, its time zone."""

from datetime import datetime

import psutil

from agent.core.clock import Moment
from agent.core.facts import Fact, Known, Surroundings, Unknown
from agent.platforms import Platform


class MachineObserver:
    """Reads network interfaces and routes at every look, the surroundings once."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._surroundings: Surroundings | None = None

    def network(self) -> Fact[bool]:
        """Whether there is a route to anywhere beyond this machine."""
        try:
            return Known(self._platform.has_route())
        except (psutil.Error, OSError):
            return Unknown("the network interfaces could not be read")

    def surroundings(self) -> Fact[Surroundings]:
        """WSL, a container, or neither: nothing a running process sees change."""
        if self._surroundings is None:
            try:
                self._surroundings = self._platform.surroundings()
            except (psutil.Error, OSError):
                return Unknown("it could not be found out whether this is WSL or a container")
        return Known(self._surroundings)

    def utc_offset(self, now: Moment) -> float:
        """Local time minus UTC, seconds."""
        offset = datetime.fromtimestamp(now.wall).astimezone().utcoffset()
        return offset.total_seconds() if offset is not None else 0.0
