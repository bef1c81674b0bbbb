"""Linux: how long a TCP connection has stood at least, by what the kernel counts for it.

The kernel keeps no time of birth. It does tell when data went either way for the last time, and how long the connection
was busy with sending: each of them is a time within the connection's life.
Layouts: struct tcp_info in linux/tcp.h, inet_diag_msg in linux/inet_diag.h.
"""

import struct
from collections.abc import Iterator

_INFO = 2
"""INET_DIAG_INFO: the attribute that holds a tcp_info."""
ASK_FOR_INFO = 1 << (_INFO - 1)
"""The bit of inet_diag_req's idiag_ext that asks for it."""
MESSAGE = 72
"""Bytes of an inet_diag_msg; attributes follow."""
_ATTRIBUTE = struct.Struct("=HH")
_LAST_SENT, _LAST_RECEIVED = 44, 52
"""Where tcp_info has the milliseconds since data was sent, and came."""
_SEGMENTS_IN, _SEGMENTS_OUT = 152, 156
"""Where it has the numbers of segments with data."""
_BUSY = 168
"""Where it has the microseconds for which sent data waited for its acknowledgement."""
_WHOLE = _BUSY + 8


def stood_at_least(info: bytes) -> float:
    """Seconds for which a connection has stood at least, by its tcp_info; 0 where that tells nothing."""
    if len(info) < _WHOLE:
        # An old kernel.
        return 0.0
    (came,) = struct.unpack_from("=I", info, _SEGMENTS_IN)
    (went,) = struct.unpack_from("=I", info, _SEGMENTS_OUT)
    (busy,) = struct.unpack_from("=Q", info, _BUSY)
    times = [busy / 1e6]
    # Without any data, these two count from a time that is not the connection's.
    if went:
        times.append(struct.unpack_from("=I", info, _LAST_SENT)[0] / 1000)
    if came:
        times.append(struct.unpack_from("=I", info, _LAST_RECEIVED)[0] / 1000)
    return float(max(times))


def info_in(message: bytes, at: int, end: int) -> bytes:
    """The tcp_info among the attributes of an inet_diag_msg that begins at `at`; empty where there is none."""
    return next((value for kind, value in _attributes(message, at + MESSAGE, end) if kind == _INFO), b"")


def _attributes(message: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    while at + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(message, at)
        if length < _ATTRIBUTE.size:
            return
        yield kind, message[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3
