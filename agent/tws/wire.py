"""The TWS API on the wire, without I/O: our requests to bytes, bytes to messages, in all three eras of the protocol.

Every message is a frame: a 4-byte big-endian length, then the body. The form of the body depends on the server version
that the hello settled:

* up to 200, *text*: the message ID and all fields as text, each ended by NUL;
* 201 to 212, *raw ID*: the message ID as 4 bytes, then text fields; some messages already protobuf;
* from 213, *protobuf*: the message ID plus 200 as 4 bytes, then a protobuf message; startApi too.

ValueError
└── WireError         bytes that cannot be a message of the TWS API
    └── NotApiBytes   the other side does not speak the TWS API at all
"""

import re
import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeAlias, assert_never

from agent.tws.outside import FromOutside, OutsideText
from agent.tws.protobuf import WireError, decoded_text, field, fields, number_of

OLDEST_VERSION = 100
"""The first server version with frames, which IBKR's own client offers as its minimum."""
NEWEST_VERSION = 226
"""The newest server version, which IBKR's client 10.51 offers as its maximum."""
LONGEST_FRAME = 0xFFFFFF
"""Bytes. IBKR's client takes no longer message; a larger prefix is text of another protocol ("HTTP" is 1.2 GiB)."""

_RAW_ID_SINCE = 201
_PROTOBUF_SINCE = 213
_NO_VERSION_FIELD_SINCE = 194
"""Server version at which the text form of an error message lost its version field."""
_PROTOBUF_OFFSET = 200
"""Added to the message ID of a protobuf message."""
_OLD_NO_REQUEST = 2147483647
"""What older builds send as the request ID of a notice that belongs to no request; now -1."""
_NO_REQUEST = -1


class NotApiBytes(WireError):
    """What answered does not speak the TWS API."""


class _Era(StrEnum):
    """The form of messages at one server version."""

    TEXT = "text"
    RAW_ID = "raw-id"
    PROTOBUF = "protobuf"


class Request(IntEnum):
    """IDs of the messages that Gatelight sends (IBKR's numbers)."""

    START_API = 71
    CONFIG = 108
    UPDATE_CONFIG = 109


class Reply(IntEnum):
    """IDs of the messages that Gatelight reads (IBKR's numbers)."""

    ERROR = 4
    NEXT_VALID_ID = 9
    CONFIG = 110
    UPDATE_CONFIG = 111


@dataclass(frozen=True, slots=True)
class ErrorMessage(FromOutside):
    """One notice as it came over the wire, good news or bad."""

    request_id: int
    """-1: it belongs to no request."""
    code: int
    text: OutsideText


@dataclass(frozen=True, slots=True)
class NextValidId:
    """The next order ID: the documented sign that the session is ready."""

    order_id: int


@dataclass(frozen=True, slots=True)
class Other:
    """A message of another kind, unread."""

    message_id: int
    body: bytes
    """Text fields or protobuf, without the message ID."""
    protobuf: bool


Message: TypeAlias = ErrorMessage | NextValidId | Other


def era(server_version: int) -> _Era:
    """The form of messages at a server version."""
    if server_version >= _PROTOBUF_SINCE:
        return _Era.PROTOBUF
    return _Era.RAW_ID if server_version >= _RAW_ID_SINCE else _Era.TEXT


# ── frames ──────────────────────────────────────────────────────────────────────────────────────


def framed(body: bytes) -> bytes:
    """A body with its length in front."""
    if len(body) > LONGEST_FRAME:
        raise ValueError(f"a message of {len(body)} bytes is too long for the TWS API")
    return struct.pack("!I", len(body)) + body


