"""A command for IBC against servers that answer, refuse, stay silent, chatter, break off, or are none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from agent.core.fix import CommandAnswer
from agent.session.ibc_commands import send_command
from agent.simulator.free_ports import free_port
from agent.simulator.ibc_server import CommandServer
from agent.tws.applications import ApplicationKind

SHORT = 0.3
"""Seconds that stand for the three of a real one where a server keeps silent."""


@dataclass
class Server:
    """A server that says what a test wants, with a record of what it was told."""

    port: int = 0
    heard: list[str] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def serving(
    greeting: bytes = b"", answer: bytes | None = b"OK\r\n", hang_up: bool = False
) -> AsyncIterator[Server]:
    server = Server()
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writer.write(greeting)
        while line := await reader.readline():
            server.heard.append(line.decode().strip())
            if answer is not None and len(server.heard) == 1:
                writer.write(answer)
            if hang_up:
                break
        writer.close()
        over.set()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
        if server.connections:
            async with asyncio.timeout(20):
                await over.wait()
    finally:
        listening.close()


@pytest.mark.parametrize(
    ("greeting", "answer", "wanted"),
    [
        (b"", b"OK\r\n", CommandAnswer(True, "OK")),
        (b"", b"OK configured\n", CommandAnswer(True, "configured")),
        (b"", b"ok: configured\n", CommandAnswer(False, "it closed the connection without an answer")),
        (b"IBC> ", b"OK configured\r\nIBC> ", CommandAnswer(True, "configured")),
        (b"Welcome to IBC\r\nready: ", b"OK\r\n", CommandAnswer(True, "OK")),
        (b"", b"INFO opening the dialog\r\nINFO not OK yet\r\nOK done\r\n", CommandAnswer(True, "done")),
        (
            b"",
            b"ERROR ENABLEAPI is not valid for the IB Gateway\r\n",
            CommandAnswer(False, "ENABLEAPI is not valid for the IB Gateway"),
        ),
        (b"", b"ERROR Command invalid\r\n", CommandAnswer(False, "Command invalid")),
        (b"", b"OK \xff\x00\x07for U1234567\r\n", CommandAnswer(True, "�for U•••567")),
        (b"", b"", CommandAnswer(False, "it closed the connection without an answer")),
        (b"", b"OK half a line", CommandAnswer(True, "half a line")),
        (b"", b"NOTOKAY\r\n", CommandAnswer(False, "it closed the connection without an answer")),
    ],
)
async def test_an_answer_is_told_as_it_is(greeting: bytes, answer: bytes, wanted: CommandAnswer) -> None:
    async with serving(greeting, answer, hang_up=True) as server:
        assert await send_command(server.port, "ENABLEAPI") == wanted

    assert server.heard[0] == "ENABLEAPI"


async def test_it_takes_its_leave() -> None:
    async with serving() as server:
        assert (await send_command(server.port, "RECONNECTDATA")).accepted

    assert server.heard == ["RECONNECTDATA", "EXIT"]
    assert server.connections == 1


async def test_the_simulated_one_understands_it() -> None:
    wishes: list[str] = []
    server = CommandServer(ApplicationKind.TWS, lambda: False, wishes.append, prompt="IBC> ")
    port = await server.open(0)
    answer = await send_command(port, "ENABLEAPI")
    await server.close()

    assert answer == CommandAnswer(True, "configured")
    assert wishes == ["enable-api"]


async def test_a_silent_server_is_given_up_and_may_still_carry_it_out() -> None:
    async with serving(answer=None) as server:
        answer = await send_command(server.port, "ENABLEAPI", within=SHORT)

    assert answer == CommandAnswer(False, "it did not answer within 0.3 s, and may still carry it out")
    assert server.heard == ["ENABLEAPI"], "sent once"


async def test_a_closed_port_is_told() -> None:
    port = free_port()

    assert await send_command(port, "ENABLEAPI") == CommandAnswer(
        False, f"nothing listens on port {port} of this computer any more"
    )


@pytest.mark.parametrize("answer", [b"x" * 100_000 + b"\n", b"\x00" * 100_000])
async def test_a_line_without_end_is_not_read_to_its_end(answer: bytes) -> None:
    async with serving(answer=answer) as server:
        assert await send_command(server.port, "ENABLEAPI") == CommandAnswer(
            False, "the answer on its port is not that of a command server"
        )


async def test_a_server_that_never_comes_to_the_point_is_left() -> None:
    async with serving(answer=b"INFO still at it\r\n" * 500) as server:
        assert await send_command(server.port, "ENABLEAPI") == CommandAnswer(
            False, "it sent line after line, and none of them was an answer"
        )


async def test_a_long_answer_is_cut() -> None:
    async with serving(answer=b"OK " + b"x" * 3000 + b"\r\n") as server:
        answer = await send_command(server.port, "ENABLEAPI")

    assert answer.accepted
    assert len(answer.text) == 200


async def test_a_reset_is_told() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.transport.abort()

    listening = await asyncio.start_server(reset, "127.0.0.1", 0)
    answer = await send_command(listening.sockets[0].getsockname()[1], "ENABLEAPI")
    listening.close()

    assert not answer.accepted
    assert answer.text.startswith(("the connection to its command server broke", "it closed the connection"))
