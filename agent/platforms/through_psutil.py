"""The part of a `Platform` that macOS and Windows share: psutil reads everything, and containers are out of sight."""

from agent.core.facts import Surroundings
from agent.platforms import interfaces
from agent.platforms.process_table import ProcessTable, PsutilTable
from agent.platforms.sockets.row import SocketReader
from agent.platforms.sockets.through_psutil import PsutilReader


class PsutilPlatform:
    """Base of such a platform."""

    def surroundings(self) -> Surroundings:
        """See `Platform`."""
        return Surroundings()

    def has_route(self) -> bool:
        """See `Platform`."""
        return interfaces.leads_out(interfaces.addresses_by_interface(), interfaces.interfaces_up())

    def socket_reader(self) -> SocketReader:
        """See `Platform`."""
        return PsutilReader()

    def process_table(self) -> ProcessTable:
        """See `Platform`."""
        return PsutilTable()

    def is_elsewhere(self, pid: int) -> bool:
        """See `Platform`. Containers, and WSL, run in a virtual machine."""
        return False

    def published_port(self, cmdline: list[str]) -> int | None:
        """See `Platform`. The sockets of a relay tell its port."""
        return None
