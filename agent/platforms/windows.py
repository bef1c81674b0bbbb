"""Windows: what detection needs to know about it."""

import os
from pathlib import Path

from agent.core.facts import Installation, Surroundings
from agent.platforms import installations, interfaces
from agent.platforms.process_table import ProcessTable, PsutilTable
from agent.platforms.sockets.row import SocketReader
from agent.platforms.sockets.through_psutil import PsutilReader


class Windows:
    """Windows as a `Platform`."""

    def __init__(self, drive: Path | None = None) -> None:
        self._drive = drive or Path(os.environ.get("SYSTEMDRIVE", "C:") + "/")

    def settings_roots(self) -> tuple[Path, ...]:
        """See `Platform`."""
        return (self._drive / "Jts",)

    def installations(self) -> tuple[Installation, ...]:
        """See `Platform`."""
        return installations.in_folders(self._drive / x for x in ("Jts", "IBKR", "IBGateway"))

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
        """See `Platform`. Containers and WSL are virtual machines here, out of sight."""
        return False

    def published_port(self, cmdline: list[str]) -> int | None:
        """See `Platform`. A relay's own sockets tell its port."""
        return None

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        """See `Platform`."""
        from agent.platforms.foreground import windows as front_windows

        return front_windows.with_window(pids)

    def bring_to_front(self, pid: int) -> str | None:
        """See `Platform`."""
        from agent.platforms.foreground import windows as front_windows

        return front_windows.bring_to_front(pid)
