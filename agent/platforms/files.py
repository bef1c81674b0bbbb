"""Reading and replacing a file so that nothing else on the machine can make it go wrong."""

import contextlib
import errno
import os
import stat
import time
from pathlib import Path

PRIVATE = 0o600
"""Mode of a file that only its owner may read."""
READABLE = 0o644
"""Mode of a file that the desktop of its owner reads too."""
_DRAFT = ".new"
_LEFT = 60.0
"""Seconds after which a draft belongs to a process that was killed; one that is written lives for milliseconds."""
_GONE = {errno.ENOENT, errno.ENOTDIR}
if hasattr(os, "geteuid"):
    # Windows says these for a moment while a virus scanner reads.
    _GONE |= {errno.EACCES, errno.EPERM, errno.ELOOP}


class NotRegular(OSError):
    """A folder, a pipe or a device stands where a file is expected."""


class TooLarge(OSError):
    """A file holds more than is read."""


def is_gone(fault: OSError) -> bool:
    """Whether a name leads nowhere, or to where this user may not go; other faults of a disk may pass."""
    return fault.errno in _GONE


def open_regular(path: Path, flags: int, mode: int = PRIVATE) -> int:
    """A descriptor of a regular file; raises OSError, `NotRegular` for anything else.

    Never waits: to open a pipe would wait for its other end, and what a device yields has no end.
    """
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), mode)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise NotRegular(0, "not a regular file")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_file(path: Path, most: int, *, links: bool = True) -> bytes:
    """What a regular file holds; raises OSError, `TooLarge` for one of more than `most` bytes.

    Without `links` a symbolic link of that name is not followed, but refused.
    """
    flags = os.O_RDONLY if links else os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
    with open(open_regular(path, flags), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLarge(0, f"larger than {most} bytes")
    return content


def replace_file(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Put a file in place in one step, so that a reader, a kill or a power cut never meets half of it.

    The draft beside it has the mode from its first moment and is on the disk before it takes the name. Raises OSError.
    """
    # Imported late: those who only read are to be quick.
    import tempfile

    remove_drafts(path.parent, path.name, older=_LEFT)
    descriptor, draft = tempfile.mkstemp(_DRAFT, f".{path.name}-", path.parent)
    try:
        _write(descriptor, content)
        if mode != PRIVATE:
            Path(draft).chmod(mode)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise
    _sync_folder(path.parent)


def replace_own_file(path: Path, content: bytes) -> None:
    """`replace_file` for a private file, in a folder of this user alone. Raises OSError, `NotOurs` for another's.

    A folder that another user has put in its place meanwhile gets nothing: all is done in the folder that was checked.
    """
    import secrets

    from agent.platforms.folders import opened_own

    with opened_own(path.parent) as folder:
        if folder is None:
            replace_file(path, content)
            return
        remove_drafts(path.parent, path.name, older=_LEFT)
        draft = f".{path.name}-{secrets.token_hex(8)}{_DRAFT}"
        try:
            _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE, dir_fd=folder), content)
            os.replace(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(draft, dir_fd=folder)
            raise
        with contextlib.suppress(OSError):
            os.fsync(folder)


def _write(descriptor: int, content: bytes) -> None:
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def remove_drafts(folder: Path, name: str = "", *, older: float = 0.0) -> None:
    """Remove the drafts that a kill has left in a folder, those of one file or all; `older` in seconds."""
    with contextlib.suppress(OSError):
        for draft in folder.glob(f".{name or '*'}-*{_DRAFT}"):
            with contextlib.suppress(OSError):
                if not older or time.time() - draft.lstat().st_mtime > older:
                    draft.unlink()


def _sync_folder(folder: Path) -> None:
    """Let the new name reach the disk, where the system can be asked for that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
