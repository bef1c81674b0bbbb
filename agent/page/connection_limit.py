"""The way in from a socket to aiohttp: this user's programs alone, so many at a time, and each with a deadline.

Whose a connection is, is asked once, when it was accepted; not a byte of it is read before that is known.
aiohttp waits for ever for the first request of a connection. Here every wait has an end, and when all places are taken
the one that has waited longest without a request under way gives its place to the newcomer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

logger = logging.getLogger("agent.page")

MOST_CONNECTIONS = 64
"""A browser has six to a host; further windows and scripts of the user have room besides."""
REQUEST_SECONDS = 10.0
"""How long a connection may take to say what it wants, or to take an answer."""
QUIET_SECONDS = 30.0
"""How long a connection is kept that has been answered and may be used again."""
JUDGE_SECONDS = 5.0
"""How long the system may take to tell whose a connection is; a silent system is taken for a no."""

_Address: TypeAlias = tuple[str, int]
PeerCheck: TypeAlias = Callable[[_Address, _Address], bool | Awaitable[bool]]
"""Whether the connection from an address to ours was made by this user; at once, or where that takes long, soon."""


class ConnectionLimit:
    """Makes the protocols of a server, and counts them."""

    def __init__(
        self,
        inner: Callable[[], Any],
        *,
        ours: PeerCheck = lambda peer, own: True,
        most: int = MOST_CONNECTIONS,
        request_seconds: float = REQUEST_SECONDS,
        quiet_seconds: float = QUIET_SECONDS,
    ) -> None:
        """`inner` makes aiohttp's own protocol for one connection."""
        self._inner = inner
        self.ours = ours
        self.most = most
        self.judging: set[_Connection] = set()
        self._told = False
        self.request_seconds = request_seconds
        self.quiet_seconds = quiet_seconds
        self.open: dict[asyncio.BaseTransport, _Connection] = {}

    def __call__(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        return _Connection(self, self._inner())

    def begin(self, transport: asyncio.BaseTransport | None) -> None:
        """A request of this connection is being answered: it may take as long as its answer needs."""
        if transport is not None and (connection := self.open.get(transport)) is not None:
            connection.wait(None)

    def end(self, transport: asyncio.BaseTransport | None) -> None:
        """It has been answered."""
        if transport is not None and (connection := self.open.get(transport)) is not None:
            connection.wait(self.quiet_seconds)

    def make_room(self) -> None:
        """Send the longest waiting connection away when all places are taken."""
        while len(self.open) >= self.most:
            waiting = next((d for d in self.open.values() if d.waits), next(iter(self.open.values())))
            waiting.drop()

    def refuse(self, connection: "_Connection") -> None:
        """Send away what another user's program has connected. The log hears of the first: others may be many."""
        if not self._told:
            self._told = True
            logger.warning("a program of another user asked for the status page and was refused")
        connection.drop()

    def close(self) -> None:
        """Send away all that have no request under way."""
        for connection in [*self.judging, *self.open.values()]:
            if connection.waits:
                connection.drop()


class _Connection(asyncio.Protocol):
    """One connection: aiohttp's protocol behind a limit of time."""

    def __init__(self, limit: ConnectionLimit, inner: Any) -> None:
        self._limit = limit
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._judging: asyncio.Task[None] | None = None
        self._let_in = False

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
            self._limit.open.pop(self._transport, None)
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        ends = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        ours = None not in ends and self._limit.ours(*(end[:2] for end in ends))
        if isinstance(ours, bool):
            self._judge(ours)
            return
        # Not a byte is read until the system has told.
        transport.pause_reading()
        self.wait(JUDGE_SECONDS)
        self._limit.judging.add(self)
        self._judging = asyncio.get_running_loop().create_task(self._when_judged(ours), name="whose page")
        if len(self._limit.judging) > self._limit.most:
            self.drop()

    async def _when_judged(self, ours: Awaitable[bool]) -> None:
        judged = False
        try:
            judged = await ours
        except Exception:
            logger.exception("whose a connection to the status page is cannot be told")
        self._limit.judging.discard(self)
        if self._transport is not None and not self._transport.is_closing():
            self._judge(judged)
            if self._let_in:
                self._transport.resume_reading()

    def _judge(self, ours: bool) -> None:
        assert self._transport is not None
        if not ours:
            self._limit.refuse(self)
        elif not self._is_connected():
            self.drop()
        else:
            self._limit.make_room()
            self._limit.open[self._transport] = self
            self.wait(self._limit.request_seconds)
            self._let_in = True
            self._inner.connection_made(self._transport)

    def _is_connected(self) -> bool:
        """Whether the two ends still belong together, so that what the system told is about this connection."""
        assert self._transport is not None
        try:
            self._transport.get_extra_info("socket").getpeername()
        except OSError:
            return False
        return True

    def connection_lost(self, fault: Exception | None) -> None:
        self.wait(None)
        self._limit.judging.discard(self)
        if self._judging is not None:
            self._judging.cancel()
        if self._transport is not None:
            self._limit.open.pop(self._transport, None)
        if self._let_in:
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
