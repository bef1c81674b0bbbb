"""The bytes that a fault sends instead of a message, to spoil the stream."""

import random

from agent.tws.codec import frame

GARBAGE_SEED = 20260101
"""Makes the garbage the same on every run."""

SPOILING = ("half-frame", "garbage", "huge-prefix")
"""The faults after which a stream cannot be read any more."""


def spoilt(fault: str, message: bytes) -> bytes:
    """The bytes to send instead of a message under a fault that spoils the stream."""
    match fault:
        case "half-frame":
            return message[: max(5, len(message) // 2)]
        case "huge-prefix":
            return b"\xff\xff\xff\xff" + message[4:]
        case _:
            noise = random.Random(GARBAGE_SEED)
            return frame(noise.randbytes(64)) + noise.randbytes(192)
