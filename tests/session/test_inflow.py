"""What arrives on a socket, cut into messages: bounded, fair, and nothing that is wanted lost."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from agent.session.inflow import BURST, LONGEST_KEPT, LONGEST_MESSAGE, Inflow
from agent.tws.codec import fields_bytes, frame

WANTED = {b"4": LONGEST_KEPT, b"49": 100}


class Transport(asyncio.ReadTransport):
    """One that only remembers whether it reads."""

    def __init__(self) -> None:
        self.reading = True

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return False


@dataclass
class Reader:
    """An inflow and what came of it."""

    messages: list[bytes] = field(default_factory=list)
    most: int = 10**9
    astray: int = 0
    counted: list[tuple[float, bool]] = field(default_factory=list)
    transport: Transport = field(default_factory=Transport)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.inflow = Inflow(
            lambda: self.now,
            self.messages.append,
            lambda head: WANTED.get(head, 0),
            lambda: len(self.messages) >= self.most,
            self._astray,
            lambda rate, held: self.counted.append((rate, held)),
        )

    def _astray(self) -> None:
        self.astray += 1

    def feed(self, data: bytes) -> None:
        self.inflow.arrived(data, self.transport)


def message(*fields: str) -> bytes:
    return frame(fields_bytes(fields))


MESSAGES = st.lists(
    st.sampled_from(
        [("4", "2", "-1", "2104", "x"), ("49", "1", "5"), ("1", "6"), ("9999", "y" * 50), ("",), ("4" * 30,)]
    ),
    max_size=30,
)


@given(MESSAGES, st.lists(st.integers(1, 40), min_size=1, max_size=20))
@how(max_examples=200, deadline=None)
def test_however_it_arrives_the_wanted_messages_are_handed_on_in_order(
    sent: list[tuple[str, ...]], cuts: list[int]
) -> None:
    async def run() -> list[bytes]:
        reader, data, turn = Reader(), b"".join(message(*m) for m in sent), 0
        while data:
            size = cuts[turn % len(cuts)]
            reader.feed(data[:size])
            data, turn = data[size:], turn + 1
        for _ in range(200):
            await asyncio.sleep(0)
        assert reader.inflow.half_since is None
        return reader.messages

    assert asyncio.run(run()) == [message(*m) for m in sent if m[0] in ("4", "49")]


async def test_an_empty_message_is_none() -> None:
    reader = Reader()
    reader.feed(bytes(8) + message("49", "1", "5"))

    assert reader.messages == [message("49", "1", "5")]


async def test_what_is_too_long_is_read_past_without_being_kept() -> None:
    reader = Reader()
    reader.feed((LONGEST_MESSAGE - 1).to_bytes(4, "big") + b"4\0" + bytes(1000))
    for _ in range(3):
        reader.feed(bytes(100_000))
    kept = len(reader.inflow._buffer)
    half = reader.inflow.half_since
    reader.inflow.close()

    assert kept == 0
    assert half is not None
    assert reader.messages == []
    assert reader.astray == 0


async def test_a_length_that_no_message_has_is_told_once() -> None:
    reader = Reader()
    reader.feed(message("49", "1", "5") + b"HTTP/1.1 200 OK")

    assert (len(reader.messages), reader.astray) == (1, 1)


async def test_while_enough_waits_elsewhere_nothing_is_read() -> None:
    reader = Reader(most=3)
    reader.feed(message("49", "1", "5") * 10)
    held = (len(reader.messages), reader.transport.reading)
    half = reader.inflow.half_since
    reader.most = 100
    reader.inflow.go_on()

    assert held == (3, False)
    assert half is None
    assert len(reader.messages) == 10
    assert reader.transport.reading


async def test_a_session_that_has_used_up_its_share_waits_and_goes_on_by_itself() -> None:
    reader = Reader()
    reader.inflow.charge(2 * BURST)
    reader.feed(message("49", "1", "5") * 10)
    before = (len(reader.messages), reader.transport.reading)
    async with asyncio.timeout(30):
        # Decoding the last one may have used up the share once more.
        while len(reader.messages) < 10 or not reader.transport.reading:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert before == (0, False)


async def test_half_a_message_is_known_since_its_last_byte() -> None:
    reader = Reader(now=5.0)
    whole = message("49", "1", "5")
    reader.feed(whole + whole[:6])
    since = reader.inflow.half_since
    reader.now = 7.0
    reader.feed(whole[6:])

    assert since == 5.0
    assert reader.inflow.half_since is None


async def test_what_is_closed_hands_nothing_on() -> None:
    reader = Reader(most=1)
    reader.feed(message("49", "1", "5") * 3)
    reader.inflow.close()
    reader.most = 100
    reader.inflow.go_on()
    reader.feed(message("49", "1", "5"))

    assert len(reader.messages) == 1
