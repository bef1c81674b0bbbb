"""The service manager that has started this process and wants to hear from it: systemd’s protocol, see sd_notify(3)."""

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """A service manager that listens."""

    socket: str
    """The path of its socket; with @ in front, a name in Linux’ abstract namespace."""
    watchdog: float | None
    """Seconds: it restarts a process that is silent for longer. None: it does not."""

    def tell(self, **assignments: str) -> None:
        """Send variables of the protocol, each on a line. What the manager does not take is lost; never waits."""
        lines = "\n".join(f"{name}={' '.join(value.split())}" for name, value in assignments.items())
        place = f"\0{self.socket[1:]}" if self.socket.startswith("@") else self.socket
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto(lines.encode(), place)


def service_manager(environment: Mapping[str, str] = os.environ) -> ServiceManager | None:
    """The service manager of this process, or None where none listens."""
    named = environment.get("NOTIFY_SOCKET", "")
    if not named.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return None
    limit = environment.get("WATCHDOG_USEC", "")
    ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    watched = ours and limit.isascii() and limit.isdigit() and int(limit) > 0
    return ServiceManager(named, int(limit) / 1e6 if watched else None)
