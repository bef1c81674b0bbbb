"""A small TWS made of IBKR's generated classes: it answers hello, startApi, reqConfig, updateConfig, or misbehaves."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from ibapi.protobuf.ConfigRequest_pb2 import ConfigRequest
from ibapi.protobuf.ErrorMessage_pb2 import ErrorMessage
from ibapi.protobuf.ManagedAccounts_pb2 import ManagedAccounts
from ibapi.protobuf.NextValidId_pb2 import NextValidId
from ibapi.protobuf.StartApiRequest_pb2 import StartApiRequest
from ibapi.protobuf.UpdateConfigRequest_pb2 import UpdateConfigRequest

START_API, REQ_CONFIG, UPDATE_CONFIG = 71, 108, 109
ERROR, NEXT_VALID_ID, MANAGED_ACCOUNTS, CONFIG, UPDATED = 4, 9, 15, 110, 111
REQUESTS = {START_API: StartApiRequest, REQ_CONFIG: ConfigRequest, UPDATE_CONFIG: UpdateConfigRequest}

Answer = Callable[[Any], list[bytes]]
"""Makes the bytes that answer a request out of IBKR's class of it."""


def framed(message_id: int, body: Any) -> bytes:
    """A message of the protobuf era."""
    raw = body if isinstance(body, bytes) else body.SerializeToString()
    return struct.pack(">II", len(raw) + 4, message_id + 200) + raw


def notice(code: int, text: str, req_id: int = -1) -> bytes:
    """A notice."""
    return framed(ERROR, ErrorMessage(id=req_id, errorTime=1_795_000_000_000, errorCode=code, errorMsg=text))


def begun(_: Any) -> list[bytes]:
    """What a session is told when it begins."""
    return [
        framed(MANAGED_ACCOUNTS, ManagedAccounts(accountsList="DU1234567")),
        framed(NEXT_VALID_ID, NextValidId(orderId=11)),
        notice(2104, "Market data farm connection is OK:usfarm"),
        notice(2158, "Sec-def data farm connection is OK:secdefil"),
    ]


def nothing(_: Any) -> list[bytes]:
    """Silence."""
    return []


CLOSE = b""
"""In a list of bytes to send: close the connection."""


@dataclass
class IbkrServer:
    """What it answers, and what it was asked."""

    version: int = 226
    port: int = 0
    hello: bytes | None = None
    """Instead of the answer to the hello."""
    start: Answer = begun
    config: Answer = nothing
    update: Answer = nothing
    asked: list[Any] = field(default_factory=list)
    """Every request, as IBKR's class read it."""
    offers: list[str] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever something was asked or a connection has ended."""

    async def until_asked(self) -> None:
        """Wait for the first request."""
        while not self.asked:
            self.moved.clear()
            await self.moved.wait()

    async def until_left(self) -> None:
        """Wait until nobody is connected."""
        while self.open:
            self.moved.clear()
            await self.moved.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.open += 1
        try:
            await self._talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            self.moved.set()
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(4) == b"API\0"
        self.offers.append((await self._frame(reader)).decode())
        text = b"%d\0" % self.version + b"20261122 12:00:00 UTC\0"
        writer.write(struct.pack(">I", len(text)) + text if self.hello is None else self.hello)
        while True:
            raw = await self._frame(reader)
            number = int.from_bytes(raw[:4], "big") - 200
            request = REQUESTS[number].FromString(raw[4:])
            self.asked.append(request)
            self.moved.set()
            answers = {START_API: self.start, REQ_CONFIG: self.config, UPDATE_CONFIG: self.update}
            for answer in answers[number](request):
                if answer == CLOSE:
                    return
                writer.write(answer)
                await writer.drain()

    async def _frame(self, reader: asyncio.StreamReader) -> bytes:
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        return await reader.readexactly(size)


@asynccontextmanager
async def serving(**what: Any) -> AsyncIterator[IbkrServer]:
    """The server on a free port; at the end every connection must have been closed by the client."""
    server = IbkrServer(**what)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
        async with asyncio.timeout(20):
            await server.until_left()
    finally:
        listening.close()
