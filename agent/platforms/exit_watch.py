"""Learns at once that a process has ended: a thread waits in psutil, by pidfd on Linux and kqueue on macOS."""

import asyncio
import threading
from collections.abc import Callable

import psutil

CANCEL_SEEN_WITHIN = 60.0
"""Seconds in which the thread of a cancelled watch ends; a waiting thread costs nothing."""


def watch_exit(pid: int, callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` once, on the running asyncio loop, when the process is gone; returns what cancels the watch.

    A process that is gone already counts as one that exits now; a zombie counts as gone.
    """
    loop = asyncio.get_running_loop()
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return loop.call_soon(callback).cancel
    cancelled = threading.Event()

    def tell() -> None:
        if not cancelled.is_set():
            cancelled.set()
            callback()

    def wait() -> None:
        while not cancelled.is_set():
            try:
                process.wait(CANCEL_SEEN_WITHIN)
                break
            except psutil.Error as fault:
                # Also after a time-out: to POSIX a zombie runs until its parent has asked for its status.
                if _is_gone(process):
                    break
                if not isinstance(fault, psutil.TimeoutExpired):
                    cancelled.wait(CANCEL_SEEN_WITHIN)
        try:
            loop.call_soon_threadsafe(tell)
        except RuntimeError:
            # The loop was closed while the process still ran: nothing is left to call.
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
