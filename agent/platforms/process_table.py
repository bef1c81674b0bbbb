"""The process table: which processes there are, and which of them are new since it was last read."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

import psutil

from agent.platforms.bounded_process import BoundedProcess


@dataclass(frozen=True, slots=True)
class Described:
    """One process, by what the system tells at little cost."""

    name: str
    """Without path, and whole where the system cuts it."""
    started: float
    """Epoch seconds."""
    mark: Hashable
    """Changes when another process has this ID, or the process runs another program (see `ProcessTable.mark`)."""


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """What a process uses."""

    processor: float
    """Seconds of processor cores that it has used so far."""
    memory: int
    """Resident bytes."""


class ProcessTable(Protocol):
    """Reads the process table at the least cost that the system allows."""

    def pids(self) -> Mapping[int, int]:
        """Process ID → a number that changes when another process gets that ID; 0 where the system has no such number.

        Raises OSError or psutil.Error when the table cannot be read.
        """

    def missing(self, pids: Collection[int]) -> str | None:
        """Why processes of other users are missing from `pids`, in words for people; None where they are not."""

    def describe(self, pid: int) -> Described:
        """Name and start of a process. Raises OSError or psutil.Error; psutil.AccessDenied where they are withheld."""

    def mark(self, pid: int) -> Hashable:
        """The current mark of a process. Raises what `describe` raises.

        A process that begins to run another program of the same name keeps its mark.
        """

    def usage(self, pid: int) -> ProcessUsage | None:
        """What a process uses; None for one that has ended and was not waited for. Raises what `describe` raises."""


class PsutilTable:
    """The process table of psutil, for Windows and macOS."""

    def pids(self) -> Mapping[int, int]:
        """See `ProcessTable`. Neither system has such a number."""
        return dict.fromkeys(psutil.pids(), 0)

    def missing(self, pids: Collection[int]) -> str | None:
        """See `ProcessTable`. Both systems list every process."""
        return None

    def describe(self, pid: int) -> Described:
        """See `ProcessTable`."""
        process = BoundedProcess(pid)
        name, started = process.name(), process.create_time()
        return Described(name, started, (name, started))

    def mark(self, pid: int) -> Hashable:
        """See `ProcessTable`."""
        return self.describe(pid).mark

    def usage(self, pid: int) -> ProcessUsage | None:
        """See `ProcessTable`."""
        process = BoundedProcess(pid)
        with process.oneshot():
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            times = process.cpu_times()
            return ProcessUsage(times.user + times.system, process.memory_info().rss)
