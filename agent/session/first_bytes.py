"""What the first bytes of an answer to the hello tell about the program that answers."""

import struct

LONGEST_HELLO_ANSWER = 1024
"""Bytes. The answer is a version and a time, some 30 bytes; a larger length is from another protocol."""


def hello_version(first: bytes) -> int | None:
    """The server version in the first bytes of an answer to the hello; None where there is none."""
    digits = first[4:].split(b"\0", 1)[0]
    return int(digits) if digits.isdigit() else None


def is_foreign(first: bytes) -> bool:
    """Whether the first bytes cannot be the answer to an API hello, which is short and begins with digits."""
    if len(first) < 4:
        return False
    (length,) = struct.unpack(">I", first[:4])
    if not 0 < length <= LONGEST_HELLO_ANSWER:
        return True
    return len(first) > 4 and not first[4:5].isdigit()


def printable_start(first: bytes) -> str:
    """The first bytes of a foreign answer, short and readable."""
    text = "".join(chr(b) if 32 <= b < 127 else "·" for b in first[:16])
    return f"“{text}”"
