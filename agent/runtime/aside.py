"""Runs work that may hang in the system, as on a lost disk, in threads that delay neither the loop nor the exit."""

import asyncio
import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent import futures
from functools import partial
from typing import Any, TypeVar

_T = TypeVar("_T")

_WAIT = 0.2
"""Seconds that `Worker.do` waits for its work; a healthy disk needs a hundredth of them."""
MOST_WAITING = 1_000
"""Pieces of work that may wait for one that hangs."""


_MOST_IDLE = 4
"""Threads that are kept without work; what hung on a lost disk may come back in many more."""


class _Hand:
    """A thread that does one piece of work after the other; it cannot keep the process from ending."""

    def __init__(self) -> None:
        self._given: queue.SimpleQueue[tuple[Callable[[Callable[[], None]], None], str]] = queue.SimpleQueue()
        self._stays = True
        threading.Thread(target=self._run, name=_NO_WORK, daemon=True).start()

    def give(self, work: Callable[[Callable[[], None]], None], name: str) -> None:
        """Let it do `work`, which calls what it is given as soon as the thread may be given more."""
        self._given.put((work, name))

    def _run(self) -> None:
        own = threading.current_thread()
        while self._stays:
            work, own.name = self._given.get()
            work(self._free)
            # What the work held must not live until the next piece comes.
            del work
            own.name = _NO_WORK

    def _free(self) -> None:
        self._stays = len(_IDLE) < _MOST_IDLE
        if self._stays:
            _IDLE.append(self)


_NO_WORK = "aside"
_IDLE: deque[_Hand] = deque()
"""Threads without work: a new one for each piece of work would cost more than most of the work."""
if hasattr(os, "register_at_fork"):
    # A copy of this process has none of its threads.
    os.register_at_fork(after_in_child=_IDLE.clear)


def _begun(work: Callable[[], _T], name: str) -> "futures.Future[_T]":
    """The result of `work`, made in a thread that cannot keep the process from ending, and that does nothing else.

    Work that hangs keeps its thread, and other work is done by others.
    """
    made: futures.Future[_T] = futures.Future()
    # It counts as running at once, and cannot be cancelled any more.
    made.set_running_or_notify_cancel()
    _give(lambda free: _do(work, made, free), name)
    return made


def _give(work: Callable[[Callable[[], None]], None], name: str) -> None:
    """Let a thread that has no work do this."""
    try:
        hand = _IDLE.pop()
    except IndexError:
        hand = _Hand()
    hand.give(work, name)


def _do(work: Callable[[], _T], made: "futures.Future[_T]", free: Callable[[], None]) -> None:
    # Free before the result is told: who waits for it often has the next piece of work.
    try:
        result = work()
    except BaseException as fault:
        free()
        made.set_exception(fault)
    else:
        free()
        made.set_result(result)


def in_thread(work: Callable[[], _T], name: str) -> "asyncio.Future[_T]":
    """The result of `work`, made in a thread that cannot keep the process from ending; on the running loop."""
    return _awaited(_begun(work, name))


def _awaited(begun: "futures.Future[_T]") -> "asyncio.Future[_T]":
    """The result of work in a thread, on the running loop."""
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
            if not done.cancelled():
                loop.call_soon_threadsafe(settle, done)

    begun.add_done_callback(tell)
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


class Together:
    """Work that is handed in within one turn of the loop, done by one thread, which costs less than a thread for each.

    Where a piece hangs, those behind it are not done; handed in again, they have another thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pieces: list[tuple[Callable[[], Any], futures.Future[Any]]] = []

    def begun(self, work: Callable[[], _T]) -> "futures.Future[_T]":
        """The result of `work`; it can be cancelled until the thread begins with it."""
        made: futures.Future[_T] = futures.Future()
        if not self._pieces:
            asyncio.get_running_loop().call_soon(self._begin)
        self._pieces.append((work, made))
        return made

    def _begin(self) -> None:
        pieces, self._pieces = self._pieces, []

        def do_all(free: Callable[[], None]) -> None:
            for number, (work, made) in enumerate(pieces, 1):
                if made.set_running_or_notify_cancel():
                    _do(work, made, free if number == len(pieces) else lambda: None)
                elif number == len(pieces):
                    free()

        _give(do_all, self._name)


class OneAtATime:
    """Work that may hang, awaited for a limited time; no further piece begins before an earlier one has come back.

    Otherwise work that is repeated would leave a hanging thread behind each time.
    """

    def __init__(self, name: str, together: Together | None = None) -> None:
        """`together`: with whose work it shares a thread; else it has a thread of its own."""
        self._begin: Callable[[Callable[[], Any]], futures.Future[Any]]
        self._begin = together.begun if together is not None else partial(_begun, name=name)
        self._running: futures.Future[Any] | None = None

    async def within(self, limit: float, work: Callable[[], _T]) -> _T:
        """The result of `work`; raises TimeoutError after `limit` seconds."""
        # Of several callers that wait, one begins its work, and the others then wait for that.
        while (before := self._running) is not None and not before.done():
            await _over(before, limit)
        self._running = running = self._begin(work)
        try:
            await _over(running, limit)
        except TimeoutError:
            # What has not begun hangs behind other work, and is no hindrance to the next piece.
            running.cancel()
            raise
        result: _T = running.result()
        return result


async def _over(begun: "futures.Future[Any]", limit: float) -> None:
    """Wait until work in a thread is over; raises TimeoutError after `limit` seconds."""
    told = _awaited(begun)
    try:
        await asyncio.wait({told}, timeout=limit)
        if not told.done():
            raise _late(limit)
        # What came of it is asked of the work itself; asyncio logs a fault that is never retrieved.
        told.exception()
    finally:
        told.cancel()


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
