"""The way in: so many connections, an end to every wait, and the agent undisturbed whatever stands before it."""

import asyncio
import contextlib
import socket
import struct
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from agent.page.connection_limit import MOST_CONNECTIONS, ConnectionLimit
from tests.faults.watching import QUICK
from tests.page.living import LivingAgent, living_agent
from tests.page.visiting import opened
from tests.waiting import until

PATIENCE = 30.0


class Echo(asyncio.Protocol):
    """Stands for aiohttp's protocol and writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.heard.append("made")

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append("lost")

    def data_received(self, data: bytes) -> None:
        self.heard.append(data.decode())

    def eof_received(self) -> bool | None:
        self.heard.append("eof")
        return None


class Door:
    """A server behind doors, and the protocols that were made."""

    def __init__(self, **limits: Any) -> None:
        self.made: list[Echo] = []
        self.doors = ConnectionLimit(self._make, **limits)
        self.port = 0
        self._came = asyncio.Event()

    def _make(self) -> Echo:
        self.made.append(Echo())
        # `connection_made` follows in the same turn of the loop.
        self._came.set()
        return self.made[-1]

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Door"]:
        server = await asyncio.get_running_loop().create_server(self.doors, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for door in list(self.doors.open.values()):
                door.drop()
            await asyncio.sleep(0.01)

    async def knock(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._came.clear()
        pair = await asyncio.open_connection("127.0.0.1", self.port)
        await asyncio.wait_for(self._came.wait(), PATIENCE)
        return pair


async def test_what_comes_is_passed_on() -> None:
    async with Door().open() as door:
        _, writer = await door.knock()
        writer.write(b"hello")
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)

        assert door.made[0].heard == ["made", "hello", "eof", "lost"]
        assert door.doors.open == {}


async def test_who_does_not_say_what_it_wants_is_sent_away() -> None:
    async with Door(request_seconds=0.05).open() as door:
        reader, writer = await door.knock()
        gone = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()

        assert gone == b""
        assert door.doors.open == {}


async def test_who_drips_is_sent_away_as_well() -> None:
    async with Door(request_seconds=0.1).open() as door:
        reader, writer = await door.knock()

        async def drip() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.01)

        dripping = asyncio.ensure_future(drip())
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), PATIENCE)
        dripping.cancel()
        writer.close()

        assert door.doors.open == {}


async def test_an_answer_may_take_as_long_as_it_needs_and_afterwards_the_wait_begins() -> None:
    async with Door(request_seconds=0.05, quiet_seconds=0.05).open() as door:
        reader, writer = await door.knock()
        transport = next(iter(door.doors.open))
        door.doors.begin(transport)
        await asyncio.sleep(0.15)
        still = transport in door.doors.open
        door.doors.end(transport)
        await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()

        assert still
        assert door.doors.open == {}


async def test_the_longest_waiting_one_gives_its_place_to_a_newcomer() -> None:
    async with Door(most=3).open() as door:
        busy = await door.knock()
        door.doors.begin(next(iter(door.doors.open)))
        waiting = [await door.knock() for _ in range(2)]
        newcomer = await door.knock()
        gone = await asyncio.wait_for(waiting[0][0].read(), PATIENCE)
        heard = [echo.heard for echo in door.made]
        for _, writer in (busy, *waiting, newcomer):
            writer.close()

        assert gone == b""
        assert heard == [["made"], ["made", "lost"], ["made"], ["made"]]


# ── whose a connection is ───────────────────────────────────────────────────────────────────────


async def test_another_users_connection_is_closed_before_anything_of_it_is_heard() -> None:
    asked: list[tuple[tuple[str, int], tuple[str, int]]] = []

    def ours(peer: tuple[str, int], own: tuple[str, int]) -> bool:
        asked.append((peer, own))
        return False

    async with Door(ours=ours).open() as door:
        reader, writer = await door.knock()
        writer.write(b"hello")
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        peer = writer.get_extra_info("sockname")
        writer.close()

        assert asked == [(peer, ("127.0.0.1", door.port))]
        assert door.made[0].heard == []
        assert door.doors.open == {}


@pytest.mark.parametrize("verdict", [True, False, None])
async def test_nothing_is_heard_until_a_slow_system_has_told_whose_it_is(verdict: bool | None) -> None:
    told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def ours(peer: tuple[str, int], own: tuple[str, int]) -> bool:
        return await told

    async with Door(ours=ours).open() as door:
        reader, writer = await door.knock()
        writer.write(b"hello")
        done, _ = await asyncio.wait((asyncio.ensure_future(reader.read(1)),), timeout=0.1)
        before = list(door.made[0].heard)
        if verdict is None:
            told.set_exception(RuntimeError("no table"))
        else:
            told.set_result(verdict)
        async with asyncio.timeout(PATIENCE):
            while True:
                if not door.doors.judging and (not verdict or "hello" in door.made[0].heard):
                    break
                await asyncio.sleep(0.01)
        after = list(door.made[0].heard)
        writer.close()

    assert not done
    assert before == []
    assert after == (["made", "hello"] if verdict else [])


async def test_a_connection_that_has_gone_before_it_was_judged_is_not_called_another_users(
    caplog: pytest.LogCaptureFixture,
) -> None:
    verdict: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    limit = ConnectionLimit(Echo, ours=lambda peer, own: verdict)
    server = await asyncio.get_running_loop().create_server(limit, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    await until(lambda: limit.judging)
    (asked,) = limit.judging
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await until(lambda: not asked._is_connected())
    verdict.set_result(False)
    await until(lambda: not limit.judging)
    server.close()

    assert caplog.messages == []


async def test_connections_that_wait_for_the_system_are_bounded_and_take_no_place() -> None:
    async def never(peer: tuple[str, int], own: tuple[str, int]) -> bool:
        await asyncio.Event().wait()
        return True

    async with Door(most=3, ours=never).open() as door:
        waiting = [await door.knock() for _ in range(3)]
        reader, writer = await door.knock()
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        judged, places = len(door.doors.judging), len(door.doors.open)
        for _, one in (*waiting, (reader, writer)):
            one.close()
        async with asyncio.timeout(PATIENCE):
            while door.doors.judging:
                # A pause of reading hides that they have gone; their deadline would show it.
                door.doors.close()
                await asyncio.sleep(0.01)

    assert (judged, places) == (3, 0)


# ── with a real agent behind ────────────────────────────────────────────────────────────────────


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[LivingAgent]:
    async with living_agent(tmp_path) as living:
        yield living


async def test_200_idle_connections_do_not_disturb_the_agent(agent: LivingAgent) -> None:
    url = await agent.page.address()
    assert agent.server is not None
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(200):
            _, writer = await asyncio.open_connection("127.0.0.1", agent.server.port)
            stack.callback(writer.close)
        before = await agent.heartbeats()
        async with aiohttp.ClientSession() as http:
            status, _ = await (await opened(http, url)).get("/api/limits")
        await asyncio.sleep(3 * QUICK.heartbeat_every)
        after = await agent.heartbeats()

        assert status == 200
        assert agent.server.connections <= MOST_CONNECTIONS
        assert after - before >= 2
        assert agent.world.connection.phase == "connected"
        assert agent.world.said == []


async def test_big_bodies_and_slow_readers_do_not_disturb_the_agent(agent: LivingAgent) -> None:
    await agent.page.address()
    assert agent.server is not None
    before = await agent.heartbeats()
    tracemalloc.start()
    grown = 0
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(40):
            _, writer = await asyncio.open_connection("127.0.0.1", agent.server.port)
            stack.callback(writer.close)
            head = f"POST /api/do HTTP/1.1\r\nHost: 127.0.0.1:{agent.server.port}\r\nContent-Length: 10000000\r\n\r\n"
            with contextlib.suppress(ConnectionError):
                writer.write(head.encode() + b"x" * 2_000_000)
        await asyncio.sleep(3 * QUICK.heartbeat_every)
        grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    after = await agent.heartbeats()

    # What is left is the visitors' own: their 80 MB lie in their own buffers.
    assert grown < 120_000_000
    assert after - before >= 2
    assert agent.world.connection.phase == "connected"


async def test_a_page_left_open_for_a_day_of_changes_keeps_nothing(agent: LivingAgent) -> None:
    """A day of heartbeats and changes in some seconds: what is kept for a page does not grow with them."""
    url = await agent.page.address()
    assert agent.server is not None
    server = agent.server
    async with aiohttp.ClientSession() as http:
        page = await opened(http, url)
        async with page.ask("/events") as answer:

            async def read() -> None:
                async for _ in answer.content.iter_chunked(1 << 16):
                    pass

            reading = asyncio.ensure_future(read())
            await changes(agent, 200)
            tracemalloc.start()
            before = tracemalloc.take_snapshot()
            await changes(agent, 8640)  # One change every ten seconds for a day.
            after = tracemalloc.take_snapshot()
            tracemalloc.stop()
            streams = len(server.streams)
            reading.cancel()
    only = [tracemalloc.Filter(True, "*/agent/page*")]
    grown = sum(s.size_diff for s in after.filter_traces(only).compare_to(before.filter_traces(only), "filename"))

    assert streams == 1
    assert grown < 200_000, grown


async def changes(agent: LivingAgent, count: int) -> None:
    """So many views, each with another latency, as fast as they can be read."""
    status = agent.world.statuses[-1]
    (connection,) = status.connections
    for number in range(count):
        shown = replace(status, connections=(replace(connection, latency=0.001 + number / 1e6),))
        agent.loop.state = replace(agent.loop.state, shown=shown)
        agent.page.shown(shown)
        if number % 20 == 0:
            await asyncio.sleep(0)
