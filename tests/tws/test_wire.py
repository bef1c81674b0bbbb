"""The wire codec, held against IBKR's own client classes in all three eras of the protocol."""

import contextlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi import comm
from ibapi.client import EClient
from ibapi.protobuf.ErrorMessage_pb2 import ErrorMessage as ErrorMessageProto
from ibapi.protobuf.NextValidId_pb2 import NextValidId as NextValidIdProto
from ibapi.wrapper import EWrapper

from agent.tws import protobuf, wire

VERSIONS = (157, 165, 166, 178, 193, 194, 200, 201, 203, 212, 213, 223, 226)
TIME = 1_795_000_000_123


class Wire:
    """Stands where IBKR's client keeps its socket, and keeps what it would have sent."""

    def __init__(self) -> None:
        self.sent = b""

    def sendMsg(self, message: bytes) -> None:
        self.sent += message

    def isConnected(self) -> bool:
        return True


def ibkr_client(version: int, client_id: int) -> tuple[EClient, Wire]:
    client = EClient(EWrapper())
    sent = Wire()
    client.conn = sent
    client.serverVersion_ = version
    client.clientId = client_id
    client.setConnState(EClient.CONNECTED)
    return client, sent


def from_ibkr(version: int, message_id: int, text: tuple[object, ...], proto: Any) -> bytes:
    """A body of the application, made with IBKR's own functions."""
    if version >= 213:
        framed = comm.make_msg_proto(message_id + 200, proto.SerializeToString())
    else:
        framed = comm.make_msg(message_id, version >= 201, "".join(comm.make_field(part) for part in text))
    (body,) = wire.Frames().feed(framed)
    return body


def escaped(text: str) -> str:
    """A text as TWS writes it before the protobuf era: what is not ASCII as \\uXXXX."""
    units = (c if c.isascii() else c.encode("utf-16-be").hex("u", 2) for c in text)
    return "".join(u if len(u) == 1 else "\\u" + u.replace("u", "\\u") for u in units)


def error_from_ibkr(version: int, request_id: int, code: int, text: str, time: int) -> bytes:
    fields: tuple[object, ...] = (request_id, code, escaped(text))
    fields += ("",) if version >= 166 else ()
    fields = (*fields, time) if version >= 194 else (2, *fields)
    proto = ErrorMessageProto(id=request_id, errorTime=time, errorCode=code, errorMsg=text)
    return from_ibkr(version, 4, fields, proto)


# ── what we send ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("client_id", [1, 7341, 2**31 - 2])
def test_start_api_is_byte_for_byte_what_ibkrs_client_sends(version: int, client_id: int) -> None:
    client, sent = ibkr_client(version, client_id)
    client.startApi()

    assert wire.start_api(version, client_id) == sent.sent


def test_the_hello_is_the_one_of_ibkrs_client() -> None:
    assert wire.hello() == b"API\0" + comm.make_initial_msg("v100..226")


# ── what we read ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", VERSIONS)
def test_an_error_message_made_by_ibkrs_code_is_read_in_every_era(version: int) -> None:
    text = "Connectivity between IBKR and Trader Workstation has been lost."
    read = wire.parse_message(version, error_from_ibkr(version, -1, 1100, text, TIME))

    assert read == wire.ErrorMessage(-1, 1100, text)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_id_made_by_ibkrs_code_is_read(version: int) -> None:
    next_id = from_ibkr(version, 9, (1, 42), NextValidIdProto(orderId=42))

    assert wire.parse_message(version, next_id) == wire.NextValidId(42)


_texts = st.text(st.characters(exclude_characters="\0\\", exclude_categories=["Cs", "Cc"]), max_size=80)


@given(
    version=st.sampled_from(VERSIONS),
    request_id=st.integers(-1, 2**31 - 2),
    code=st.integers(0, 99_999),
    text=_texts,
    time=st.none() | st.integers(1, 2**53),
)
def test_any_text_is_read_as_ibkrs_code_writes_it(
    version: int, request_id: int, code: int, text: str, time: int | None
) -> None:
    read = wire.parse_message(version, error_from_ibkr(version, request_id, code, text, time or 0))

    assert read == wire.ErrorMessage(request_id, code, text)


def test_an_old_builds_request_id_for_nothing_becomes_minus_one() -> None:
    read = wire.parse_message(178, b"4\x002\x002147483647\x00321\x00Error validating request\x00\x00")

    assert read == wire.ErrorMessage(-1, 321, "Error validating request")


def test_a_translated_text_comes_out_of_its_escapes() -> None:
    read = wire.parse_message(
        178, rb"4" b"\x002\x00-1\x0010182\x00" rb"\u8bf7\u6c42 \ud83d\ude00 \ud800 C:\new" b"\x00\x00"
    )

    assert isinstance(read, wire.ErrorMessage)
    assert read.text == "请求 😀 \ufffd C:\\new"


def test_a_message_of_another_kind_is_handed_on_unread() -> None:
    assert wire.parse_message(178, b"61\x003\x00DU1\x00") == wire.Other(61, b"3\x00DU1\x00", False)
    assert wire.parse_message(223, struct.pack("!I", 310) + b"\x08\x01") == wire.Other(110, b"\x08\x01", True)


def test_a_raw_id_server_may_answer_in_protobuf() -> None:
    body = ErrorMessageProto(id=7, errorCode=10089, errorMsg="x").SerializeToString()

    assert wire.parse_message(206, struct.pack("!I", 204) + body) == wire.ErrorMessage(7, 10089, "x")


# ── frames and the hello's answer ───────────────────────────────────────────────────────────────


