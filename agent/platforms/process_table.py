"""The process table: which processes there are, and which of them became another since it was last read."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

import psutil

from agent.platforms.bounded_process import BoundedProcess


@dataclass(frozen=True, slots=True)
class Described:
    """One process, as cheaply as the system tells of it."""

    name: str
    """Without path; what the system cut off is put back."""
    started: float
    """Epoch seconds."""
    mark: Hashable
    """Differs once another process has this number, or this process runs another program (see `ProcessTable.mark`)."""


class ProcessTable(Protocol):
    """Reads the process table, as cheaply as the system allows."""

    def pids(self) -> Mapping[int, int]:
        """Process ID → a number that changes when another process gets that ID, 0 where the system has none.

        Raises OSError or psutil.Error when the table cannot be read.
        """

    def missing(self, pids: Collection[int]) -> str | None:
        """Why processes of other users are missing from `pids`, in words for people; None where they are not."""

    def describe(self, pid: int) -> Described:
        """Name and start of a process. Raises OSError or psutil.Error; psutil.AccessDenied where it is withheld."""

    def mark(self, pid: int) -> Hashable:
        """The mark of a process now. Raises as `describe` does.

        A process that runs another program of the same name keeps its mark.
        """


class PsutilTable:
    """Through psutil: Windows and macOS."""

    def pids(self) -> Mapping[int, int]:
        """See `ProcessTable`. Neither system numbers its processes anew."""
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
