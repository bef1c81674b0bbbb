"""A value that changes with a file."""

from pathlib import Path
from typing import TypeAlias

FileStamp: TypeAlias = tuple[int, int, int]
"""When the file was changed, in nanoseconds; its size, in bytes; its number on the disk."""


def stamp_of(file: Path) -> FileStamp | None:
    """The stamp of a file; None where it is not there."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
