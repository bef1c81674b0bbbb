"""One agent per data folder: a lock that the operating system frees whenever its holder ends, however it ends."""

import os
import time
import warnings
from contextlib import suppress

import psutil
from filelock import FileLock, Timeout

from agent.errors import AlreadyRunning
from agent.runtime.paths import Places, data_folder_error, make_data_folder

_RETRY = 0.05
"""Seconds between two readings of the pid file."""
_RETRIES = 20
"""A holder may need this many of them (a second) from taking the lock to writing down who it is."""
_SAME_START = 60.0
"""Seconds; start times of one process differ by less: some systems derive them from a clock that is corrected."""


class Instance:
    """The right to be the agent of a data folder. Use as a context manager, or `take` and `release`."""

    def __init__(self, places: Places) -> None:
        self._places = places
        # Not a singleton per path and not per thread: taking it twice must fail wherever it is tried.
        self._lock = FileLock(places.lock, timeout=0, thread_local=False, is_singleton=False)

    def take(self) -> None:
        """Become the agent of this data folder; raises `AlreadyRunning` or `DataFolderError`."""
        make_data_folder(self._places)
        try:
            with warnings.catch_warnings():
                # On a file system without locks filelock falls back to a marker file, and warns.
                warnings.simplefilter("ignore", UserWarning)
                self._lock.acquire()
        except Timeout:
            raise self._already_running() from None
        except (OSError, NotImplementedError) as error:
            raise data_folder_error(self._places.data, error) from None
        try:
            self._sign()
        except OSError as error:
            self._lock.release()
            raise data_folder_error(self._places.data, error) from None

    def release(self) -> None:
        """Let another one run. Harmless when nothing is held."""
        if not self._lock.is_locked:
            return
        with suppress(OSError):
            self._places.pid.unlink()
        with suppress(OSError):
            self._lock.release()

    def __enter__(self) -> "Instance":
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _sign(self) -> None:
        """Write down who holds the lock: in a file of its own, since Windows lets nobody read a locked one."""
        pid = os.getpid()
        draft = self._places.pid.with_suffix(".new")
        draft.write_text(f"{pid}\n{psutil.Process(pid).create_time()}\n", encoding="ascii")
        draft.replace(self._places.pid)

    def _already_running(self) -> AlreadyRunning:
        holder = running_pid(self._places)
        for _ in range(_RETRIES):
            if holder is not None:
                break
            time.sleep(_RETRY)
            holder = running_pid(self._places)
        who = "" if holder is None else f" (pid {holder})"
        return AlreadyRunning(
            f"Gatelight already runs{who} with the data folder {self._places.data}: "
            "quit it in its menu, or name another folder with --data-dir."
        )


def running_pid(places: Places) -> int | None:
    """The process that signed as the agent of this data folder; None when it did not, or is gone."""
    try:
        pid, started = places.pid.read_text(encoding="ascii").split()
        process = psutil.Process(int(pid))
        # The number may belong to another process by now.
        same = abs(process.create_time() - float(started)) < _SAME_START
        alive = same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return int(pid)
    except (OSError, ValueError, OverflowError, psutil.Error):
        return None
    return int(pid) if alive else None
