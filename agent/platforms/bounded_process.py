"""A process of psutil that may be a hostile one's: its command line is read as far as it can be meant."""

import os
import sys

import psutil

LONGEST_COMMAND_LINE = 1 << 18
"""Bytes. With all its JARs named, that of IB Gateway has some 10,000; one argument may have 131,072 (execve(2))."""


class BoundedProcess(psutil.Process):
    """On Linux any user's process may say that its command line is gigabytes long (PR_SET_MM_MAP, prctl(2)), and psutil
    reads all of it: for the name, too, if that is as long as the kernel keeps.
    """

    def cmdline(self) -> list[str]:
        """The arguments, the last one broken off where they are too long; raises what psutil raises."""
        if sys.platform != "linux":
            return super().cmdline()
        try:
            descriptor = os.open(f"{psutil.PROCFS_PATH}/{self.pid}/cmdline", os.O_RDONLY)
            try:
                told = _read(descriptor)
            finally:
                os.close(descriptor)
        except PermissionError:
            raise psutil.AccessDenied(self.pid) from None
        except OSError:
            raise psutil.NoSuchProcess(self.pid) from None
        if not told:
            # psutil knows a zombie from a process without arguments.
            return super().cmdline()
        return arguments(os.fsdecode(told))


def arguments(told: str) -> list[str]:
    """The arguments in the text of a cmdline file, as psutil reads it: programs that rename themselves use blanks."""
    broken_off = len(told) >= LONGEST_COMMAND_LINE and "\0" in told
    separator = "\0" if told.endswith("\0") or broken_off else " "
    found = told.removesuffix(separator).split(separator)
    return found[0].split(" ") if separator == "\0" and len(found) == 1 and " " in found[0] else found


def _read(descriptor: int) -> bytes:
    told = bytearray()
    while len(told) < LONGEST_COMMAND_LINE:
        # The kernel gives no more than a few pages at once.
        part = os.read(descriptor, LONGEST_COMMAND_LINE - len(told))
        if not part:
            break
        told += part
    return bytes(told)
