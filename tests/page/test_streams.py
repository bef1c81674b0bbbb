"""Live views without a server: the latest one and no other, not too often, and nobody waits for one that is stuck."""

import asyncio
import json
from typing import Any

import pytest

from agent.page.streams import LONGEST_PAUSE, MOST_STREAMS, VIEW_SHARE, Streams

PATIENCE = 30.0
GREETING = b"event: wait\ndata: key\n\n"


class Reader:
    """A page: it reads what is written, or not."""

    def __init__(self, *, stuck_after: int = 10**9) -> None:
        self.read: list[bytes] = []
        self.came = asyncio.Event()
        self._stuck_after = stuck_after

    async def write(self, event: bytes) -> None:
        if len(self.read) >= self._stuck_after:
            await asyncio.Event().wait()
        self.read.append(event)
        self.came.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.read) < count:
                self.came.clear()
                await self.came.wait()

    @property
    def views(self) -> list[Any]:
        return [json.loads(e.removeprefix(b"data: ")) for e in self.read if e.startswith(b"data: ")]


class Shown:
    """What is shown, and how often it was made into text."""

    def __init__(self) -> None:
        self.number = 0
        self.made = 0

    def __call__(self) -> dict[str, int]:
        self.made += 1
        return {"number": self.number}


async def test_a_hundred_changes_in_a_pause_are_one_view() -> None:
    shown, reader = Shown(), Reader()
    streams = Streams(shown, pause=0.1)
    running = asyncio.ensure_future(streams.run(reader.write, GREETING))
    await reader.until(2)
    for number in range(1, 101):
        shown.number = number
        streams.changed()
        await asyncio.sleep(0)
    await reader.until(3)
    streams.close()
    await asyncio.wait_for(running, PATIENCE)

    assert [view["number"] for view in reader.views] == [0, 100]


async def test_a_view_is_made_once_for_all_pages() -> None:
    shown, readers = Shown(), [Reader() for _ in range(4)]
    streams = Streams(shown, pause=0.0)
    running = [asyncio.ensure_future(streams.run(reader.write, GREETING)) for n, reader in enumerate(readers)]
    for reader in readers:
        await reader.until(2)
    shown.number = 1
    streams.changed()
    for reader in readers:
        await reader.until(3)
    streams.close()
    await asyncio.gather(*running)

    assert shown.made == 2
    assert [[view["number"] for view in reader.views] for reader in readers] == [[0, 1]] * 4


async def test_a_page_that_is_stuck_is_given_up_and_the_others_go_on() -> None:
    shown, stuck, fine = Shown(), Reader(stuck_after=1), Reader()
    streams = Streams(shown, pause=0.0, patience=0.05)
    lost = asyncio.ensure_future(streams.run(stuck.write, GREETING))
    going = asyncio.ensure_future(streams.run(fine.write, GREETING))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lost, PATIENCE)
    left = len(streams)
    shown.number = 7
    streams.changed()
    await fine.until(3)
    streams.close()
    await going

    assert left == 1
    assert fine.views[-1] == {"number": 7}


async def test_an_end_does_not_wait_for_a_pause_or_a_beat() -> None:
    reader = Reader()
    streams = Streams(Shown(), pause=60.0, beat=60.0)
    running = asyncio.ensure_future(streams.run(reader.write, GREETING))
    await reader.until(2)
    streams.close()
    await asyncio.wait_for(running, PATIENCE)

    assert len(streams) == 0


async def test_a_page_is_told_why_its_stream_ends_unless_it_does_not_read() -> None:
    reading, stuck = Reader(), Reader(stuck_after=2)
    streams = Streams(Shown(), pause=0.05, beat=60.0)
    running = [asyncio.ensure_future(streams.run(page.write, GREETING)) for page in (reading, stuck)]
    await reading.until(2)
    await stuck.until(2)
    streams.close("off")
    await asyncio.wait_for(asyncio.gather(*running), PATIENCE)

    assert reading.read[-1] == b"event: end\ndata: off\n\n"
    assert len(streams) == 0


async def test_so_many_pages_and_no_more() -> None:
    streams = Streams(Shown(), pause=0.0)
    running = []
    for _ in range(MOST_STREAMS):
        assert not streams.full
        running.append(asyncio.ensure_future(streams.run(Reader().write, GREETING)))
        await asyncio.sleep(0)
    full = streams.full
    streams.close()
    await asyncio.gather(*running)

    assert full
    assert not streams.fresh().full


@pytest.mark.parametrize(("cost", "rest"), [(0.0, 0.1), (0.05, 0.05 / VIEW_SHARE), (10.0, LONGEST_PAUSE)])
async def test_a_view_that_takes_long_to_make_comes_less_often(cost: float, rest: float) -> None:
    used = iter([0.0, cost])
    streams, reader = Streams(Shown(), pause=0.1, spent=lambda: next(used)), Reader()
    assert streams.rest == 0.1
    running = asyncio.ensure_future(streams.run(reader.write, GREETING))
    await reader.until(2)
    streams.close()
    await running

    assert streams.rest == pytest.approx(rest)
