"""Starting at log-in on Windows: a value of the user's Run key, which Task Manager lists under "Startup apps".

Import it on Windows only.
"""

import ctypes
import subprocess
import sys
import winreg
from collections.abc import Sequence
from pathlib import Path

from agent.platforms.autostart.entry import ENTRY_NAME, AutostartError, LoginEntry, as_autostart_error

assert sys.platform == "win32"

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"

APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
"""Where Task Manager records which programs the user switched off: the first byte of a value is then odd."""

_LONGEST = 260
"""Characters of a command in the Run key (Microsoft: "Run and RunOnce Registry Keys")."""


class WindowsAutostart:
    """See `Autostart`."""

    @property
    def where(self) -> str:
        """See `Autostart.where`."""
        return rf"HKEY_CURRENT_USER\{RUN}\{ENTRY_NAME}"

    def read(self) -> LoginEntry | None:
        """See `Autostart.read`."""
        with as_autostart_error(self.where, "read"):
            command = _value(RUN)
            if command is None:
                return None
            approved = _value(APPROVED)
        off = isinstance(approved, bytes) and bool(approved) and bool(approved[0] & 1)
        return LoginEntry(_split(str(command)), switched_off=off)

    def write(self, command: Sequence[str], icon: Path | None) -> None:
        """See `Autostart.write`; Windows shows the program's own icon."""
        line = subprocess.list2cmdline(command)
        if len(line) > _LONGEST:
            raise AutostartError(
                f"the command to start would have {len(line)} characters, and Windows takes {_LONGEST} at most: "
                "install Gatelight, or keep its data, in a folder with a shorter path"
            )
        with as_autostart_error(self.where, "written"):
            with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, RUN, access=winreg.KEY_SET_VALUE) as key:
                winreg.SetValueEx(key, ENTRY_NAME, 0, winreg.REG_SZ, line)
            _delete(APPROVED)

    def remove(self) -> None:
        """See `Autostart.remove`."""
        with as_autostart_error(self.where, "removed"):
            _delete(RUN)
            _delete(APPROVED)


def _value(path: str) -> object:
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
            return winreg.QueryValueEx(key, ENTRY_NAME)[0]
    except FileNotFoundError:
        return None


def _delete(path: str) -> None:
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path, access=winreg.KEY_SET_VALUE) as key:
            winreg.DeleteValue(key, ENTRY_NAME)
    except FileNotFoundError:
        pass


def _split(line: str) -> tuple[str, ...]:
    """The command line as Windows itself takes it apart."""
    if not line.strip():
        return ()
    count = ctypes.c_int()
    split = ctypes.windll.shell32.CommandLineToArgvW
    split.restype = ctypes.POINTER(ctypes.c_wchar_p)
    parts = split(ctypes.c_wchar_p(line), ctypes.byref(count))
    if not parts:
        return (line,)
    try:
        return tuple(str(parts[number]) for number in range(count.value))
    finally:
        ctypes.windll.kernel32.LocalFree(ctypes.cast(parts, ctypes.c_void_p))
