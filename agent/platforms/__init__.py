"""What differs between operating systems, one file each.

Each of linux.py, macos.py and windows.py has a class that satisfies `Platform`; `current` picks this machine's.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Not loaded at run time: the icon and the command line need files of this room early, and must be quick.
    from agent.core.facts import Installation, Surroundings
    from agent.platforms.process_table import ProcessTable
    from agent.platforms.sockets.row import SocketReader


class Platform(Protocol):
    """What detection needs to know about an operating system."""

    relay_programs: frozenset[str]
    """Process names, in lower case, of programs that pass connections on to another machine or container."""

    def settings_roots(self) -> tuple[Path, ...]:
        """The default folders for jts.ini of TWS and IB Gateway."""

    def installations(self) -> "tuple[Installation, ...]":
        """TWS and IB Gateway found on disk."""

    def surroundings(self) -> "Surroundings":
        """Whether the agent runs inside WSL, a container or a virtual machine, and the address of the outer machine."""

    def has_route(self) -> bool:
        """Whether a route leads beyond this machine; sends nothing. Raises OSError when that cannot be read."""

    def socket_reader(self) -> "SocketReader":
        """The cheapest reader of the socket table. It has a state, so each observer needs its own."""

    def process_table(self) -> "ProcessTable":
        """The cheapest reader of the process table."""

    def is_elsewhere(self, pid: int) -> bool:
        """Whether a process runs in a container with a network of its own: its ports are not this machine's."""

    def published_port(self, cmdline: list[str]) -> int | None:
        """The port on which a container relay with this command line listens; None for any other program."""

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        """Those of these processes that have a window on the screen; None where that is not known."""

    def bring_to_front(self, pid: int) -> str | None:
        """Bring the window of a process to the front; returns what went wrong, or None. May take some seconds."""


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
