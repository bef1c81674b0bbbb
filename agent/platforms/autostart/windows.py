"""Starting at log-in on Windows: a value of the user's Run key, which Task Manager lists under "Startup apps".

Import it on Windows only.
"""

import ctypes
import subprocess
import sys
import winreg
from collections.abc import Sequence
from pathlib import Path

from agent.platforms.autostart.entry import ENTRY_NAME, AutostartError, LoginEntry

assert sys.platform == "win32"

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"

APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
"""Where Task Manager writes down which of them the user switched off: an odd first byte says so."""

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
        try:
            command = _value(RUN)
            if command is None:
                return None
            approved = _value(APPROVED)
        except OSError as fault:
            raise AutostartError(f"{self.where} cannot be read ({fault.strerror})") from None
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
        try:
            with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, RUN, access=winreg.KEY_SET_VALUE) as key:
                winreg.SetValueEx(key, ENTRY_NAME, 0, winreg.REG_SZ, line)
            _delete(APPROVED)
        except OSError as fault:
            raise AutostartError(f"{self.where} cannot be written ({fault.strerror})") from None

    def remove(self) -> None:
        """See `Autostart.remove`."""
        try:
            _delete(RUN)
            _delete(APPROVED)
        except OSError as fault:
            raise AutostartError(f"{self.where} cannot be removed ({fault.strerror})") from None


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
