"""The way in from a socket to aiohttp: so many at a time, and nobody may stand in it.

aiohttp waits for ever for the first request of a connection. Here every wait has an end, and when all places are taken
the one that has waited longest without a request under way gives its place to the newcomer.
"""

import asyncio
from collections.abc import Callable
from typing import Any

MOST_CONNECTIONS = 64
"""A browser has six to a host; further windows and scripts of the user have room besides."""
REQUEST_SECONDS = 10.0
"""How long a connection may take to say what it wants, or to take an answer."""
QUIET_SECONDS = 30.0
"""How long a connection is kept that has been answered and may be used again."""


class Doors:
    """Makes the protocols of a server, and counts them."""

    def __init__(
        self,
        inner: Callable[[], Any],
        *,
        most: int = MOST_CONNECTIONS,
        request_seconds: float = REQUEST_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        """`inner` makes aiohttp's own protocol for one connection."""
        self._inner = inner
        self.most = most
        self.request_seconds = request_seconds
        self.quiet_seconds = quiet_seconds
        self.open: dict[asyncio.BaseTransport, _Door] = {}

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return _Door(self, self._inner())

    def begin(self, transport: asyncio.BaseTransport | None) -> None:
        """A request of this connection is being answered: it may take as long as its answer needs."""
        if transport is not None and (door := self.open.get(transport)) is not None:
            door.wait(None)

    def end(self, transport: asyncio.BaseTransport | None) -> None:
        """It has been answered."""
        if transport is not None and (door := self.open.get(transport)) is not None:
            door.wait(self.quiet_seconds)

    def make_room(self) -> None:
        """Send the longest waiting connection away when all places are taken."""
        while len(self.open) >= self.most:
            waiting = next((d for d in self.open.values() if d.waits), next(iter(self.open.values())))
            waiting.drop()


class _Door(asyncio.Protocol):
    """One connection: aiohttp's protocol behind a limit of time."""

    def __init__(self, doors: Doors, inner: Any) -> None:
        self._doors = doors
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether no request of it is under way."""
        return self._deadline is not None

    def wait(self, seconds: float | None) -> None:
        """Give it so long from now on; None: as long as it takes."""
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = None if seconds is None else loop.call_later(seconds, self.drop)

    def drop(self) -> None:
        """End it without another word."""
        if self._transport is not None:
            self._doors.open.pop(self._transport, None)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._doors.make_room()
        self._doors.open[transport] = self
        self.wait(self._doors.request_seconds)
        self._inner.connection_made(transport)

    def connection_lost(self, fault: Exception | None) -> None:
        self.wait(None)
        if self._transport is not None:
            self._doors.open.pop(self._transport, None)
        self._inner.connection_lost(fault)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        answer: bool | None = self._inner.eof_received()
        return answer

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
