"""A bare client of the text era, for looking at single bytes and messages."""

import asyncio
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from agent.simulator.server import Simulator

PATIENCE = 30.0
"""Seconds after which a message that should come has failed to."""

STOCK = (265598, "AAPL", "STK", "", 0, "", "", "SMART", "", "USD", "AAPL", "NMS")
"""A contract as the twelve fields of the text era."""


@dataclass(slots=True)
class RawClient:
    """One connection to the simulator."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server_version: int = 0

    @classmethod
    async def connected(cls, port: int) -> Self:
        """Connected, and nothing said yet."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        return cls(reader, writer)

    @classmethod
    async def greeted(cls, port: int, versions: str = "v157..178") -> Self:
        """Connected and the hello sent."""
        client = await cls.connected(port)
        client.hello(versions)
        return client

    @classmethod
    async def started(cls, port: int, client_id: int = 7) -> Self:
        """A session whose accounts, ID and first notices have come."""
        client = await cls.greeted(port)
        await client.handshake()
        client.send(71, 2, client_id, "")
        await client.message(9)
        return client

    def hello(self, versions: str) -> None:
        """Offer versions."""
        self.writer.write(b"API\0" + struct.pack(">I", len(versions)) + versions.encode())

    async def handshake(self) -> list[str]:
        """The answer to the hello."""
        fields = await self.fields()
        self.server_version = int(fields[0])
        return fields

    def send(self, *fields: object) -> None:
        """Send a message."""
        payload = "".join(f"{field}\0" for field in fields).encode()
        self.writer.write(struct.pack(">I", len(payload)) + payload)

    async def fields(self, timeout: float = PATIENCE) -> list[str]:
        """The next message. IncompleteReadError at the end, TimeoutError in silence."""
        async with asyncio.timeout(timeout):
            size = int.from_bytes(await self.reader.readexactly(4), "big")
            payload = await self.reader.readexactly(size)
        return payload.decode().split("\0")[:-1]

    async def message(self, number: int, fits: Callable[[list[str]], bool] = lambda _: True) -> list[str]:
        """The next message with an ID, others before it left aside."""
        while True:
            fields = await self.fields()
            if fields[0] == str(number) and fits(fields):
                return fields

    async def notice(self, code: int) -> list[str]:
        """The next notice with a code: request ID, code, text."""
        fields = await self.message(4, lambda found: found[3] == str(code))
        return fields[2:5]

    async def rest(self, timeout: float = 0.15) -> list[list[str]]:
        """Everything that still comes until it is quiet; on a machine under load that is waited for longer."""
        timeout *= max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1)) if hasattr(os, "getloadavg") else 1.0
        found: list[list[str]] = []
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while asyncio.get_running_loop().time() < deadline:
            try:
                found.append(await self.fields(timeout))
            except (TimeoutError, asyncio.IncompleteReadError):
                return found
        raise AssertionError("it never becomes quiet")

    async def is_silent(self, timeout: float = 0.15) -> bool:
        """Whether nothing comes and the connection stays open."""
        try:
            async with asyncio.timeout(timeout):
                await self.reader.read(1)
        except TimeoutError:
            return True
        return False

    async def end(self) -> str:
        """How the connection ends: `closed` or `reset`."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.reader.read()
        except ConnectionResetError:
            return "reset"
        return "closed"

    async def close(self) -> None:
        """Leave."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


def ask_for_data(client: RawClient, request_id: int = 41) -> None:
    """Request market data for a stock."""
    client.send(1, 11, request_id, *STOCK, 0, "", 0, 0, "")


def ask_for_history(client: RawClient, request_id: int = 42) -> None:
    """Request history for a stock."""
    client.send(20, request_id, *STOCK, 0, "", "5 secs", "30 S", 1, "MIDPOINT", 1, 0, "")


async def is_well(simulator: Simulator, client_id: int = 900) -> bool:
    """Whether a new client gets through its start and is told the time."""
    client = await RawClient.started(simulator.port, client_id)
    client.send(49, 1)
    answered = await client.message(49)
    await client.close()
    return bool(answered)


def codes(messages: list[list[str]]) -> list[int]:
    """The codes of the notices among messages."""
    return [int(fields[3]) for fields in messages if fields[0] == "4"]
