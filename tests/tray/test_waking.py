"""A main thread that waits inside the system's loop comes back to Python for a signal."""

import os
import signal
import sys
import threading
from collections.abc import Callable

import pytest

from agent.tray.waking import waking_for_signals


@pytest.mark.skipif(sys.platform == "win32", reason="under Wine with the real icon: tests/windows")
def test_every_signal_posts_a_call_and_what_was_set_before_is_put_back() -> None:
    posted = threading.Event()
    calls: list[Callable[[], None]] = []

    def post(call: Callable[[], None]) -> None:
        calls.append(call)
        posted.set()

    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        with waking_for_signals(post):
            os.kill(os.getpid(), signal.SIGUSR1)
            assert posted.wait(20)
        after = signal.set_wakeup_fd(-1)
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert heard == [signal.SIGUSR1]
    assert calls
    assert after == -1


def test_on_another_thread_it_does_nothing() -> None:
    found: list[int] = []

    def elsewhere() -> None:
        with waking_for_signals(lambda _: None):
            found.append(threading.active_count())

    thread = threading.Thread(target=elsewhere)
    before = threading.active_count()
    thread.start()
    thread.join()

    assert found == [before + 1]
