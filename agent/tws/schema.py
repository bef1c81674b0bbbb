"""Protocol buffers by a table of fields: writes and reads the part of the encoding that the TWS API uses."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

WireValue: TypeAlias = "str | int | float | bool | Mapping[str, WireValue] | Sequence[WireValue]"
"""The value of a field of a message."""

Values: TypeAlias = Mapping[str, WireValue]
"""A message: values by field name. A field that is absent is not sent."""


class _Wire(IntEnum):
    """How the bytes of a field are laid out."""

    VARINT = 0
    FIXED64 = 1
    LENGTH = 2
    FIXED32 = 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message."""

    number: int
    name: str
    kind: str
    """`int`, `bool`, `double`, `str`, or the name of a message."""
    repeated: bool


def parse_table(text: str) -> dict[str, tuple[Field, ...]]:
    """Read a field table: per line `Message: number name kind, …`; `*` after the kind means repeated."""
    messages: dict[str, tuple[Field, ...]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition(":")
        fields = []
        for entry in filter(None, map(str.strip, rest.split(","))):
            number, field, kind = entry.split()
            fields.append(Field(int(number), field, kind.rstrip("*"), kind.endswith("*")))
        messages[name] = tuple(fields)
    return messages


_UINT64 = 1 << 64


def varint(value: int) -> bytes:
    """A number in groups of seven bits; negative ones as 64-bit two's complement."""
    value %= _UINT64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(body: bytes, at: int) -> tuple[int, int]:
    """The number at a position, and the position after it."""
    value = shift = 0
    while True:
        if at >= len(body) or shift > 63:
            raise ValueError("the message ends inside a number")
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def raw_field(number: int, value: int | str | bytes) -> bytes:
    """One field without a table: a number as a varint, any other value with its length."""
    key = number << 3
    if isinstance(value, int):
        return varint(key | _Wire.VARINT) + varint(value)
    payload = value.encode() if isinstance(value, str) else value
    return varint(key | _Wire.LENGTH) + varint(len(payload)) + payload


def _encode_one(field: Field, value: WireValue, table: Mapping[str, Sequence[Field]]) -> bytes:
    """One occurrence of a field, with its key."""
    match field.kind:
        case "int" | "bool":
            return raw_field(field.number, int(value))  # type: ignore[arg-type]
        case "double":
            return varint(field.number << 3 | _Wire.FIXED64) + struct.pack("<d", float(value))  # type: ignore[arg-type]
        case "str":
            return raw_field(field.number, str(value))
        case message:
            if not isinstance(value, Mapping):
                raise TypeError(f"{field.name} must be a message")
            return raw_field(field.number, encode(message, value, table))


def encode(message: str, values: Values, table: Mapping[str, Sequence[Field]]) -> bytes:
    """The bytes of a message."""
    out = bytearray()
    for field in table[message]:
        if field.name not in values:
            continue
        value = values[field.name]
        if field.repeated:
            if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
                raise TypeError(f"{field.name} must be a list")
            for item in value:
                out += _encode_one(field, item, table)
        else:
            out += _encode_one(field, value, table)
    return bytes(out)


def _decode_one(field: Field, wire: int, raw: int | bytes, table: Mapping[str, Sequence[Field]]) -> WireValue:
    """One occurrence of a field as its value. ValueError when the bytes do not fit its kind."""
    match field.kind:
        case "int" | "bool":
            if not isinstance(raw, int):
                raise ValueError(f"{field.name} is not a number")
            if field.kind == "bool":
                return bool(raw)
            return raw - _UINT64 if raw >> 63 else raw
        case "double":
            if wire != _Wire.FIXED64 or not isinstance(raw, bytes):
                raise ValueError(f"{field.name} is not a floating-point number")
            return float(struct.unpack("<d", raw)[0])
    if wire != _Wire.LENGTH or not isinstance(raw, bytes):
        raise ValueError(f"{field.name} has no length")
    return raw.decode() if field.kind == "str" else decode(field.kind, raw, table)


def decode(message: str, body: bytes, table: Mapping[str, Sequence[Field]]) -> Values:
    """The values of a message; unknown fields are skipped. ValueError when the bytes are no message."""
    known = {field.number: field for field in table[message]}
    values: dict[str, WireValue] = {}
    at = 0
    while at < len(body):
        key, at = _read_varint(body, at)
        number, wire = key >> 3, key & 7
        raw: int | bytes
        match wire:
            case _Wire.VARINT:
                raw, at = _read_varint(body, at)
                size = 0
            case _Wire.FIXED64:
                size = 8
            case _Wire.FIXED32:
                size = 4
            case _Wire.LENGTH:
                size, at = _read_varint(body, at)
            case _:
                raise ValueError(f"wire type {wire} is not in use")
        if wire != _Wire.VARINT:
            if at + size > len(body):
                raise ValueError("the message ends inside a field")
            raw = body[at : at + size]
            at += size
        field = known.get(number)
        if field is None:
            continue
        value = _decode_one(field, wire, raw, table)
        if field.repeated:
            earlier = values.get(field.name, ())
            values[field.name] = (*earlier, value) if isinstance(earlier, tuple) else (value,)
        else:
            values[field.name] = value
    return values
