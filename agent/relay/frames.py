"""Reads frames out of a stream that may be cut anywhere; of each only as much as is wanted, and most not at all."""

import struct
from collections.abc import Callable

from agent.tws.codec import LARGEST_FRAME, PROTOBUF_OFFSET, Era

MOST_WANTED = 4096
"""Bytes of a frame that are read at most; the rest of a longer one is passed over."""
_START = struct.Struct(">I4s")
_LENGTH = struct.Struct(">I")
_MOST_HEADS = 4096
"""Beginnings of frames whose meaning is remembered."""


class FrameReader:
    """One direction of one connection.

    `wanted` has, by message ID, how many bytes behind the length are wanted; `take` gets those, at most `MOST_WANTED`.
    Until `speak` is called everything is wanted: then the hello is read, which has no ID.
    Holds no more than `MOST_WANTED` bytes and the start of a frame.
    """

    def __init__(self, wanted: dict[int, int], take: Callable[[bytes], None]) -> None:
        self._wanted = wanted
        self._take = take
        self._era: Era | None = None
        self._needs: dict[bytes, int] = {}
        self._held = b""
        self._passing = 0
        """Bytes of a frame, already counted, that are still to come."""
        self.frames = 0
        """Frames seen so far."""

    def speak(self, era: Era) -> None:
        """From the next frame on, read the IDs of this era."""
        self._era = era
        self._needs.clear()

    def want(self, wanted: dict[int, int]) -> None:
        """From the next frame on, other ones are wanted."""
        self._wanted = wanted
        self._needs.clear()

    def feed(self, passed: memoryview | bytes) -> None:
        """Read on. Raises ValueError for a length that no frame has, and what `take` raises."""
        needs, unpack = self._needs, _START.unpack_from
        if not (self._held or self._passing) and len(passed) >= 8:
            # The usual case by far: one whole frame, of which nothing is wanted.
            length, head = unpack(passed)
            if length == len(passed) - 4 and needs.get(head) == 0:
                self.frames += 1
                return
        data: memoryview | bytes = passed
        if self._held:
            data = self._held + bytes(passed)
            self._held = b""
        at, end = self._passing, len(data)
        if at >= end:
            self._passing = at - end
            return
        self._passing = 0
        while end - at >= 4:
            if end - at >= 8:
                length, head = unpack(data, at)
            else:
                (length,), head = _LENGTH.unpack_from(data, at), bytes(data[at + 4 :])
                if len(head) < length:
                    break
            if length > LARGEST_FRAME:
                raise ValueError(f"a frame of {length} bytes")
            if length < 4:
                head = head[:length]
            need = needs.get(head)
            if need is None:
                need = self._need(head)
            after = at + 4 + length
            if need:
                need = min(need, length)
                if end - at - 4 < need:
                    break
                self._take(bytes(data[at + 4 : at + 4 + need]))
            self.frames += 1
            at = after
        if at > end:
            self._passing = at - end
        elif at < end:
            self._held = bytes(data[at:])

    def _need(self, head: bytes) -> int:
        """Bytes that are wanted of a frame that begins so."""
        if self._era is None:
            return MOST_WANTED
        if self._era is Era.TEXT:
            number = head.partition(b"\0")[0]
            need = self._wanted.get(int(number), 0) if number.isdigit() else 0
        else:
            found = int.from_bytes(head, "big")
            need = self._wanted.get(found - PROTOBUF_OFFSET if found > PROTOBUF_OFFSET else found, 0)
        if len(self._needs) < _MOST_HEADS:
            self._needs[head] = need
        return need
