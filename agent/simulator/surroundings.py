"""The smaller parts around a simulated application: IB's servers, a relay, other programs, crowds of clients."""

import asyncio
import contextlib
import os
import random
import socket
import sys
from typing import TypeAlias

from agent.simulator.process import Order, PartReply, Tell

LOOPBACK = "127.0.0.1"

Ends: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
"""The two directions of one connection."""

IB_SERVER_PORT = 4000
"""The port of IB's servers. They also use 4001, which is a default API port as well and would be mistaken for one."""

_TRIES = 50
"""The number of addresses tried; the first is nearly always free."""

_HTTP_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\nServer: simulated\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
    b"Connection: close\r\n\r\nBad Request\n"
)

_CLIENT_VERSIONS = b"v157..178"
"""The versions that clients of a crowd offer: so old that startApi is a text message."""

_CROWDS = 10_000
"""This many crowds, one after the other, have different client IDs."""

_HELLO_TIMEOUT = 3.0
"""Seconds a client of a crowd waits for the answer to its hello. A client without an answer stays connected."""


class _PartWithoutOrders:
    """A part that plays by itself once it has begun."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._servers: list[asyncio.Server] = []

    async def perform(self, order: Order) -> PartReply:
        """This part takes no orders."""
        raise ValueError(f"This process cannot {order.get('do')}")


class IbServersPart(_PartWithoutOrders):
    """IB's servers: accepts the link of a logged-in application and keeps it."""

    async def begin(self, order: Order) -> PartReply:
        """Listen on a loopback address of its own, where the system has more than one."""
        for _ in range(_TRIES):
            address = _some_address()
            try:
                server = await asyncio.start_server(keep_open, address, IB_SERVER_PORT)
            except OSError:
                if sys.platform == "darwin":
                    # macOS has one loopback address. Another simulator's servers, or any other program there, will do.
                    return {"address": address, "port": IB_SERVER_PORT}
                continue
            self._servers.append(server)
            return {"address": address, "port": IB_SERVER_PORT}
        raise ValueError("No loopback address was free to play IB’s servers on")


class RelayPart(_PartWithoutOrders):
    """A relay such as docker-proxy: it accepts a connection, then dials the inner port; no answer there closes both."""

    _inner: int | str = 0

    async def begin(self, order: Order) -> PartReply:
        """Listen on `port` and pass everything to `inner`: a port, or the path of a Unix socket."""
        self._inner = order["inner"]
        server = await asyncio.start_server(self._pass_on, LOOPBACK, int(order["port"]))
        self._servers.append(server)
        return {"port": server.sockets[0].getsockname()[1]}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await _dial(self._inner)
        except OSError as error:
            self._tell(f"the relay finds nothing behind it: {error.strerror or error}")
            writer.close()
            return
        await splice((reader, writer), (inner_reader, inner_writer))


async def _dial(to: int | str) -> Ends:
    if isinstance(to, str):
        return await asyncio.open_unix_connection(short_path(to))
    return await asyncio.open_connection(LOOPBACK, to)


async def splice(one: Ends, other: Ends) -> None:
    """Pass everything from each to the other until both have ended."""
    async with asyncio.TaskGroup() as both:
        both.create_task(_copy(one[0], other[1]))
        both.create_task(_copy(other[0], one[1]))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()


class BystanderPart(_PartWithoutOrders):
    """A program that has nothing to do with TWS: it may listen, and speak HTTP or say nothing."""

    async def begin(self, order: Order) -> PartReply:
        """Listen on `ports`; with `speaks` "http" every request is answered with an error page."""
        accept = _answer_http if order.get("speaks") == "http" else keep_open
        for port in order.get("ports", ()):
            self._servers.append(await asyncio.start_server(accept, LOOPBACK, port))
        ports = [server.sockets[0].getsockname()[1] for server in self._servers]
        return {"ports": ports, "port": ports[0] if ports else 0, "own_network": bool(order.get("own_network"))}


async def _answer_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        await reader.read(4096)
        writer.write(_HTTP_ANSWER)
        await writer.drain()


class ClientsPart(_PartWithoutOrders):
    """A crowd of API clients in one process: connected and quiet, or come and gone."""

    def __init__(self, tell: Tell) -> None:
        super().__init__(tell)
        self._connected: list[Ends] = []
        self._readers: list[asyncio.Task[None]] = []

    async def begin(self, order: Order) -> PartReply:
        """Connect `count` clients to `port`; with `stay` they say hello and remain, else they close at once."""
        port, stay, count = int(order["port"]), bool(order["stay"]), int(order["count"])
        # The application holds the client IDs of an earlier crowd for a while, so each crowd needs its own.
        first = int(order.get("first_client_id", 1)) + os.getpid() % _CROWDS * count
        for number in range(count):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            if not stay:
                writer.close()
                await writer.wait_closed()
                continue
            self._connected.append((reader, writer))
            await self._log_on(reader, writer, first + number)
        return {"connected": len(self._connected)}

    async def _log_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client_id: int) -> None:
        writer.write(b"API\0" + _framed(_CLIENT_VERSIONS))
        try:
            async with asyncio.timeout(_HELLO_TIMEOUT):
                length = int.from_bytes(await reader.readexactly(4), "big")
                await reader.readexactly(length)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            return
        writer.write(_framed(b"71\x002\x00" + str(client_id).encode() + b"\x00\x00"))
        self._readers.append(asyncio.create_task(_drain(reader)))


async def keep_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Keep a connection on which nothing is said, until the other end closes it."""
    with contextlib.closing(writer):
        await _drain(reader)


async def _drain(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(65536):
            pass


def _framed(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def short_path(path: str) -> str:
    """The path relative to here: the path of a Unix socket must be short, and temporary folders have long ones."""
    return os.path.relpath(path)


def _some_address() -> str:
    if sys.platform == "darwin":
        return LOOPBACK
    chance = random.SystemRandom()
    return str(socket.inet_ntoa(bytes((127, chance.randint(64, 127), chance.randint(0, 255), chance.randint(1, 254)))))
