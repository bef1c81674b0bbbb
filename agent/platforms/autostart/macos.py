"""Starting at log-in on macOS: a LaunchAgent of the user's own, which launchd starts at the next log-in."""

import plistlib
from collections.abc import Sequence
from pathlib import Path

from agent.platforms.autostart.entry import LONGEST_ENTRY, AutostartError, LoginEntry
from agent.platforms.files import READABLE, read_file, replace_file

LABEL = "gatelight"
"""The agent's name for launchd, and of its file."""


class MacAutostart:
    """See `Autostart`."""

    def __init__(self, home: Path | None = None) -> None:
        self._file = (home or Path.home()) / "Library" / "LaunchAgents" / f"{LABEL}.plist"

    @property
    def where(self) -> str:
        """See `Autostart.where`."""
        return str(self._file)

    def read(self) -> LoginEntry | None:
        """See `Autostart.read`."""
        try:
            wishes = plistlib.loads(read_file(self._file, LONGEST_ENTRY))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, plistlib.InvalidFileException) as fault:
            raise AutostartError(f"{self._file} cannot be read ({_reason(fault)})") from None
        command = wishes.get("ProgramArguments") if isinstance(wishes, dict) else None
        if not isinstance(command, list):
            return LoginEntry(())
        return LoginEntry(tuple(map(str, command)), switched_off=bool(wishes.get("Disabled", False)))

    def write(self, command: Sequence[str], icon: Path | None) -> None:
        """See `Autostart.write`; launchd shows no icons."""
        wishes = {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            # A menu bar icon needs the graphical session, and is something the user deals with.
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, plistlib.dumps(wishes), READABLE)
        except (OSError, ValueError) as fault:
            raise AutostartError(f"{self._file} cannot be written ({_reason(fault)})") from None

    def remove(self) -> None:
        """See `Autostart.remove`."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as fault:
            raise AutostartError(f"{self._file} cannot be removed ({_reason(fault)})") from None


def _reason(fault: Exception) -> str:
    return (isinstance(fault, OSError) and fault.strerror) or str(fault)
