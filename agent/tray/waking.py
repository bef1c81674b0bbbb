"""Handles signals while the main thread waits inside the system's own loop, as on Windows and macOS."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def waking_for_signals(post: Callable[[Callable[[], None]], None]) -> Iterator[None]:
    """Make the main thread return to Python for every signal. `post` gives the main thread a call from any thread.

    Python runs a signal's handler when the main thread returns to Python code. A wait for the system's messages never
    returns by itself. On another thread this context does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told, tells = socket.socketpair()

    def wake() -> None:
        while told.recv(64):
            post(lambda: None)

    with told, tells:
        tells.setblocking(False)
        before = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
        waker = threading.Thread(target=wake, name="tray-signals", daemon=True)
        waker.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            tells.shutdown(socket.SHUT_WR)
            waker.join(1.0)
