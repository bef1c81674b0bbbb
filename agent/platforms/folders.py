"""Folders of this user alone: one that is kept, and temporary ones that a kill leaves to the next start."""

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

_PRIVATE = 0o700
"""Mode of a folder that only its owner may look into."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_IN_USE = "in-use.lock"
"""In a temporary folder: held by the process that uses it, and free however that one ended."""


class NotOurs(OSError):
    """A folder that belongs to another user, or that others may change."""


def make_private(folder: Path, *, close: bool = True) -> None:
    """Make a folder, and what is missing above it, for this user alone. Raises OSError.

    An existing one has to be this user's, else `NotOurs` is raised, and others lose their rights in it; without
    `close` the right to write alone. A link to it has to be this user's or an administrator's. On Windows the rights
    of the user's profile decide, and nothing is checked.
    """
    _make(folder)
    if not hasattr(os, "geteuid"):
        return
    user = os.geteuid()
    link = folder.lstat()
    # A link of an administrator is trusted: root could become this user anyway.
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in (user, 0):
        raise NotOurs(errno.EPERM, "it is a link that another user made")
    with opened_own(folder) as opened:
        assert opened is not None
        mode = os.fstat(opened).st_mode
        taken = _OTHERS if close else _OTHERS_WRITE
        if mode & taken:
            with contextlib.suppress(OSError):
                os.fchmod(opened, stat.S_IMODE(mode) & ~taken)
            # Some file systems have no rights of their own and let all users do the same.
            if os.fstat(opened).st_mode & _OTHERS_WRITE:
                raise NotOurs(errno.EPERM, "other users may write to it")


@contextlib.contextmanager
def opened_own(folder: Path) -> Iterator[int | None]:
    """A descriptor of a folder of this user: what is checked and what is used is one folder, whatever its name leads to
    a moment later. Raises OSError, `NotOurs` for another user's. None on Windows, where the profile's rights decide.
    """
    if not hasattr(os, "geteuid"):
        yield None
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if os.fstat(opened).st_uid != os.geteuid():
            raise NotOurs(errno.EPERM, "it belongs to another user")
        yield opened
    finally:
        os.close(opened)


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
    """A folder for as long as it is used. Those of the same name that killed processes left behind are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{name}-*"):
        with contextlib.suppress(OSError):
            _remove_if_left(left)
    folder, lock = _new(name)
    try:
        yield folder
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _new(name: str) -> tuple[Path, FileLock]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        lock = _lock_of(folder)
        # One that starts beside may take a folder without a holder for one that was left behind.
        with contextlib.suppress(Timeout, FileNotFoundError):
            lock.acquire()
            return folder, lock


def _remove_if_left(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
        return
    lock = _lock_of(folder)
    with contextlib.suppress(Timeout):
        lock.acquire()
        if os.name == "nt":
            # There a file that is open cannot be removed.
            lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _lock_of(folder: Path) -> FileLock:
    return FileLock(folder / _IN_USE, timeout=0, thread_local=False, is_singleton=False)
