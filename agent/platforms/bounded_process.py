"""A psutil process that may be hostile: its command line is read only up to a reasonable length."""

import os
import sys
from pathlib import Path

import psutil

LONGEST_COMMAND_LINE = 1 << 18
"""Bytes. IB Gateway's, which names all its JARs, has some 10,000; one argument may have 131,072 (execve(2))."""


class BoundedProcess(psutil.Process):
    """A process whose command line is read up to a limit.

    On Linux any process may claim a command line of gigabytes (PR_SET_MM_MAP, prctl(2)). psutil would read all of it,
    even for a name that is as long as the kernel keeps names.
    """

    def cmdline(self) -> list[str]:
        """The arguments, cut off where they are too long; raises what psutil raises."""
        if sys.platform != "linux":
            return super().cmdline()
        try:
            with Path(f"{psutil.PROCFS_PATH}/{self.pid}/cmdline").open("rb") as file:
                told = file.read(LONGEST_COMMAND_LINE)
        except PermissionError:
            raise psutil.AccessDenied(self.pid) from None
        except OSError:
            raise psutil.NoSuchProcess(self.pid) from None
        if not told:
            # psutil tells a zombie from a process without arguments.
            return super().cmdline()
        return arguments(os.fsdecode(told))


def arguments(told: str) -> list[str]:
    """The arguments in the text of a cmdline file, read as psutil does: programs that rename themselves use spaces."""
    broken_off = len(told) >= LONGEST_COMMAND_LINE and "\0" in told
    separator = "\0" if told.endswith("\0") or broken_off else " "
    found = told.removesuffix(separator).split(separator)
    return found[0].split(" ") if separator == "\0" and len(found) == 1 and " " in found[0] else found
