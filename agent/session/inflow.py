"""Cuts what arrives on a session's socket into messages, and hands on a limited amount at a time.

ib_async would decode everything that has arrived in one go, even unknown messages. Here only messages with a listener
are decoded, and a session has a limited share of the loop's time. Reading pauses while more has arrived than was handed
on: the system then makes the application wait, and the other sessions have their turn.
"""

import asyncio
import struct
from collections.abc import Callable
from time import perf_counter, thread_time

LONGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes. The API's own clients refuse a longer message (MAX_MSG_LEN is 0xFFFFFF): the stream is not the API's."""
LONGEST_KEPT = 64 * 1024
"""Bytes of a message that is decoded; a longer one is skipped. A notice has some hundred bytes."""
LATEST_TIME = 32503680000
"""Epoch seconds of the year 3000; no TWS gives a later time."""
LARGEST_NUMBER = 1 << 31
"""Numbers of the API have 32 bits."""
LONGEST_ACCOUNTS = 1536 * 1024
"""Bytes of the message that names the accounts: more than a hundred thousand of them."""
SLICE = 0.004
"""Seconds of decoding without a pause."""
_SHARE = 0.15
"""Share of a processor that a session may use permanently, including the work that its messages cause."""
BURST = 0.1
"""Seconds of a processor that a session may use at once after a quiet time: some thousand notices."""
READING = 1e-9
"""Seconds of a processor that reading a byte costs, even a skipped one."""
_LOOK_AT_CLOCK = 8
"""Messages after which the clock is read again."""
WINDOW = 1.0
"""Seconds over which messages are counted."""

ACCOUNTS = b"15"


class Inflow:
    """Cuts the stream of one session into messages."""

    def __init__(
        self,
        clock: Callable[[], float],
        hand_on: Callable[[bytes], None],
        wanted: Callable[[bytes], int],
        full: Callable[[], bool],
        astray: Callable[[], None],
        counted: Callable[[float, bool], None],
    ) -> None:
        """`clock` gives monotonic seconds.

        `wanted` gives, for the bytes before a message's first NUL, the length up to which the message is decoded; 0: it
        is skipped. `full` tells whether too much of what was handed on waits elsewhere. `astray` is called for a stream
        that is not the API's. `counted` is called once a second while messages come, with their number a second and
        whether some were held back.
        """
        self._clock = clock
        self._hand_on = hand_on
        self._wanted = wanted
        self._full = full
        self._astray = astray
        self._counted = counted
        self._buffer = bytearray()
        self._skip = 0
        """Bytes of a skipped message that have not arrived yet."""
        self.half_since: float | None = None
        """Monotonic time since which the rest of a message is missing, although everything that arrived was read."""
        self._transport: asyncio.ReadTransport | None = None
        self._paused = False
        self._again: asyncio.Handle | None = None
        self._credit, self._credited = BURST, perf_counter()
        self._window, self._count, self._held = perf_counter(), 0, False
        self._closed = False

    def arrived(self, data: bytes, transport: asyncio.ReadTransport | None) -> None:
        """Take in bytes from the socket."""
        if self._closed:
            return
        self._transport = transport
        self._buffer += data
        self._credit -= len(data) * READING
        self.go_on()

    def charge(self, seconds: float) -> None:
        """Count the seconds of a processor that the messages have cost elsewhere."""
        self._credit -= seconds

    def go_on(self) -> None:
        """Hand on as much of what has arrived as is allowed now."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._closed:
            return
        began, used = perf_counter(), thread_time()
        self._credit = min(BURST, self._credit + (began - self._credited) * _SHARE)
        left = self._cut(began + SLICE) if self._credit >= 0 else True
        ended = perf_counter()
        self._credited = ended
        # The time that this thread really used: on a busy machine, much more time passes.
        self._credit = max(-BURST, self._credit - (thread_time() - used))
        if self._is_closed():
            return
        if self._credit < 0:
            self._held = True
        self._count_up(ended)
        paused = left or self._credit < 0
        self._pause(paused)
        self.half_since = self._clock() if not paused and (self._buffer or self._skip) else None
        if self._credit < 0:
            self._again = asyncio.get_running_loop().call_later(-self._credit / _SHARE, self.go_on)
        elif left and not self._full():
            self._again = asyncio.get_running_loop().call_soon(self.go_on)

    def close(self) -> None:
        """Hand on nothing more, and drop what is held."""
        self._closed = True
        self._buffer.clear()
        if self._again is not None:
            self._again.cancel()

    def _is_closed(self) -> bool:
        return self._closed

    def _cut(self, until: float) -> bool:
        """Hand on messages until this time; returns whether there are more."""
        buffer, at, messages = self._buffer, 0, 0
        more = False
        while not self._closed:
            if self._skip:
                step = min(self._skip, len(buffer) - at)
                at, self._skip = at + step, self._skip - step
                if self._skip:
                    break
            if len(buffer) - at < 4:
                break
            (length,) = struct.unpack_from(">I", buffer, at)
            if length > LONGEST_MESSAGE:
                self._lost_track()
                return False
            if self._full() or (messages % _LOOK_AT_CLOCK == _LOOK_AT_CLOCK - 1 and perf_counter() > until):
                more = True
                break
            head = bytes(buffer[at + 4 : at + 4 + min(length, 12)]).split(b"\0", 1)[0]
            end = at + 4 + length
            if len(buffer) < min(end, at + 16):
                break
            messages += 1
            longest = self._wanted(head)
            if not length or length > longest:
                at, self._skip = at + 4, length
                continue
            if len(buffer) < end:
                messages -= 1
                break
            message = bytes(buffer[at:end])
            at = end
            self._hand_on(message)
        del buffer[:at]
        self._count += messages
        return more

    def _lost_track(self) -> None:
        self._buffer.clear()
        self._astray()

    def _count_up(self, now: float) -> None:
        passed = now - self._window
        if passed < WINDOW:
            return
        rate, held = self._count / passed, self._held
        self._window, self._count, self._held = now, 0, False
        self._counted(rate, held)

    def _pause(self, paused: bool) -> None:
        if paused == self._paused or self._transport is None or self._transport.is_closing():
            return
        self._paused = paused
        if paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
