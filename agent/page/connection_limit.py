"""Limits connections to the page: only this user's programs, 64 at most, each with a deadline.

The system is asked once who made a connection, when it is accepted; no byte is read before the answer.
aiohttp waits for ever for the first request of a connection. Here every wait has an end. When all places are taken, the
connection that has waited longest without a request under way gives its place to the new one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

logger = logging.getLogger("agent.page")

MOST_CONNECTIONS = 64
"""A browser opens six to one host, so this leaves room for more windows and for the user's scripts."""
REQUEST_SECONDS = 10.0
"""Seconds a connection may take to send its request, or to read an answer."""
QUIET_SECONDS = 30.0
"""Seconds an answered connection is kept for its next request."""
JUDGE_SECONDS = 5.0
"""Seconds the system may take to tell who made a connection; no answer counts as another user."""

_Address: TypeAlias = tuple[str, int]
PeerCheck: TypeAlias = Callable[[_Address, _Address], bool | Awaitable[bool]]
"""Whether this user made the connection from the first address to the second; an awaitable where that takes long."""


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
        """Lift the deadline of a connection while its request is answered."""
        if transport is not None and (connection := self.open.get(transport)) is not None:
            connection.wait(None)

    def end(self, transport: asyncio.BaseTransport | None) -> None:
        """Set the deadline again: the request has been answered."""
        if transport is not None and (connection := self.open.get(transport)) is not None:
            connection.wait(self.quiet_seconds)

    def ends_with(self, transport: asyncio.BaseTransport | None, task: "asyncio.Task[Any] | None") -> None:
        """Cancel a task as soon as the connection is lost: an answer without an end would learn it late."""
        if transport is not None and task is not None and (connection := self.open.get(transport)) is not None:
            connection.endless = task

    def make_room(self) -> None:
        """Drop the connection that has waited longest when all places are taken."""
        while len(self.open) >= self.most:
            waiting = next((d for d in self.open.values() if d.waits), next(iter(self.open.values())))
            waiting.drop()

    def refuse(self, connection: "_Connection") -> None:
        """Drop a connection of another user's program. Only the first is logged: there may be many."""
        if not self._told:
            self._told = True
            logger.warning("a program of another user asked for the status page and was refused")
        connection.drop()

    def close(self) -> None:
        """Drop all connections that have no request under way."""
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
        self.endless: asyncio.Task[Any] | None = None
        """What writes an answer that has no end of its own."""

    @property
    def waits(self) -> bool:
        """Whether this connection has no request under way."""
        return self._deadline is not None

    def wait(self, seconds: float | None) -> None:
        """Set the deadline to so many seconds from now; None: no deadline."""
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = None if seconds is None else loop.call_later(seconds, self.drop)

    def drop(self) -> None:
        """End the connection at once."""
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
        # No byte is read until the system has answered.
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
        if not self._is_connected():
            self.drop()
        elif not ours:
            self._limit.refuse(self)
        else:
            self._limit.make_room()
            self._limit.open[self._transport] = self
            self.wait(self._limit.request_seconds)
            self._let_in = True
            self._inner.connection_made(self._transport)

    def _is_connected(self) -> bool:
        """Whether the connection still stands. If not, the answer of the system is about none, or about another one."""
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
        if self.endless is not None:
            self.endless.cancel()

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        answer: bool | None = self._inner.eof_received()
        return answer

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
