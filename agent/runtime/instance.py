"""One agent per data folder: a lock that the operating system frees after any end of its holder."""

import os
import stat
import time
import warnings
from contextlib import suppress

import psutil
from filelock import FileLock, Timeout

from agent.errors import AlreadyRunning, DataFolderError
from agent.platforms.files import PRIVATE, is_gone, read_file, remove_drafts, replace_own_file
from agent.runtime.paths import DATA_VARIABLE, Places, data_folder_error, make_data_folder

_RETRY = 0.05
"""Seconds between two readings of the pid file."""
_RETRIES = 20
"""Such readings at most, a second: a holder takes the lock first and writes its pid then."""
_LONGEST_SIGNATURE = 100
"""Bytes; a process ID and a time need a fraction of them."""
_SAME_START = 60.0
"""Seconds. Start times of one process differ by less; some systems derive them from a clock that is corrected."""


class Instance:
    """The right to be the agent of a data folder. Use as a context manager, or `take` and `release`."""

    def __init__(self, places: Places) -> None:
        self._places = places
        # No singleton per path, and not per thread: taking the lock twice must fail everywhere.
        # And private: any user who may open a file may lock it, which would keep this agent from running.
        self._lock = FileLock(places.lock, timeout=0, mode=PRIVATE, thread_local=False, is_singleton=False)
        self._held: os.stat_result | None = None

    def take(self) -> None:
        """Become the agent of this data folder; raises `AlreadyRunning` or `DataFolderError`."""
        make_data_folder(self._places)
        try:
            self._refuse_strange_lock()
            with warnings.catch_warnings():
                # On a file system without locks filelock falls back to a marker file, and warns.
                warnings.simplefilter("ignore", UserWarning)
                self._lock.acquire()
        except Timeout:
            raise AlreadyRunning(
                f"Gatelight already runs{self._holder()} with the data folder {self._places.data}: "
                "`gatelight stop` ends it, and --data-dir names another folder."
            ) from None
        except (OSError, NotImplementedError) as error:
            raise data_folder_error(self._places.data, error) from None
        try:
            self._held = self._locked_file()
            remove_drafts(self._places.data)
            self._sign()
        except OSError as error:
            self._lock.release()
            raise data_folder_error(self._places.data, error) from None

    def in_place(self) -> bool:
        """Whether the held lock is still in the data folder; OSError where that cannot be known."""
        try:
            self._places.pid.lstat()
            return self._lock_in_place()
        except OSError as fault:
            if is_gone(fault):
                return False
            raise

    def take_again(self) -> None:
        """Become the agent of the folder that is there now; raises `AlreadyRunning` or `DataFolderError`."""
        try:
            if self._lock_in_place():
                self._sign()
                return
        except OSError:
            pass
        # A lock that no path leads to is useless; where the files only have new inodes, it would be in the way.
        with suppress(OSError):
            self._lock.release()
        try:
            self.take()
        except AlreadyRunning:
            raise AlreadyRunning(
                f"The data folder {self._places.data} was deleted or moved while Gatelight ran, and another Gatelight"
                f"{self._holder()} has been started with it: this one ends, and the other goes on."
            ) from None

    def release(self) -> None:
        """Release the lock, so that another agent can run. Does nothing when nothing is held."""
        if not self._lock.is_locked:
            return
        with suppress(OSError):
            # If the folder was made anew a moment ago, the pid file may be another agent's.
            if self._lock_in_place():
                self._places.pid.unlink()
        with suppress(OSError):
            self._lock.release()

    def __enter__(self) -> "Instance":
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _sign(self) -> None:
        """Write the pid of the holder into a file of its own: on Windows a locked file cannot be read."""
        pid = os.getpid()
        replace_own_file(self._places.pid, f"{pid}\n{psutil.Process(pid).create_time()}\n".encode())

    def _refuse_strange_lock(self) -> None:
        """Raise `DataFolderError` for a lock that is no file, or that another user made while the folder was open.

        Another user must not keep this agent from running; but the agent never removes a lock by itself. One that an
        earlier version made is closed to other users.
        """
        lock = self._places.lock
        try:
            found = lock.lstat()
        except FileNotFoundError:
            return
        if not stat.S_ISREG(found.st_mode) or (hasattr(os, "geteuid") and found.st_uid != os.geteuid()):
            raise DataFolderError(
                f"The data folder {self._places.data} cannot be used (its {lock.name} is not a file of this user): "
                f"delete that, or name another folder with --data-dir or {DATA_VARIABLE}."
            )
        if hasattr(os, "geteuid") and stat.S_IMODE(found.st_mode) & ~PRIVATE:
            # Some file systems store no rights.
            with suppress(OSError):
                lock.chmod(PRIVATE)

    def _locked_file(self) -> os.stat_result:
        """The locked file; its name may lead to another file by now."""
        descriptor = self._lock._context.lock_file_fd
        # On Windows a descriptor gives other numbers than a name, and an open file keeps its name.
        if descriptor is None or not hasattr(os, "geteuid"):
            return self._places.lock.lstat()
        return os.fstat(descriptor)

    def _lock_in_place(self) -> bool:
        return self._held is not None and os.path.samestat(self._places.lock.lstat(), self._held)

    def _holder(self) -> str:
        """The holder of the lock, in brackets; empty where it is not known."""
        holder = running_pid(self._places)
        for _ in range(_RETRIES):
            if holder is not None:
                break
            time.sleep(_RETRY)
            holder = running_pid(self._places)
        return "" if holder is None else f" (pid {holder})"


def running_pid(places: Places) -> int | None:
    """The process that signed as the agent of this data folder; None where none did, or where it is gone."""
    try:
        pid, started = read_file(places.pid, _LONGEST_SIGNATURE, links=False).decode("ascii").split()
        process = psutil.Process(int(pid))
        # The number may belong to another process by now.
        same = abs(process.create_time() - float(started)) < _SAME_START
        alive = same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return int(pid)
    except (OSError, ValueError, OverflowError, psutil.Error):
        return None
    return int(pid) if alive else None
