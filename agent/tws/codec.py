"""Framing and field encoding of the TWS API in its three eras.

=================  ======================================================================
server version     a message, behind its 4-byte big-endian length
=================  ======================================================================
157 to 200         text fields, each ended by NUL; the first is the message ID
201 to 212         the message ID as 4 bytes, then text fields; a client may send protobuf
213 and up         the message ID plus 200 as 4 bytes, then a protocol buffer
=================  ======================================================================
"""

import codecs
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from agent.tws.schema import Values, WireValue

RAW_ID_VERSION = 201
"""From this server version on, message IDs are four bytes instead of text."""

RAW_ID_SIZE = 4
"""Bytes of such an ID, big-endian."""

PROTOBUF_VERSION = 213
"""From this server version on, every message is a protocol buffer."""

PROTOBUF_OFFSET = 200
"""Added to the ID of a message whose body is a protocol buffer."""

LARGEST_FRAME = 0xFFFFFF
"""Bytes; IBKR's client calls anything longer a bad length."""

HELLO_PREFIX = b"API\0"
"""The first bytes of every client since server version 100."""


class Era(IntEnum):
    """The three encodings that the API has used for its messages."""

    TEXT = 1
    RAW_ID = 2
    PROTOBUF = 3


def era_of(version: int) -> Era:
    """The era of a server version."""
    if version >= PROTOBUF_VERSION:
        return Era.PROTOBUF
    return Era.RAW_ID if version >= RAW_ID_VERSION else Era.TEXT


def frame(payload: bytes) -> bytes:
    """A payload behind its length."""
    return struct.pack(">I", len(payload)) + payload


def fields_bytes(fields: Sequence[str]) -> bytes:
    """Text fields, each ended by NUL. Characters beyond ASCII are escaped as `\\uXXXX`, as TWS does."""
    return "".join(f"{field}\0" for field in fields).encode("ascii", "_tws_escape")


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Write characters beyond ASCII as UTF-16 escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)), error.end


def split_frames(buffer: bytearray) -> Iterator[bytes]:
    """Take the complete frames out of a buffer. ValueError at a length that no message has."""
    while len(buffer) >= 4:
        size = int.from_bytes(buffer[:4], "big")
        if size > LARGEST_FRAME:
            raise ValueError(f"a frame of {size} bytes")
        if len(buffer) < 4 + size:
            return
        payload = bytes(buffer[4 : 4 + size])
        del buffer[: 4 + size]
        yield payload


@dataclass(frozen=True, slots=True)
class Hello:
    """The versions and options that a client offers."""

    lowest: int
    highest: int
    options: str = ""


def parse_hello(payload: bytes) -> Hello:
    """Read `v100..226`, with options behind a space. ValueError on anything else."""
    text = payload.decode("ascii", "replace")
    versions, _, options = text.partition(" ")
    lowest, dots, highest = versions.removeprefix("v").partition("..")
    if not versions.startswith("v") or not lowest.isdigit() or not (highest or lowest).isdigit():
        raise ValueError(f"{text!r} offers no versions")
    return Hello(int(lowest), int(highest) if dots else int(lowest), options)


@dataclass(frozen=True, slots=True)
class _Token:
    """One step of a layout."""

    kind: str
    """`field`, `literal`, `blank` or `list`."""
    text: str = ""
    least: int = 0
    """The token applies from this server version on."""
    below: int = 1 << 30
    """The token applies below this server version."""
    inner: tuple["_Token", ...] = ()


@dataclass(frozen=True, slots=True)
class MessageLayout:
    """The order of a message's text fields.

    A layout is written as words. `name` or `outer.name` is a value, `=5` is the text 5, and `_` is an empty or ignored
    field. `name[ … ]` is a list: its length, then the layout of each item (`.` is a plain item). `194+:` before a word
    applies the word from that server version on, and `194-:` only below.
    """

    tokens: tuple[_Token, ...]

    @classmethod
    def of(cls, text: str) -> "MessageLayout":
        """Read the written form of a layout."""
        words = iter(text.split())
        return cls(_parse(words))

    def write(self, values: Values, version: int) -> list[str]:
        """The text fields of a message."""
        return _write(self.tokens, values, version)

    def read(self, fields: Sequence[str], version: int) -> Values:
        """The values in a client's text fields. Fields that are missing at the end have no value."""
        values: dict[str, WireValue] = {}
        used = (token for token in self.tokens if token.least <= version < token.below)
        for token, field in zip(used, fields, strict=False):
            if token.kind == "field":
                outer, _, name = token.text.rpartition(".")
                if outer:
                    nested = values.setdefault(outer, {})
                    if isinstance(nested, dict):
                        nested[name] = field
                else:
                    values[name] = field
        return values


def _parse(words: Iterator[str]) -> tuple[_Token, ...]:
    """The tokens of the words up to a closing bracket or the end."""
    tokens: list[_Token] = []
    for word in words:
        if word == "]":
            break
        *conditions, item = word.split(":")
        least, below = 0, 1 << 30
        for condition in conditions:
            if condition.endswith("+"):
                least = int(condition[:-1])
            else:
                below = int(condition[:-1])
        if item == "_":
            tokens.append(_Token("blank", "", least, below))
        elif item.startswith("="):
            tokens.append(_Token("literal", item[1:], least, below))
        elif item.endswith("["):
            tokens.append(_Token("list", item[:-1], least, below, _parse(words)))
        else:
            tokens.append(_Token("field", item, least, below))
    return tuple(tokens)


def _text_of(value: WireValue) -> str:
    """A value in the API's text form."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _lookup(path: str, values: Values) -> WireValue:
    """The value under a dotted path; empty when absent."""
    value: WireValue = values
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return ""
        value = value[part]
    return value


def _write(tokens: Sequence[_Token], values: Values, version: int) -> list[str]:
    """The text fields of the tokens that apply at a server version."""
    out: list[str] = []
    for token in tokens:
        if not token.least <= version < token.below:
            continue
        match token.kind:
            case "blank":
                out.append("")
            case "literal":
                out.append(token.text)
            case "field":
                out.append(_text_of(_lookup(token.text, values)))
            case _:
                items = _lookup(token.text, values) or ()
                if isinstance(items, str) or not isinstance(items, Sequence):
                    raise TypeError(f"{token.text} must be a list")
                out.append(str(len(items)))
                for item in items:
                    out += _write(token.inner, item, version) if isinstance(item, Mapping) else [_text_of(item)]
    return out


codecs.register_error("_tws_escape", _escape)
