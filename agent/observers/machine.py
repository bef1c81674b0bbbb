"""The machine itself: its way out, whether it is really inside another one, its time zone."""

import socket
from datetime import datetime

import psutil

from agent.core.clock import Moment
from agent.core.facts import NOT_LOOKED, Fact, Known, Surroundings, Unknown
from agent.platforms import Platform, interfaces


class MachineObserver:
    """Reads network interfaces and routes at every look, the surroundings once."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._surroundings: Surroundings | None = None
        self._own_names: Fact[frozenset[str]] = NOT_LOOKED

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

    def own_names(self, *, anew: bool) -> Fact[frozenset[str]]:
        """Names and addresses of this machine; as they were read last, unless `anew`."""
        if anew:
            try:
                found = {a.partition("%")[0] for each in interfaces.addresses_by_interface().values() for a in each}
                self._own_names = Known(frozenset(name.lower() for name in (*found, socket.gethostname()) if name))
            except (psutil.Error, OSError):
                self._own_names = Unknown("the addresses of this computer could not be read")
        return self._own_names

    def utc_offset(self, now: Moment) -> float:
        """Local time minus UTC, seconds."""
        offset = datetime.fromtimestamp(now.wall).astimezone().utcoffset()
        return offset.total_seconds() if offset is not None else 0.0