class Frames:
    """Takes bytes as they arrive and gives back whole frames. Holds at most one unfinished frame."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def unfinished(self) -> int:
        """Bytes held of a frame that is not complete yet."""
        return len(self._held)

    def feed(self, received: bytes) -> tuple[bytes, ...]:
        """The frames that are complete now; raises NotApiBytes for a length that no frame of the TWS API has."""
        self._held += received
        complete = []
        at = 0
        while len(self._held) - at >= 4:
            (length,) = struct.unpack_from("!I", self._held, at)
            if length > LONGEST_FRAME:
                raise NotApiBytes(f"the answer begins with {bytes(self._held[at : at + 4])!r}, not with a length")
            if len(self._held) - at - 4 < length:
                break
            complete.append(bytes(self._held[at + 4 : at + 4 + length]))
            at += 4 + length
        del self._held[:at]
        return tuple(complete)


# ── hello ───────────────────────────────────────────────────────────────────────────────────────


def hello() -> bytes:
    """The first bytes of a client: the range of server versions it can speak."""
    return b"API\0" + framed(f"v{OLDEST_VERSION}..{NEWEST_VERSION}".encode())


_HELLO_ANSWER = re.compile(rb"([0-9]{1,9})\0([^\0]*)\0?")


def parse_hello_answer(body: bytes) -> int:
    """The server version in the first frame of the application: the highest that both sides know.

    Raises NotApiBytes when the frame is anything other than version and time.
    """
    found = _HELLO_ANSWER.fullmatch(body)
    if not found:
        raise NotApiBytes("the answer to the hello is not a server version and a time")
    return int(found[1])


# ── what a client sends ─────────────────────────────────────────────────────────────────────────


def request_frame(
    server_version: int, message_id: int, text: tuple[str | int, ...] = (), protobuf: bytes = b""
) -> bytes:
    """A request as a frame: with the `protobuf` body in the protobuf era, with the `text` fields before it."""
    joined = "".join(f"{part}\0" for part in text).encode()
    match era(server_version):
        case _Era.PROTOBUF:
            return framed(struct.pack("!I", message_id + _PROTOBUF_OFFSET) + protobuf)
        case _Era.RAW_ID:
            return framed(struct.pack("!I", message_id) + joined)
        case _Era.TEXT:
            return framed(b"%d\0" % message_id + joined)
        case unknown:
            assert_never(unknown)


def start_api(server_version: int, client_id: int) -> bytes:
    """startApi, which takes a client ID and begins the session; without optional capabilities."""
    return request_frame(server_version, Request.START_API, (2, client_id, ""), field(1, client_id))


# ── what the application sends ──────────────────────────────────────────────────────────────────


def _split(server_version: int, body: bytes) -> tuple[int, bytes, bool]:
    """Message ID, the rest, and whether the rest is protobuf. Raises WireError."""
    if era(server_version) is _Era.TEXT:
        head, separator, rest = body.partition(b"\0")
        if not separator:
            raise WireError("a message without a message ID")
        return _number(head), rest, False
    if len(body) < 4:
        raise WireError("a message without a message ID")
    (message_id,) = struct.unpack_from("!I", body)
    if message_id > _PROTOBUF_OFFSET:
        return message_id - _PROTOBUF_OFFSET, body[4:], True
    return message_id, body[4:], False


def text_fields(rest: bytes) -> tuple[bytes, ...]:
    """The NUL-ended fields of a text message."""
    parts = rest.split(b"\0")
    if parts[-1]:
        raise WireError("a text message that does not end with NUL")
    return tuple(parts[:-1])


def parse_message(server_version: int, body: bytes) -> Message:
    """Read one frame that came after the hello. Raises only WireError, on bytes that make no sense."""
    message_id, rest, protobuf = _split(server_version, body)
    match message_id:
        case Reply.ERROR:
            return _error_protobuf(rest) if protobuf else _error_text(server_version, text_fields(rest))
        case Reply.NEXT_VALID_ID:
            return NextValidId(_required(fields(rest), 1) if protobuf else _number(_second(rest)))
        case _:
            return Other(message_id, rest, protobuf)


def _error_text(server_version: int, parts: tuple[bytes, ...]) -> ErrorMessage:
    if server_version < _NO_VERSION_FIELD_SINCE:
        parts = parts[1:]
    if len(parts) < 3:
        raise WireError("an error message with fields missing")
    text = unescaped(parts[2].decode("utf-8", "backslashreplace"))
    return ErrorMessage(_request_id(_number(parts[0])), _number(parts[1]), text)


def _error_protobuf(rest: bytes) -> ErrorMessage:
    found = fields(rest)
    request_id = number_of(found, 1)
    return ErrorMessage(
        request_id=_request_id(_NO_REQUEST if request_id is None else request_id),
        code=number_of(found, 3) or 0,
        text=decoded_text(found, 4) or "",
    )


def _request_id(number: int) -> int:
    return _NO_REQUEST if number == _OLD_NO_REQUEST else number


def _second(rest: bytes) -> bytes:
    parts = text_fields(rest)
    if len(parts) < 2:
        raise WireError("a message with fields missing")
    return parts[1]


def _required(found: dict[int, list[int | bytes]], number: int) -> int:
    value = number_of(found, number)
    if value is None:
        raise WireError(f"a message without its field {number}")
    return value


_NUMBER = re.compile(rb"-?[0-9]{1,19}")


def _number(part: bytes) -> int:
    if not _NUMBER.fullmatch(part):
        raise WireError(f"not a number: {part[:40]!r}")
    return int(part)


_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")


def unescaped(text: str) -> str:
    """A text with its `\\uXXXX` escapes read: from server version 153 on, TWS may send translated texts in ASCII."""

    def read(found: re.Match[str]) -> str:
        units = bytes.fromhex(found[0].replace("\\u", ""))
        return units.decode("utf-16-be", errors="replace")

    return _ESCAPES.sub(read, text)