@given(bodies=st.lists(st.binary(max_size=50), max_size=6), cuts=st.lists(st.integers(1, 7), min_size=1))
def test_frames_come_out_whole_however_the_bytes_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream, frames, turn = b"".join(map(wire.framed, bodies)), wire.Frames(), 0
    out: list[bytes] = []
    while stream:
        size = cuts[turn % len(cuts)]
        out += frames.feed(stream[:size])
        stream, turn = stream[size:], turn + 1

    assert out == bodies
    assert frames.unfinished == 0


def test_half_a_frame_is_kept() -> None:
    frames = wire.Frames()

    assert frames.feed(b"\0\0\0\x05ab") == ()
    assert frames.unfinished == 6
    assert frames.feed(b"cde\0") == (b"abcde",)
    assert frames.unfinished == 1


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request", b"\x15\x03\x01\x00\x02\x02", b"SSH-2.0-OpenSSH_9.2", b"\xff\xff\xff\xff"]
)
def test_another_protocol_is_refused_by_its_first_four_bytes(answer: bytes) -> None:
    with pytest.raises(wire.NotApiBytes):
        wire.Frames().feed(answer)


def test_the_longest_frame_is_still_waited_for() -> None:
    assert wire.Frames().feed(struct.pack("!I", 0xFFFFFF)) == ()
    with pytest.raises(wire.NotApiBytes):
        wire.Frames().feed(struct.pack("!I", 0x1000000))


def test_the_answer_to_the_hello_is_read() -> None:
    read = wire.parse_hello_answer(b"178\x0020261122 10:00:00 EST\x00")

    assert read == 178


def test_a_time_zone_in_another_script_does_not_disturb_the_hello() -> None:
    read = wire.parse_hello_answer("187\x0020240101 09:00:00 中国标准时间\x00".encode())

    assert read == 187


@pytest.mark.parametrize(
    "answer", [b"", b"178", b"hello\x00world\x00", b"178\x00a\x00b\x00", b"-1\x00x\x00", b"1" * 5000 + b"\x00t\x00"]
)
def test_any_other_answer_is_not_the_api(answer: bytes) -> None:
    with pytest.raises(wire.NotApiBytes):
        wire.parse_hello_answer(answer)


# ── hostile bytes ───────────────────────────────────────────────────────────────────────────────


@given(version=st.sampled_from(VERSIONS), body=st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_wire_error(version: int, body: bytes) -> None:
    for read in (lambda: wire.parse_message(version, body), lambda: wire.parse_hello_answer(body)):
        with contextlib.suppress(protobuf.WireError):
            read()


@given(
    version=st.sampled_from(VERSIONS),
    message_id=st.sampled_from([4, 9, 15, 49, 204, 209, 215, 249]),
    parts=st.lists(st.binary(max_size=20), max_size=8),
)
def test_damaged_messages_we_know_raise_nothing_but_wire_error(
    version: int, message_id: int, parts: list[bytes]
) -> None:
    body = (struct.pack("!I", message_id) if version >= 201 else b"%d\0" % message_id) + b"\0".join(parts)
    with contextlib.suppress(protobuf.WireError):
        wire.parse_message(version, body)


@given(chunks=st.lists(st.binary(max_size=60), max_size=10))
def test_random_streams_raise_nothing_but_not_the_api(chunks: list[bytes]) -> None:
    frames = wire.Frames()
    try:
        for chunk in chunks:
            frames.feed(chunk)
    except wire.NotApiBytes:
        pass


# ── protobuf ────────────────────────────────────────────────────────────────────────────────────


@given(number=st.integers(-(2**63), 2**63 - 1))
def test_signed_numbers_survive_the_varint(number: int) -> None:
    assert protobuf.number_of(protobuf.fields(protobuf.field(5, number)), 5) == number


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 2**64 - 1) | st.binary(max_size=40)), max_size=10))
def test_fields_reads_back_every_field_in_order(parts: list[tuple[int, int | bytes]]) -> None:
    expected: dict[int, list[int | bytes]] = {}
    for number, value in parts:
        expected.setdefault(number, []).append(value)

    assert protobuf.fields(b"".join(protobuf.field(n, v) for n, v in parts)) == expected


def test_minus_one_takes_ten_bytes_as_ibkr_sends_it() -> None:
    assert protobuf.field(1, -1) == ErrorMessageProto(id=-1).SerializeToString()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x08", "middle of a number"),
        (b"\x08" + b"\xff" * 11, "longer than ten bytes"),
        (b"\x08" + b"\xff" * 9 + b"\x7f", "64 bits"),
        (b"\x12\x7fab", "longer than its message"),
        (b"\x12" + b"\xff" * 9 + b"\x01", "longer than its message"),
        (b"\x0b\x0c", "wire type 3"),
        (b"\x00\x01", "field number 0"),
        (b"\x08\x01" * 70_000, "more than 65536 fields"),
    ],
)
def test_damaged_protobuf_is_refused_with_the_reason(body: bytes, why: str) -> None:
    with pytest.raises(protobuf.WireError, match=why):
        protobuf.fields(body)


def test_fields_of_fixed_width_are_passed_as_bytes() -> None:
    assert protobuf.fields(b"\x09" + b"12345678" + b"\x15" + b"abcd") == {1: [b"12345678"], 2: [b"abcd"]}


def test_a_field_of_the_wrong_kind_is_a_wire_error() -> None:
    found = protobuf.fields(protobuf.field(1, "text") + protobuf.field(2, 5))

    with pytest.raises(protobuf.WireError):
        protobuf.number_of(found, 1)
    with pytest.raises(protobuf.WireError):
        protobuf.decoded_text(found, 2)
    assert protobuf.decoded_text(found, 9) is None
