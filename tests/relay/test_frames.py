"""Frames in a stream that is cut anywhere, and in one that is damaged."""

import contextlib
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.relay.frames import MOST_WANTED, FrameReader
from agent.tws.codec import PROTOBUF_OFFSET, Era, frame

WANTED = {1: 4096, 20: 8, 71: 4096, 104: 64}
IDS = st.sampled_from([0, 1, 2, 20, 46, 71, 104, 107, 200])
BODIES = st.binary(max_size=40)


def whole(era: Era, number: int, body: bytes) -> bytes:
    """What stands behind the length."""
    if era is Era.TEXT:
        return b"%d\0" % number + body
    return (number + (PROTOBUF_OFFSET if era is Era.PROTOBUF else 0)).to_bytes(4, "big") + body


def read(era: Era | None, pieces: list[bytes]) -> tuple[int, list[bytes]]:
    taken: list[bytes] = []
    reader = FrameReader(WANTED, taken.append)
    if era is not None:
        reader.speak(era)
    for piece in pieces:
        reader.feed(memoryview(piece))
        assert len(reader._held) <= MOST_WANTED + 8
    return reader.frames, taken


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    ends = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(ends)]


@given(st.sampled_from(Era), st.lists(st.tuples(IDS, BODIES), max_size=12), st.lists(st.integers(0, 10_000)))
def test_a_stream_cut_anywhere_gives_the_same_frames(
    era: Era, messages: list[tuple[int, bytes]], places: list[int]
) -> None:
    bodies = [whole(era, number, body) for number, body in messages]
    stream = b"".join(map(frame, bodies))
    expected = [body[: WANTED[number]] for (number, _), body in zip(messages, bodies, strict=True) if number in WANTED]

    assert read(era, cut(stream, places)) == (len(messages), expected)
    assert read(era, [stream[n : n + 1] for n in range(len(stream))]) == (len(messages), expected)


def test_before_an_era_is_known_every_frame_is_taken_and_the_next_can_be_read_otherwise() -> None:
    taken: list[bytes] = []

    def take(body: bytes) -> None:
        taken.append(body)
        reader.speak(Era.RAW_ID)

    reader = FrameReader({20: 100}, take)
    reader.feed(frame(b"178\0time\0") + frame((20).to_bytes(4, "big") + b"x\0") + frame((2).to_bytes(4, "big")))

    assert taken == [b"178\0time\0", b"\0\0\0\x14x\0"]
    assert reader.frames == 3


def test_of_a_long_frame_only_the_beginning_is_held() -> None:
    body = whole(Era.TEXT, 1, b"x" * 1_000_000)
    pieces = cut(frame(body) + frame(b"2\0"), list(range(0, 1_000_000, 777)))

    assert read(Era.TEXT, pieces) == (2, [body[:MOST_WANTED]])


@pytest.mark.parametrize("stream", [b"\xff" * 20, b"HTTP/1.1 400 Bad Request\r\n", b"\x16\x03\x01\x02\x00"])
def test_a_length_that_no_frame_has_is_refused(stream: bytes) -> None:
    for pieces in ([stream], [stream[n : n + 1] for n in range(len(stream))]):
        with pytest.raises(ValueError, match="a frame of"):
            read(Era.TEXT, [*pieces, b"\0" * 8])


@given(st.sampled_from(Era), st.integers())
def test_damage_is_a_value_error_at_most(era: Era, seed: int) -> None:
    chance = random.Random(seed)
    stream = bytearray(b"".join(frame(whole(era, chance.choice((1, 20, 46)), chance.randbytes(30))) for _ in range(20)))
    for _ in range(chance.randrange(6)):
        stream[chance.randrange(len(stream))] = chance.randrange(256)
    places = [chance.randrange(1000) for _ in range(5)]
    with contextlib.suppress(ValueError):
        frames, taken = read(era, cut(bytes(stream), places))
        assert frames >= len(taken)
