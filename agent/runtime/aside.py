"""Runs work that may hang in the system, as on a lost disk, in threads that delay neither the loop nor the exit."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any, TypeVar

_T = TypeVar("_T")

_WAIT = 0.2
"""Seconds that `Worker.do` waits for its work; a healthy disk needs a hundredth of them."""
MOST_WAITING = 1_000
"""Pieces of work that may wait for one that hangs."""


def _begun(work: Callable[[], _T], name: str) -> "futures.Future[_T]":
    """The result of `work`, made in a thread of its own that cannot keep the process from ending."""
    made: futures.Future[_T] = futures.Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as fault:
            made.set_exception(fault)
        else:
            made.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return made


def in_thread(work: Callable[[], _T], name: str) -> "asyncio.Future[_T]":
    """The result of `work`, made in a thread that cannot keep the process from ending; on the running loop."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[_T] = loop.create_future()

    def settle(done: "futures.Future[_T]") -> None:
        if made.done():
            return
        if fault := done.exception():
            made.set_exception(fault)
        else:
            made.set_result(done.result())

    def tell(done: "futures.Future[_T]") -> None:
        # RuntimeError: the loop was closed meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, done)

    _begun(work, name).add_done_callback(tell)
    return made


async def within(limit: float, work: Callable[[], _T], name: str) -> _T:
    """The same, awaited; raises TimeoutError after `limit` seconds, while the thread goes on."""
    return await asyncio.wait_for(in_thread(work, name), limit)


def done_within(limit: float, work: Callable[[], _T], name: str) -> _T:
    """The same without a loop, for a start: raises TimeoutError after `limit` seconds."""
    made = _begun(work, name)
    if futures.wait((made,), limit).not_done:
        raise _late(limit)
    return made.result()


class OneAtATime:
    """Work that may hang, awaited for a limited time; no further piece begins before an earlier one has come back.

    Otherwise work that is repeated would leave a hanging thread behind each time.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: asyncio.Future[Any] | None = None

    async def within(self, limit: float, work: Callable[[], _T]) -> _T:
        """The result of `work`; raises TimeoutError after `limit` seconds."""
        # Of several callers that wait, one begins its work, and the others then wait for that.
        while (before := self._running) is not None and not before.done():
            await asyncio.wait({before}, timeout=limit)
            if not before.done():
                raise _late(limit)
        if before is not None:
            # Its result or fault is too old to matter; asyncio logs a fault that is never retrieved.
            before.exception()
        self._running = running = in_thread(work, self._name)
        await asyncio.wait({running}, timeout=limit)
        if not running.done():
            raise _late(limit)
        return running.result()


def _late(limit: float) -> TimeoutError:
    return TimeoutError(f"no answer within {limit:g} s")


class Worker:
    """One thread that does pieces of work in order; its callers wait for a moment only."""

    def __init__(self, name: str, wait: float = _WAIT) -> None:
        self._name = name
        self._wait = wait
        self._waiting: queue.Queue[tuple[Callable[[], None], threading.Event] | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._late = False
        """A piece of work has not come back in time; until it does, no caller waits."""

    def do(self, work: Callable[[], None]) -> bool:
        """Hand in a piece of work, which must not raise; returns False where it was dropped because too much waits."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        done = threading.Event()
        try:
            self._waiting.put_nowait((work, done))
        except queue.Full:
            return False
        if not self._late:
            self._late = not done.wait(self._wait)
        return True

    def close(self) -> None:
        """Do the work that waits, for a moment at most, and end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(None)
            thread.join(self._wait)

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            work, done = item
            try:
                work()
            finally:
                done.set()
            if self._waiting.empty():
                self._late = False
