"""What differs between operating systems, one file each.

Each file is a class that satisfies `Platform`; `current` picks the one this machine needs.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Not loaded with this: the icon needs its part of the platform before anything else is there, and a client files.
    from agent.core.facts import Installation, Surroundings
    from agent.platforms.process_table import ProcessTable
    from agent.platforms.sockets.row import SocketReader


class Platform(Protocol):
    """One operating system, as far as detection needs to know it."""

    def settings_roots(self) -> tuple[Path, ...]:
        """Folders in which TWS and IB Gateway keep jts.ini unless told otherwise."""

    def installations(self) -> "tuple[Installation, ...]":
        """TWS and IB Gateway found on disk."""

    def surroundings(self) -> "Surroundings":
        """Whether the agent runs inside WSL or a container, and how the outer machine is reached."""

    def has_route(self) -> bool:
        """Whether there is a route to anywhere beyond this machine; sends nothing. Raises OSError when not readable."""

    def socket_reader(self) -> "SocketReader":
        """The cheapest way to read the socket table; keeps state, so one per observer."""

    def process_table(self) -> "ProcessTable":
        """The cheapest way to read the process table."""

    def is_elsewhere(self, pid: int) -> bool:
        """Whether a process lives in a container of its own network, so that its ports are not this machine's."""

    def published_port(self, cmdline: list[str]) -> int | None:
        """The port of this machine that a container relay with this command line listens on; None for any other."""

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        """Those of these processes that have a window on the screen; None where that cannot be told."""

    def bring_to_front(self, pid: int) -> str | None:
        """Bring the window of a process to the front; answers what went wrong, or None. May take some seconds."""


def current() -> Platform:
    """The platform of this machine."""
    if sys.platform == "win32":
        from agent.platforms.windows import Windows

        return Windows()
    if sys.platform == "darwin":
        from agent.platforms.macos import MacOs

        return MacOs()
    from agent.platforms.linux import Linux

    return Linux()
