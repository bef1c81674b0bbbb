"""Being told at once that a process is gone: pidfd, kqueue, or a thread that waits.

Each function is called on the running asyncio loop's thread, calls `callback` at most once on that loop, and returns
a function that cancels.
"""

import asyncio
import os
import select
import sys
import threading
from collections.abc import Callable

import psutil

Callback = Callable[[], None]

_CANCEL_SEEN_WITHIN = 1.0
"""Seconds after which a waiting thread notices that it is not wanted any more."""


def _at_once(callback: Callback) -> Callback:
    return asyncio.get_running_loop().call_soon(callback).cancel


def _on_readable(descriptor: int, close: Callback, callback: Callback) -> Callback:
    """Call `callback` once when a descriptor becomes readable; closes it then, or when cancelled."""
    loop = asyncio.get_running_loop()
    done = False

    def finish() -> None:
        nonlocal done
        if not done:
            done = True
            if not loop.is_closed():
                loop.remove_reader(descriptor)
            close()

    def readable() -> None:
        finish()
        callback()

    try:
        loop.add_reader(descriptor, readable)
    except BaseException:
        close()
        raise
    return finish


def by_pidfd(pid: int, callback: Callback) -> Callback:
    """Linux: a process descriptor becomes readable when the process exits, a zombie included."""
    if sys.platform != "linux":
        raise NotImplementedError("pidfd exists on Linux only")
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return _at_once(callback)
    except OSError:
        # Kernels before 5.3 and some sandboxes have no pidfd.
        return by_thread(pid, callback)
    return _on_readable(descriptor, lambda: os.close(descriptor), callback)


def by_kqueue(pid: int, callback: Callback) -> Callback:
    """macOS: a kernel queue becomes readable when the process exits."""
    if sys.platform == "darwin":
        queue = select.kqueue()
        event = select.kevent(pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, select.KQ_NOTE_EXIT)
        try:
            queue.control([event], 0, 0)
        except ProcessLookupError:
            queue.close()
            return _at_once(callback)
        except OSError:
            # Another user's process may refuse to be watched.
            queue.close()
            return by_thread(pid, callback)
        return _on_readable(queue.fileno(), queue.close, callback)
    raise NotImplementedError("kqueue exists on macOS and the BSDs only")


def by_thread(pid: int, callback: Callback) -> Callback:
    """Anywhere: a thread waits for the process."""
    loop = asyncio.get_running_loop()
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return _at_once(callback)
    cancelled = threading.Event()

    def tell() -> None:
        if not cancelled.is_set():
            cancelled.set()
            callback()

    def wait() -> None:
        while not cancelled.is_set():
            try:
                process.wait(_CANCEL_SEEN_WITHIN)
            except psutil.TimeoutExpired:
                # POSIX counts a zombie as running until its parent has asked for it.
                if _is_gone(process):
                    break
                continue
            except psutil.Error:
                if not _is_gone(process):
                    cancelled.wait(_CANCEL_SEEN_WITHIN)
                    continue
            break
        try:
            loop.call_soon_threadsafe(tell)
        except RuntimeError:
            # The loop was closed while the process still ran: nobody is left to be told.
            return

    threading.Thread(target=wait, name=f"exit watch {pid}", daemon=True).start()
    return cancelled.set


def _is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
