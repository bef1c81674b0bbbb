"""The few rules of the protobuf encoding that the TWS API uses, as pure functions with hard bounds.

Written from the public description of the encoding: varints and length-delimited fields are enough for every message
Gatelight sends or reads. Reading any bytes ends and raises nothing but `WireError`.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias


class WireError(ValueError):
    """Bytes that cannot be a message of the TWS API."""


class Fixed(bytes):
    """The raw bytes of a field of four or eight bytes; no message that is read here has a value in one."""


Value: TypeAlias = int | bytes
"""A varint as an unsigned 64-bit number, or the raw bytes of any other kind of field."""

Fields: TypeAlias = Mapping[int, Sequence[Value]]
"""Field number → its values in the order they came."""

_LONGEST_VARINT = 10
"""Bytes; 64 bits in groups of 7."""
_MOST_FIELDS = 65_536
"""Fields per message. The largest message that is read (the settings) has about a hundred."""
_VARINT, _DELIMITED = 0, 2
_FIXED_SIZES = {1: 8, 5: 4}
"""Bytes, by wire type."""
_LARGEST_NUMBER = 2**29 - 1
"""Largest field number the encoding allows."""


def encoded_varint(number: int) -> bytes:
    """A number as a varint; a negative one as its 64-bit two's complement, ten bytes long."""
    if not -(2**63) <= number < 2**64:
        raise ValueError(f"not a 64-bit number: {number}")
    rest = number & (2**64 - 1)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def field(number: int, value: int | str | bytes) -> bytes:
    """One field: numbers and truth values as varints, text and nested messages length-delimited."""
    if not 1 <= number <= _LARGEST_NUMBER:
        raise ValueError(f"not a field number: {number}")
    if isinstance(value, int):
        return encoded_varint(number << 3 | _VARINT) + encoded_varint(int(value))
    raw = value.encode() if isinstance(value, str) else value
    return encoded_varint(number << 3 | _DELIMITED) + encoded_varint(len(raw)) + raw


def fields(body: bytes, most: int = _MOST_FIELDS) -> dict[int, list[Value]]:
    """Every field of one message, by number; WireError when there are more than `most`.

    Nested messages stay bytes until the caller reads them.
    """
    found: dict[int, list[Value]] = {}
    at = count = 0
    while at < len(body):
        count += 1
        if count > most:
            raise WireError(f"more than {most} fields in one message")
        key, at = _read_varint(body, at)
        number, wire_type = key >> 3, key & 7
        if not 1 <= number <= _LARGEST_NUMBER:
            raise WireError(f"field number {number} does not exist")
        value: Value
        if wire_type == _VARINT:
            value, at = _read_varint(body, at)
        elif wire_type == _DELIMITED:
            length, at = _read_varint(body, at)
            value, at = _read_bytes(body, at, length)
        elif wire_type in _FIXED_SIZES:
            raw, at = _read_bytes(body, at, _FIXED_SIZES[wire_type])
            value = Fixed(raw)
        else:
            raise WireError(f"wire type {wire_type} is not used by the TWS API")
        found.setdefault(number, []).append(value)
    return found


def as_signed(value: int) -> int:
    """An unsigned 64-bit varint read as a signed number."""
    return value - 2**64 if value >= 2**63 else value


def number_of(found: Fields, number: int) -> int | None:
    """The last signed number in a field; None when it was not sent, WireError when it is no number."""
    values = found.get(number)
    if not values:
        return None
    value = values[-1]
    if not isinstance(value, int):
        raise WireError(f"field {number} should be a number")
    return as_signed(value)


def decoded_text(found: Fields, number: int) -> str | None:
    """The last text in a field; None when it was not sent, WireError when it is no text."""
    values = found.get(number)
    if not values:
        return None
    value = values[-1]
    if not isinstance(value, bytes) or isinstance(value, Fixed):
        raise WireError(f"field {number} should be text")
    return value.decode("utf-8", "backslashreplace")


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    number = 0
    for position in range(_LONGEST_VARINT):
        if at + position >= len(body):
            raise WireError("the message ends in the middle of a number")
        byte = body[at + position]
        number |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            if number >= 2**64:
                raise WireError("a number does not fit into 64 bits")
            return number, at + position + 1
    raise WireError("a number is longer than ten bytes")


def _read_bytes(body: bytes, at: int, length: int) -> tuple[bytes, int]:
    if length > len(body) - at:
        raise WireError("a field is longer than its message")
    return body[at : at + length], at + length
