"""IBKR's own client in a thread, with everything it is told written down."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from ibapi.client import EClient
from ibapi.wrapper import EWrapper

PATIENCE = 30.0
"""Seconds after which a callback that should come has failed to."""


class IbkrClient:
    """Starts, asks and stops IBKR's client; `heard` is what its wrapper was called with, in order."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self.api = EClient(self._wrapper())
        self._threads: list[threading.Thread] = []

    def _wrapper(self) -> Any:
        """A wrapper that writes down instead of logging."""

        def recorder(name: str) -> Callable[..., None]:
            return lambda _, *args: self.heard.append((name, args))

        names = [name for name in dir(EWrapper) if not name.startswith("_") and callable(getattr(EWrapper, name))]
        return type("Recorder", (EWrapper,), {name: recorder(name) for name in names})()

    async def start(self, port: int, client_id: int = 31) -> None:
        """Connect and run the message loop, until nextValidId."""
        await self.connect(port, client_id)
        await self.called("nextValidId")

    async def connect(self, port: int, client_id: int = 31) -> None:
        """Connect and run the message loop."""
        await asyncio.to_thread(self.api.connect, "127.0.0.1", port, client_id)
        reader = getattr(self.api, "reader", None)
        if reader is not None:
            self._threads.append(reader)
        loop = threading.Thread(target=self.api.run, daemon=True)
        loop.start()
        self._threads.append(loop)

    def calls(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of one callback so far."""
        return [args for called, args in self.heard if called == name]

    async def called(self, name: str, fits: Callable[[tuple[Any, ...]], bool] = lambda _: True) -> tuple[Any, ...]:
        """The arguments of the first call of a callback that fits; waits for it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for args in self.calls(name):
                if fits(args):
                    return args
            await asyncio.sleep(0.01)
        raise AssertionError(f"{name} never came; heard {[called for called, _ in self.heard]}")

    async def notice(self, code: int) -> tuple[int, str]:
        """Request ID and text of the first notice with a code."""
        args = await self.called("error", lambda found: found[2] == code)
        return args[0], args[3]

    async def stop(self) -> None:
        """Disconnect and wait for both threads."""
        link = self.api.conn.socket if self.api.conn is not None else None
        if link is not None:
            # Its reader looks up from recv only once a second otherwise.
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        await asyncio.to_thread(self.api.disconnect)
        for thread in self._threads:
            await asyncio.to_thread(thread.join, PATIENCE)
            assert not thread.is_alive()
