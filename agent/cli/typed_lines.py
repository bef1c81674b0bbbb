"""Lines from standard input, and Ctrl-C, for a command that asks questions while it works."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable


class TypedLines:
    """What is typed, line by line, on the running loop."""

    def __init__(self, stop: Callable[[], None]) -> None:
        """`stop` is called on Ctrl-C and SIGTERM."""
        self._stop = stop
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self.ended = False
        """Whether no line will ever come again."""

    def listen(self) -> None:
        """Begin to read; on the loop's thread, which must be the main thread."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self._stopped)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._stopped))
        threading.Thread(target=self._read, args=(loop,), name="input", daemon=True).start()

    async def next(self) -> str | None:
        """The next line without blanks around it; None at the end, from then on always."""
        if self.ended:
            return None
        line = await self._lines.get()
        if line is None:
            self.ended = True
        return line

    def _stopped(self) -> None:
        self._stop()
        self._lines.put_nowait(None)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not through sys.stdin: a thread that waits in its buffer makes the interpreter crash when it ends.
        rest = b""
        with contextlib.suppress(OSError, RuntimeError, ValueError, AttributeError):
            number = sys.stdin.fileno()
            while chunk := os.read(number, 4096):
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    loop.call_soon_threadsafe(self._lines.put_nowait, line.decode(errors="replace").strip())
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._lines.put_nowait, None)
