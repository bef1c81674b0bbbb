"""Starting at log-in on macOS: a LaunchAgent of this user, which launchd starts at the next log-in."""

import plistlib
from collections.abc import Sequence
from pathlib import Path

from agent.platforms.autostart.entry import LONGEST_ENTRY, LoginEntry, as_autostart_error
from agent.platforms.files import READABLE, read_file, replace_file

LABEL = "gatelight"
"""The name of the LaunchAgent and of its file."""


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
        with as_autostart_error(self.where, "read"):
            try:
                wishes = plistlib.loads(read_file(self._file, LONGEST_ENTRY))
            except FileNotFoundError:
                return None
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
            # A menu bar icon needs the graphical session, and the user works with it.
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
        }
        with as_autostart_error(self.where, "written"):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, plistlib.dumps(wishes), READABLE)

    def remove(self) -> None:
        """See `Autostart.remove`."""
        with as_autostart_error(self.where, "removed"):
            self._file.unlink(missing_ok=True)
