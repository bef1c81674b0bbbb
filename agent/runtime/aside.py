"""Work that may hang in the system, as a disk that is gone makes it, in threads that hold up neither loop nor exit."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

_T = TypeVar("_T")

_WAIT = 0.2
"""Seconds that `Worker.do` waits for its work; a disk that is well needs a hundredth."""
MOST_WAITING = 1_000
"""Pieces of work that may wait for one that hangs."""


def in_thread(work: Callable[[], _T], name: str) -> "asyncio.Future[_T]":
    """The result of `work`, made in a thread of its own that cannot keep the process from ending."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[_T] = loop.create_future()

    def settle(tell: Callable[[], None]) -> None:
        if not made.done():
            tell()

    def run() -> None:
        try:
            result = work()
        except BaseException as fault:
            told = fault
            answer: Callable[[], None] = lambda: made.set_exception(told)  # noqa: E731
        else:
            answer = lambda: made.set_result(result)  # noqa: E731
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, answer)

    threading.Thread(target=run, name=name, daemon=True).start()
    return made


async def within(limit: float, work: Callable[[], _T], name: str) -> _T:
    """The same, awaited; raises TimeoutError after `limit` seconds and leaves the thread to itself."""
    return await asyncio.wait_for(in_thread(work, name), limit)


def done_within(limit: float, work: Callable[[], _T], name: str) -> _T:
    """The same without a loop, for a start: raises TimeoutError after `limit` seconds."""
    made: queue.SimpleQueue[tuple[_T, None] | tuple[None, BaseException]] = queue.SimpleQueue()

    def run() -> None:
        try:
            made.put((work(), None))
        except BaseException as fault:
            made.put((None, fault))

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        result, fault = made.get(timeout=limit)
    except queue.Empty:
        raise _late(limit) from None
    if fault is not None:
        raise fault
    return cast(_T, result)


class OneAtATime:
    """Work that may hang, awaited for a limited time; while a piece of it has not come back, no further one is begun.

    Without that, what is done again and again would leave a thread behind each time.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: asyncio.Future[Any] | None = None

    async def within(self, limit: float, work: Callable[[], _T]) -> _T:
        """The result of `work`; raises TimeoutError after `limit` seconds."""
        # Of several that wait, one begins, and the others wait for that.
        while (before := self._running) is not None and not before.done():
            await asyncio.wait({before}, timeout=limit)
            if not before.done():
                raise _late(limit)
        if before is not None:
            # What it brought, or why it failed, is too old to matter.
            before.exception()
        self._running = running = in_thread(work, self._name)
        await asyncio.wait({running}, timeout=limit)
        if not running.done():
            raise _late(limit)
        return running.result()


def _late(limit: float) -> TimeoutError:
    return TimeoutError(f"no answer within {limit:g} s")


class Worker:
    """One thread that does pieces of work in order. The caller waits for a moment, and no longer than that."""

    def __init__(self, name: str, wait: float = _WAIT) -> None:
        self._name = name
        self._wait = wait
        self._waiting: queue.Queue[tuple[Callable[[], None], threading.Event] | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._late = False
        """A piece of work has not come back in time: until it does, no caller waits."""

    def do(self, work: Callable[[], None]) -> bool:
        """Hand in a piece of work, which must not raise; returns False where too much waits and it was dropped."""
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
        """Do what waits, for a moment at most, and end."""
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
