"""Starting at log-in on Linux: a desktop entry in the user's autostart folder (XDG Desktop Application Autostart)."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.platforms.autostart.entry import (
    DESCRIPTION,
    ENTRY_NAME,
    LONGEST_ENTRY,
    AutostartError,
    LoginEntry,
    as_autostart_error,
)
from agent.platforms.files import READABLE, read_file, replace_file

FILE = "gatelight.desktop"

_ENTRY = """[Desktop Entry]
Type=Application
Version=1.0
Name={name}
Comment={comment}
Exec={command}
TryExec={program}
{icon}Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
"""


class XdgAutostart:
    """See `Autostart`."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environ is None else environ
        told = variables.get("XDG_CONFIG_HOME") or ""
        # The specification demands that a relative path is ignored.
        config = Path(told) if Path(told).is_absolute() else Path(variables.get("HOME") or Path.home()) / ".config"
        self._file = config / "autostart" / FILE

    @property
    def where(self) -> str:
        """See `Autostart.where`."""
        return str(self._file)

    def read(self) -> LoginEntry | None:
        """See `Autostart.read`."""
        with as_autostart_error(self.where, "read"):
            try:
                text = read_file(self._file, LONGEST_ENTRY).decode()
            except FileNotFoundError:
                return None
        values = dict(re.findall(r"(?m)^([A-Za-z0-9-]+)[ \t]*=[ \t]*(.*)$", text))
        off = values.get("Hidden") == "true" or values.get("X-GNOME-Autostart-enabled") == "false"
        return LoginEntry(split_exec(values.get("Exec", "")), switched_off=off)

    def write(self, command: Sequence[str], icon: Path | None) -> None:
        """See `Autostart.write`."""
        if any("\n" in part for part in command):
            raise AutostartError("a path with a line break in it cannot be started at log-in")
        text = _ENTRY.format(
            name=ENTRY_NAME,
            comment=DESCRIPTION,
            command=joined(command),
            program=_escaped(command[0]),
            icon=f"Icon={_escaped(str(icon))}\n" if icon else "",
        )
        with as_autostart_error(self.where, "written"):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._file, text.encode(), READABLE)

    def remove(self) -> None:
        """See `Autostart.remove`."""
        with as_autostart_error(self.where, "removed"):
            self._file.unlink(missing_ok=True)


_PLAIN = re.compile(r"[A-Za-z0-9_@+:,./=-]+")


def joined(command: Sequence[str]) -> str:
    """The command as the value of an Exec key: quoted where needed, then escaped like every value of type string."""
    return _escaped(" ".join(_quoted(part) for part in command))


def _quoted(part: str) -> str:
    doubled = part.replace("%", "%%")
    if _PLAIN.fullmatch(part):
        return doubled
    return '"' + re.sub(r'(["`$\\])', r"\\\1", doubled) + '"'


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\r", "\\r")


def split_exec(value: str) -> tuple[str, ...]:
    """The command of an Exec value; the reverse of `joined`."""
    value = re.sub(r"\\([\\tr])", lambda m: {"\\": "\\", "t": "\t", "r": "\r"}[m[1]], value)
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)', value)
    return tuple((re.sub(r"\\(.)", r"\1", quoted) if quoted else bare).replace("%%", "%") for quoted, bare in parts)
