"""The machine itself: its route to the network, whether it is a virtual one, its time zone."""

import socket
from datetime import datetime

import psutil

from agent.core.clock import Moment
from agent.core.facts import NOT_LOOKED, Fact, Known, Surroundings, Unknown, VirtualNetwork
from agent.platforms import Platform, interfaces, virtual_machines
from agent.tws.hosts import address_of, spelled_host
from agent.tws.time_zone import TimeZone, time_zone

NAMES_KEPT = 60.0
"""Seconds for which the names and addresses of this machine are kept."""
_DAY = 86_400
_DAYS_BACK, _DAYS_AHEAD = 366, 10
"""Of which days the changes of the clock are told: what began lately, and what comes within a week."""


class MachineObserver:
    """Reads network interfaces and routes at every look, the surroundings once."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._surroundings: Surroundings | None = None
        self._own_names: Fact[frozenset[str]] = NOT_LOOKED
        self._named_at = float("-inf")
        self._zone = TimeZone()
        self._zone_of: float | None = None
        """The day (of UTC, counted from 1970) for which it was read."""
        self.virtual_networks: tuple[VirtualNetwork, ...] = ()
        """The networks of virtual machines and containers, as of the latest reading of the names."""

    def network(self) -> Fact[bool]:
        """Whether there is a route to anywhere beyond this machine."""
        try:
            return Known(self._platform.has_route())
        except (psutil.Error, OSError):
            return Unknown("the network interfaces could not be read")

    def surroundings(self) -> Fact[Surroundings]:
        """WSL, a container, a virtual machine, or none: nothing a running process sees change."""
        if self._surroundings is None:
            try:
                self._surroundings = self._platform.surroundings()
            except (psutil.Error, OSError):
                return Unknown("it could not be found out whether this is WSL, a container or a virtual machine")
        return Known(self._surroundings)

    def own_names(self, now: Moment, *, anew: bool) -> Fact[frozenset[str]]:
        """Names and addresses of this machine, spelled as `spelled_host` does; older than `NAMES_KEPT` only if not
        `anew`."""
        if anew or now.monotonic - self._named_at >= NAMES_KEPT:
            self._named_at = now.monotonic
            try:
                found = (a for each in interfaces.addresses_by_interface().values() for a in each)
                addresses = frozenset(spelled_host(a) for a in found if address_of(a) is not None)
                self.virtual_networks = virtual_machines.networks()
                self._own_names = Known(addresses | _names_of(socket.gethostname()))
            except (psutil.Error, OSError):
                self._own_names = Unknown("the addresses of this computer could not be read")
        return self._own_names

    def zone(self, now: Moment) -> TimeZone:
        """The time zone of this machine; raises OSError, OverflowError or ValueError where the time is beyond any."""
        day = now.wall // _DAY
        if day != self._zone_of or self._zone.utc_offset_at(now.wall) != _utc_offset(now.wall):
            days = range(max(1, int(day) - _DAYS_BACK), int(day) + _DAYS_AHEAD)
            self._zone, self._zone_of = time_zone(_utc_offset, days), day
        return self._zone


def _utc_offset(wall: float) -> float:
    """Local time minus UTC at a moment (epoch seconds), in seconds."""
    offset = datetime.fromtimestamp(wall).astimezone().utcoffset()
    return offset.total_seconds() if offset is not None else 0.0


def _names_of(host_name: str) -> frozenset[str]:
    """What a machine is called on its own network: its name with or without a domain, or as multicast DNS has it."""
    whole = spelled_host(host_name)
    short = whole.partition(".")[0]
    return frozenset({whole, short, f"{short}.local"}) if short else frozenset()
