"""The end of IB Gateway's launcher.log: how far each log-in has come. Reads little, and hands on stages and times."""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from agent.core.facts import Fact, Known, Process, Unknown
from agent.platforms.files import NotRegular, open_regular
from agent.tws.applications import ApplicationKind
from agent.tws.launcher_log import LoginTold, read_launcher_log

TAIL = 500_000
"""Bytes of the end of the file that are read: days of waiting for a log-in."""

_DAY = 86400
_NAME = "launcher.log"
_BESIDE = "jts.ini"
"""This file marks a settings folder. The log of the same application is in that folder, or nowhere."""

_NOT_READ = Unknown("launcher.log is not read for this application")
_ANOTHERS = Unknown("launcher.log is read for this user’s applications only")
_NO_FILE = Unknown("there is no launcher.log in the settings folder")
_SHARED = Unknown("several applications write to the same launcher.log")
_SILENT = Unknown("launcher.log tells nothing of this process")


@dataclass(frozen=True, slots=True)
class _Read:
    """One file as it was last read, for one process."""

    stamp: tuple[int, int, int]
    """File, time of its latest change in nanoseconds, size."""
    started: float
    told: Fact[LoginTold]


class LauncherLogObserver:
    """Reads the launcher.log of each IB Gateway, each only when it has changed."""

    def __init__(self, places: Callable[[Process], Sequence[Path]]) -> None:
        """`places` are the folders that may be the settings folder of a process, likeliest first."""
        self._places = places
        self._read: dict[int, _Read] = {}

    def observe(self, applications: Iterable[Process], now: float) -> tuple[Process, ...]:
        """The applications with what their logs tell; `now` is in epoch seconds."""
        given = tuple(applications)
        # Another user's application cannot write to a log of this user, whatever its command line says.
        files = {p.pid: _ANOTHERS if p.foreign else self._file(p, now) for p in given}
        shared = {
            path for path, times in Counter(f for f in files.values() if isinstance(f, Path)).items() if times > 1
        }
        self._read = {pid: read for pid, read in self._read.items() if pid in files}
        return tuple(self._with(p, files[p.pid], shared) for p in given)

    def _with(self, process: Process, file: Path | Unknown, shared: set[Path]) -> Process:
        if process.kind is not ApplicationKind.GATEWAY:
            return replace(process, login=_NOT_READ)
        if isinstance(file, Unknown):
            return replace(process, login=file)
        return replace(process, login=_SHARED if file in shared else self._told(process, file))

    def _file(self, process: Process, now: float) -> Path | Unknown:
        """The log of a process: the newest of those in the first folder that has one, or is a settings folder."""
        for place in self._places(process):
            found = []
            for log in _logs(place, int(now // _DAY)):
                try:
                    found.append((os.lstat(log).st_mtime_ns, log))
                except OSError:
                    continue
            if found:
                return max(found)[1]
            if (place / _BESIDE).exists():
                break
        return _NO_FILE

    def _told(self, process: Process, path: Path) -> Fact[LoginTold]:
        try:
            with open(_open_own(path), "rb") as file:
                held = os.fstat(file.fileno())
                stamp = (held.st_ino, held.st_mtime_ns, held.st_size)
                known = self._read.get(process.pid)
                if known is not None and (known.stamp, known.started) == (stamp, process.started):
                    return known.told
                file.seek(max(0, held.st_size - TAIL))
                text = file.read(TAIL).decode("utf-8", errors="replace")
        except OSError as fault:
            return Unknown(f"launcher.log cannot be read: {_words(fault)}")
        told = read_launcher_log(text, started=process.started, written=held.st_mtime)
        fact: Fact[LoginTold] = _SILENT if told is None else Known(told)
        self._read[process.pid] = _Read(stamp, process.started, fact)
        return fact


@lru_cache(maxsize=64)
def _logs(place: Path, day: int) -> tuple[Path, ...]:
    """Where the log may lie: older builds put the day into the name, in the time of their own zone.

    `day`: counted from 1970.
    """
    today = datetime.fromtimestamp(day * _DAY, UTC)
    days = (today + timedelta(days=n) for n in (-1, 0, 1))
    return (place / _NAME, *(place / f"launcher.{day:%Y%m%d}.log" for day in days))


def _open_own(path: Path) -> int:
    """A descriptor of a regular file of this user; a link of that name is not followed. Raises OSError.

    The path comes from the command line of a program, which may be another user's.
    """
    descriptor = open_regular(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    if hasattr(os, "geteuid") and os.fstat(descriptor).st_uid != os.geteuid():
        os.close(descriptor)
        raise PermissionError(errno.EPERM, "it belongs to another user")
    return descriptor


def _words(fault: OSError) -> str:
    """Why, without the path."""
    if isinstance(fault, NotRegular) or fault.errno == errno.ELOOP:
        return "it is not a regular file"
    return fault.strerror or "system error"
