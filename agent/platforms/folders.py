"""Folders of this user alone: permanent ones, and temporary ones that the next start removes after a kill."""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Imported late: a process that only needs a folder of its own stays small.
    from filelock import FileLock

_PRIVATE = 0o700
"""Mode of a folder that only its owner may look into."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_IN_USE = "in-use.lock"
"""A lock in a temporary folder: held by the process that uses the folder, and free after any end of that process."""


class NotOurs(OSError):
    """A folder that belongs to another user, or that others may change."""


def make_private(folder: Path, *, close: bool = True) -> None:
    """Make a folder for this user alone, with the folders that are missing above it. Raises OSError.

    Raises `NotOurs` for an existing folder of another user, and for a link that neither this user nor an administrator
    made. Other users lose their rights in an existing folder; without `close`, only the right to write. On Windows the
    rights of the user's profile count, and nothing is checked.
    """
    _make(folder)
    if not hasattr(os, "geteuid"):
        return
    with opened_own(folder) as opened:
        assert opened is not None
        mode = os.fstat(opened).st_mode
        taken = _OTHERS if close else _OTHERS_WRITE
        if mode & taken:
            with contextlib.suppress(OSError):
                os.fchmod(opened, stat.S_IMODE(mode) & ~taken)
            # Some file systems store no rights and give all users the same.
            if os.fstat(opened).st_mode & _OTHERS_WRITE:
                raise NotOurs(errno.EPERM, "other users may write to it")


@contextlib.contextmanager
def opened_own(folder: Path) -> Iterator[int | None]:
    """A descriptor of a folder of this user. Raises OSError, and `NotOurs` for another user's folder or link.

    The descriptor stays that of the checked folder, even if its name soon leads to another one. None on Windows, where
    the rights of the profile count.
    """
    if not hasattr(os, "geteuid"):
        yield None
        return
    link = folder.lstat()
    # An administrator's link is trusted: root could become this user anyway.
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in (os.geteuid(), 0):
        raise NotOurs(errno.EPERM, "it is a link that another user made")
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if os.fstat(opened).st_uid != os.geteuid():
            raise NotOurs(errno.EPERM, "it belongs to another user")
        yield opened
    finally:
        os.close(opened)


def is_out_of_reach(path: Path) -> bool:
    """Whether no user but this one and root could have put a file there, or can change it, by the folders above it.

    Groups are trusted: a user may have one of their own, and macOS gives its administrators one. True on Windows, where
    the rights of the folders decide. False where it cannot be known.
    """
    if not hasattr(os, "geteuid"):
        return True
    try:
        ways = {path.absolute(), path.resolve(strict=True)}
        return all(_is_out_of_reach(part) for way in ways for part in (way, *way.parents))
    except (OSError, RuntimeError):
        return False


def _is_out_of_reach(part: Path) -> bool:
    itself, meant = part.lstat(), part.stat()
    if not {itself.st_uid, meant.st_uid} <= {0, os.geteuid()}:
        return False
    # In a sticky folder, such as /tmp, others make files of their own and leave those of others alone.
    return not meant.st_mode & stat.S_IWOTH or bool(stat.S_ISDIR(meant.st_mode) and meant.st_mode & stat.S_ISVTX)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(_PRIVATE)
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        _make(folder.parent)
        folder.mkdir(_PRIVATE, exist_ok=True)
    except OSError:
        if not folder.is_dir():
            raise


@contextlib.contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """A folder that exists inside the `with`. Folders of that name that killed processes left are removed first."""
    for left in Path(tempfile.gettempdir()).glob(f"{name}-*"):
        with contextlib.suppress(OSError):
            _remove_if_left(left)
    folder, lock = _new(name)
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _new(name: str) -> "tuple[Path, FileLock]":
    from filelock import Timeout

    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        lock = _lock_of(folder)
        # A process that starts at the same time may remove a folder that nothing holds yet.
        with contextlib.suppress(Timeout, FileNotFoundError):
            lock.acquire()
            return folder, lock


def _remove_if_left(folder: Path) -> None:
    from filelock import Timeout

    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
        return
    lock = _lock_of(folder)
    with contextlib.suppress(Timeout):
        lock.acquire()
        if os.name == "nt":
            # Windows does not remove an open file.
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _lock_of(folder: Path) -> "FileLock":
    from filelock import FileLock

    return FileLock(folder / _IN_USE, timeout=0, thread_local=False, is_singleton=False)
