"""Windows: what detection needs to know about it."""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from agent.core.facts import Installation, Surroundings
from agent.platforms import installations, virtual_machines
from agent.platforms.through_psutil import PsutilPlatform

_BIOS = r"HARDWARE\DESCRIPTION\System\BIOS"
_MAKER_AND_MODEL = ("SystemManufacturer", "SystemProductName")


class Windows(PsutilPlatform):
    """Windows as a `Platform`."""

    relay_programs = frozenset(
        {
            *("com.docker.backend.exe", "vpnkit.exe", "wslrelay.exe", "wslhost.exe", "gvproxy.exe", "win-sshproxy.exe"),
            *("ssh.exe", "sshd.exe", "putty.exe", "plink.exe", "kitty.exe", "bitvise.exe", "socat.exe", "kubectl.exe"),
            # The port proxy of `netsh interface portproxy` lives in the IP Helper service.
            *("svchost.exe", "stunnel.exe", "tstunnel.exe", "nginx.exe"),
        }
    )

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
        return virtual_machines.inside_of(_firmware(), "", None)

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        """See `Platform`."""
        from agent.platforms.foreground import windows

        return windows.with_window(pids)

    def bring_to_front(self, pid: int) -> str | None:
        """See `Platform`."""
        from agent.platforms.foreground import windows

        return windows.bring_to_front(pid)


def _firmware() -> str:
    """What the firmware names as maker and model of this machine; empty where the registry does not tell."""
    try:
        winreg: Any = import_module("winreg")
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _BIOS) as key:
            return " ".join(str(winreg.QueryValueEx(key, name)[0]) for name in _MAKER_AND_MODEL)
    except (ImportError, OSError):
        return ""
