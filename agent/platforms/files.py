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
"""Mode of a file that the owner's desktop reads too."""
_DRAFT = ".new"
_LEFT = 60.0
"""Seconds after which a draft is one that a killed process left: writing one takes milliseconds."""
_GONE = {errno.ENOENT, errno.ENOTDIR}
if hasattr(os, "geteuid"):
    # Not on Windows, which gives these errors for a moment while a virus scanner reads.
    _GONE |= {errno.EACCES, errno.EPERM, errno.ELOOP}


class NotRegular(OSError):
    """A folder, a pipe or a device stands where a file is expected."""


class TooLarge(OSError):
    """A file is larger than what may be read."""


def reason_of(fault: Exception) -> str:
    """Why something failed, in words for users: the system's words for an OSError."""
    return (isinstance(fault, OSError) and fault.strerror) or str(fault)


def is_gone(fault: OSError) -> bool:
    """Whether the file is gone, or this user may not reach it; other faults of a disk may pass."""
    return fault.errno in _GONE


def open_regular(path: Path, flags: int, mode: int = PRIVATE) -> int:
    """A descriptor of a regular file; raises OSError, and `NotRegular` for anything else.

    Never waits, as opening a pipe would for its other end, and as reading a device may without end.
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
    """The content of a regular file; raises OSError, and `TooLarge` for more than `most` bytes.

    Without `links` a symbolic link is refused.
    """
    flags = os.O_RDONLY if links else os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
    with open(open_regular(path, flags), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLarge(0, f"larger than {most} bytes")
    return content


def replace_file(path: Path, content: bytes, mode: int = PRIVATE, *, lasting: bool = True) -> None:
    """Replace a file in one step: no reader sees half of it, even after a kill or a power cut. Raises OSError.

    A draft beside the file is on the disk, with the file's mode, before it takes the name. What is not `lasting` is
    worth nothing after a power cut, and does not wait for the disk.
    """
    # Imported late: a program that only reads must be quick.
    import tempfile

    remove_drafts(path.parent, path.name, older=_LEFT)
    descriptor, draft = tempfile.mkstemp(_DRAFT, f".{path.name}-", path.parent)
    try:
        _write(descriptor, content, lasting)
        if mode != PRIVATE:
            Path(draft).chmod(mode)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise
    if lasting:
        _sync_folder(path.parent)


def replace_own_file(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """`replace_file` for a private file in a folder of this user. Raises OSError, and `NotOurs` for another's folder.

    Everything is done in the folder that was checked. A folder that another user puts in its place gets nothing.
    """
    from agent.platforms.folders import opened_own

    with opened_own(path.parent) as folder:
        if folder is None:
            replace_file(path, content, lasting=lasting)
            return
        remove_drafts(path.parent, path.name, older=_LEFT)
        draft = f".{path.name}-{os.urandom(8).hex()}{_DRAFT}"
        try:
            _write(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE, dir_fd=folder), content, lasting)
            os.replace(draft, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(draft, dir_fd=folder)
            raise
        if lasting:
            with contextlib.suppress(OSError):
                os.fsync(folder)


def _write(descriptor: int, content: bytes, lasting: bool) -> None:
    with open(descriptor, "wb") as file:
        file.write(content)
        if lasting:
            file.flush()
            os.fsync(file.fileno())


def remove_drafts(folder: Path, name: str = "", *, older: float = 0.0) -> None:
    """Remove the drafts that a kill left in a folder, of one file or of all, if `older` than so many seconds."""
    with contextlib.suppress(OSError):
        for draft in folder.glob(f".{name or '*'}-*{_DRAFT}"):
            with contextlib.suppress(OSError):
                if not older or time.time() - draft.lstat().st_mtime > older:
                    draft.unlink()


def _sync_folder(folder: Path) -> None:
    """Make sure that the new name is on the disk, where the system offers that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
