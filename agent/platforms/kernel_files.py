"""Linux: files that the kernel makes as they are read, like those of /proc and /sys.

They are read in every look. The buffers and decoders of a text file cost more than the kernel's answer.
"""

import os
from pathlib import Path

_AT_A_TIME = 1 << 16
"""Bytes that are asked for at once."""


def kernel_file(path: Path | str) -> str:
    """The whole of it; what is no UTF-8 is replaced. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        told = part = os.read(descriptor, _AT_A_TIME)
        # The kernel may give a part at a time.
        while part:
            part = os.read(descriptor, _AT_A_TIME)
            told += part
    finally:
        os.close(descriptor)
    return told.decode(errors="replace")
