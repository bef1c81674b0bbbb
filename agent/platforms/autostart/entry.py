"""Starting at log-in, for this user alone: one entry, under our name, among the system's start-up programs."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from agent.platforms.files import reason_of

ENTRY_NAME = "Gatelight"
"""The name of the entry in the system's list of start-up programs."""

DESCRIPTION = "Watches the link to TWS and IB Gateway"

LONGEST_ENTRY = 1 << 16
"""Bytes of an entry that are read; ours has a few hundred."""


@dataclass(frozen=True, slots=True)
class LoginEntry:
    """What the system starts."""

    command: tuple[str, ...]
    """Program and arguments."""
    switched_off: bool = False
    """The user switched it off in the system's list."""


class AutostartError(Exception):
    """The entry could not be read, written or removed; `str()` says why, in words for users."""


@contextmanager
def as_autostart_error(where: str, done: str) -> Iterator[None]:
    """Turn an OSError or ValueError into an AutostartError; `done` is "read", "written" or "removed"."""
    try:
        yield
    except (OSError, ValueError) as fault:
        raise AutostartError(f"{where} cannot be {done} ({reason_of(fault)})") from None


class Autostart(Protocol):
    """A system's list of start-up programs."""

    @property
    def where(self) -> str:
        """The place of our entry, in words for users."""

    def read(self) -> LoginEntry | None:
        """Our entry, None if there is none; raises AutostartError."""

    def write(self, command: Sequence[str], icon: Path | None) -> None:
        """Make or replace our entry, switched on; raises AutostartError."""

    def remove(self) -> None:
        """Remove our entry, if there is one; raises AutostartError."""


@dataclass(frozen=True, slots=True)
class Off:
    """Nothing is started."""


@dataclass(frozen=True, slots=True)
class On:
    """This installation is started, as asked."""


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """There is an entry, but the user switched it off in the system's list."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The entry starts another program."""

    program: str
    gone: bool
    """The program is not there any more: its installation was moved or removed."""
    same_arguments: bool
    """The entry names the same configuration and data folder."""


LoginEntryState: TypeAlias = Off | On | SwitchedOff | Stale


def state_of(entry: LoginEntry | None, program: Sequence[str], arguments: Sequence[str]) -> LoginEntryState:
    """What an entry means for this installation, which starts as `program` with these arguments."""
    if entry is None:
        return Off()
    if entry.switched_off:
        return SwitchedOff()
    if entry.command == (*program, *arguments):
        return On()
    first = entry.command[0] if entry.command else ""
    tail = entry.command[-len(arguments) :] if arguments else ()
    return Stale(first, gone=not Path(first).is_file(), same_arguments=tail == tuple(arguments))


def program_of_this_installation() -> tuple[str, ...]:
    """The command that starts this installation from any folder, without a console window where possible.

    The start script is the first choice: a system that lists programs by file name then shows our name, not Python's.
    """
    here = Path(sys.executable)
    if getattr(sys, "frozen", False):
        # The packaged program has two executables on Windows, and the one named here may be that with a console.
        beside = here.with_name("gatelightw.exe")
        return (str(beside if beside.is_file() else here),)
    scripts = ("gatelightw.exe",) if os.name == "nt" else ("gatelight",)
    # Not resolved: in a virtual environment the interpreter is a link to one without our package.
    folders = (here.parent, here.parent / "Scripts")
    for script in (folder / name for folder in folders for name in scripts):
        if script.is_file():
            return (str(script),)
    windowless = here.with_name("pythonw.exe")
    interpreter = windowless if os.name == "nt" and windowless.is_file() else here
    return (str(interpreter), "-m", "agent")
