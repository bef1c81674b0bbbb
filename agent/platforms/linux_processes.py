"""Linux: the process table from /proc, without the object, the clock and the five files that psutil needs per process.

Layout: proc_pid_stat(5).
"""

import errno
import os
from collections.abc import Collection, Hashable, Mapping
from pathlib import Path

import psutil

from agent.platforms.bounded_process import BoundedProcess
from agent.platforms.process_table import Described, ProcessUsage

_NAME_KEPT = 15
"""Bytes that the kernel keeps of a name (TASK_COMM_LEN)."""
_FIRST = 1
"""The ID of the first process of any system or container."""
_STATE, _FLAGS, _USER, _SYSTEM, _STARTED, _RESIDENT = 0, 6, 11, 12, 19, 21
"""Index of the state, the flags, the processor times, the start time and the resident pages among the fields after the
name."""
_ENDED = (b"Z", b"X", b"x")
"""States of a process that has ended."""
_KERNEL_THREAD = 0x00200000
"""The flag PF_KTHREAD (linux/sched.h)."""


class ProcTable:
    """Reads /proc. See `ProcessTable`."""

    def __init__(self, root: Path = Path("/proc")) -> None:
        self._root = str(root)
        self._ticks, self._page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
        self._boot = 0.0

    def pids(self) -> Mapping[int, int]:
        """See `ProcessTable`.

        The number is the inode that /proc gives a process when it is first listed. The kernel may forget it when memory
        is short. The process then counts as a new one, which costs one more reading and does no harm.
        """
        with os.scandir(self._root) as entries:
            return {int(entry.name): entry.inode() for entry in entries if entry.name.isdecimal()}

    def missing(self, pids: Collection[int]) -> str | None:
        """See `ProcessTable`. The first process is always there: where it is not listed, it is hidden (proc(5))."""
        return None if _FIRST in pids else "the system hides the programs of other users (hidepid)"

    def describe(self, pid: int) -> Described:
        """See `ProcessTable`."""
        name, ticks, kernel = self._stat(pid)
        # Name and time are those that psutil gives; psutil reads the start of the system once, too.
        whole = os.fsdecode(name) if kernel or len(name) < _NAME_KEPT else BoundedProcess(pid).name()
        self._boot = self._boot or psutil.boot_time()
        return Described(whole, self._boot + ticks / self._ticks, _mark(name, ticks, kernel))

    def mark(self, pid: int) -> Hashable:
        """See `ProcessTable`."""
        return _mark(*self._stat(pid))

    def usage(self, pid: int) -> ProcessUsage | None:
        """See `ProcessTable`. It is one file, which is read in every look; the objects of psutil read three."""
        _, fields = self._told(pid)
        if fields[_STATE] in _ENDED:
            return None
        spent = (int(fields[_USER]) + int(fields[_SYSTEM])) / self._ticks
        return ProcessUsage(spent, int(fields[_RESIDENT]) * self._page)

    def _stat(self, pid: int) -> tuple[bytes, int, bool]:
        """Name; start time, in ticks since the system started; whether it is a thread of the kernel’s own."""
        name, fields = self._told(pid)
        return name, int(fields[_STARTED]), bool(int(fields[_FLAGS]) & _KERNEL_THREAD)

    def _told(self, pid: int) -> tuple[bytes, list[bytes]]:
        """Name, and the fields after it."""
        descriptor = os.open(f"{self._root}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            told = os.read(descriptor, 4096)
        finally:
            os.close(descriptor)
        # The name is in parentheses, and may contain some.
        first, last = told.find(b"("), told.rfind(b")")
        fields = told[last + 1 :].split()
        if first < 0 or len(fields) <= _RESIDENT:
            raise OSError(errno.EPROTO, "a process is not told as it should be")
        return told[first + 1 : last], fields


def _mark(name: bytes, ticks: int, kernel: bool) -> Hashable:
    # The kernel's own threads are called after what they do at the moment, and never become a program.
    return (b"" if kernel else name), ticks
