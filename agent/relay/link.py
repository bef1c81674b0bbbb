"""One relayed connection: bytes untouched both ways, with back pressure, half-close and reset carried over.

What has been read and cannot be sent yet is at most one buffer for each direction. Until it is gone nothing more is
read there, so that the sender is slowed down as it would be by the receiver itself.
"""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from agent.relay.poller import CUT, READ, WRITE, Poller

BUFFER = 65536
"""Bytes that are read at once, and the most that is held for one direction of a connection."""
_RESET_ON_CLOSE = struct.pack("hh" if hasattr(socket, "SO_EXCLUSIVEADDRUSE") else "ii", 1, 0)
"""SO_LINGER with no time to linger: a close is a reset. Two ints, on Windows two shorts."""


class Counter(Protocol):
    """Reads along; must not raise, and gets a view of bytes that it must not keep."""

    def sent(self, passed: memoryview) -> None:
        """The program sent this."""

    def received(self, passed: memoryview) -> None:
        """TWS sent this."""

    def ended(self) -> None:
        """TWS has sent its last byte."""


class Side:
    """One of the two sockets of a connection."""

    __slots__ = ("broken", "count", "end", "ended", "other", "told", "waiting", "wanted", "wire")

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.other = self
        self.waiting: memoryview | None = None
        """Bytes for this side that its socket did not take yet."""
        self.ended = False
        """It has sent its last byte."""
        self.told = False
        """It has been told that the other one has ended."""
        self.broken = False
        """It takes no more bytes: what it has still sent is passed on, and then the other side is reset."""
        self.wanted: int | None = None
        """The events that were asked for; None: it is not known to the poller."""
        self.count: Callable[[memoryview], None] | None = None
        """Gets what this side has sent, after it was passed on."""
        self.end: Callable[[], None] | None = None
        """Is called once this side has sent its last byte."""


class RelayedConnection:
    """A program's connection, and the one to TWS that belongs to it."""

    def __init__(
        self, near: socket.socket, far: socket.socket, poller: Poller, over: "Callable[[RelayedConnection], None]"
    ) -> None:
        self.near, self.far = Side(near), Side(far)
        self.near.other, self.far.other = self.far, self.near
        self._poller = poller
        self._over = over
        self._connecting = True
        self._open = True

    @property
    def connecting(self) -> bool:
        """Whether TWS has not taken the connection yet."""
        return self._connecting

    def begin(self) -> None:
        """Wait for the connection to TWS; nothing is read before it stands."""
        for side in (self.near, self.far):
            self._want(side, WRITE if side is self.far else 0)

    def settle(self) -> int:
        """The connection to TWS stands, or has failed: the system's error number, 0 for none."""
        fault = self.far.wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not fault:
            self._connecting = False
            self._want_both()
        return fault

    def watch(self, counter: Counter) -> None:
        """Let a counter read along."""
        self.near.count, self.far.count, self.far.end = counter.sent, counter.received, counter.ended

    def unwatch(self) -> None:
        """Read along no more."""
        self.near.count = self.far.count = self.far.end = None

    def ready(self, side: Side, events: int, buffer: memoryview) -> None:
        """Do what the events of a side allow, with `buffer` to read into."""
        if events & WRITE and self._open:
            self._flush(side)
        if events & READ and self._open and side.wanted and side.wanted & READ:
            self.carry(side, buffer)
        elif events & CUT and self._open:
            self._probe(side)

    def close(self, *, reset: bool = False) -> None:
        """End both connections; `reset`: as a reset, so that no end looks like a regular one."""
        if not self._open:
            return
        self._open = False
        self._over(self)
        for side in (self.near, self.far):
            self._poller.forget(side.wire)
            side.waiting = None
            if reset:
                # OSError: the other end has gone first.
                with suppress(OSError):
                    side.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            side.wire.close()

    def carry(self, side: Side, buffer: memoryview) -> None:
        """Pass on what a side has sent."""
        other = side.other
        try:
            size = side.wire.recv_into(buffer)
        except BlockingIOError:
            return
        except OSError:
            self.close(reset=True)
            return
        if not size:
            self._end(side)
            return
        passed = buffer[:size]
        try:
            taken = other.wire.send(passed)
        except BlockingIOError:
            taken = 0
        except OSError:
            self._break(other)
            return
        if taken < size:
            other.waiting = memoryview(bytes(passed[taken:]))
            self._want_both()
        if side.count is not None:
            side.count(passed)

    def _flush(self, side: Side) -> None:
        """Send what waits for a side."""
        waiting = side.waiting
        if waiting is None:
            return
        try:
            taken = side.wire.send(waiting)
        except BlockingIOError:
            return
        except OSError:
            self._break(side)
            return
        side.waiting = waiting[taken:] if taken < len(waiting) else None
        if side.waiting is None:
            if side.other.ended:
                self._tell_end(side)
            if self._open:
                self._want_both()

    def _end(self, side: Side) -> None:
        """A side has sent its last byte."""
        side.ended = True
        if side.end is not None:
            side.end()
        if side.broken:
            # It had closed altogether, which is what a reset told us: the other side gets to know it as that.
            self.close(reset=True)
            return
        if side.other.waiting is None:
            self._tell_end(side.other)
        if self._open:
            self._want_both()

    def _tell_end(self, side: Side) -> None:
        try:
            side.wire.shutdown(socket.SHUT_WR)
        except OSError:
            self.close(reset=True)
            return
        side.told = True
        if side.ended and side.other.told:
            self.close()

    def _break(self, side: Side) -> None:
        """A side takes no more bytes."""
        side.broken = True
        side.waiting = None
        if side.ended:
            self.close(reset=True)
        else:
            self._want_both()

    def _probe(self, side: Side) -> None:
        """A side that was not read has been reset, or has ended in both directions."""
        if side.wire.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.close(reset=True)
        elif not side.wanted:
            # Nothing can be done for it now, and the system would tell it again and again.
            self._poller.forget(side.wire)
            side.wanted = None

    def _want_both(self) -> None:
        for side in (self.near, self.far):
            reads = not side.ended and side.other.waiting is None and not side.other.broken
            self._want(side, (READ if reads else 0) | (WRITE if side.waiting is not None else 0))

    def _want(self, side: Side, events: int) -> None:
        if side.wanted != events and (events or side.wanted is not None or self._connecting):
            self._poller.want(side.wire, events)
            side.wanted = events
