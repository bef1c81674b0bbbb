"""Windows on macOS: which processes have one, and bringing one to the front.

Not tried on macOS. The list of windows needs no permission. When Gatelight first brings one to the front, macOS asks
the user whether it may control System Events.
"""

import subprocess
from importlib import import_module

_FRONT_SECONDS = 8.0
"""Seconds that it may take, fewer than each caller waits. A user who needs longer to answer macOS' question clicks
again."""

_ORDINARY = 0
"""Layer of ordinary windows; menus and the Dock have other layers."""


def with_window(pids: frozenset[int]) -> frozenset[int] | None:
    """Those of these processes that have a window, minimised ones included; None where the session has no screen."""
    quartz = import_module("Quartz")
    windows = quartz.CGWindowListCopyWindowInfo(quartz.kCGWindowListExcludeDesktopElements, quartz.kCGNullWindowID)
    if windows is None:
        return None
    owners = {int(w["kCGWindowOwnerPID"]) for w in windows if int(w.get("kCGWindowLayer", _ORDINARY)) == _ORDINARY}
    return pids & owners


def bring_to_front(pid: int) -> str | None:
    """Bring a process to the front; returns what went wrong, or None."""
    process = f"(first process whose unix id is {pid:d})"
    script = f'tell application "System Events" to set frontmost of {process} to true'
    try:
        done = subprocess.run(
            ["/usr/bin/osascript", "-e", script], capture_output=True, timeout=_FRONT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "macOS did not answer in time"
    return None if done.returncode == 0 else "macOS does not let Gatelight control System Events"
