"""A real ib_async session against a simulated TWS, with a record of what it says."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from agent.core.effects import OpenSession
from agent.core.events import Event, SessionFailed, SessionReady
from agent.session.ib import IbSession
from agent.simulator.server import Simulator
from agent.simulator.state import Profile
from tests.relaying import Way

PATIENCE = 30.0
"""Seconds after which an event that should come has failed to."""

StartSimulator = Callable[..., Awaitable[Simulator]]


@pytest.fixture(autouse=True)
def quiet_client() -> None:
    """Its own log would fill the report of a failure."""
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)


@dataclass
class Record:
    """What a session said, in order."""

    events: list[Event] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: Event) -> None:
        self.events.append(event)
        self.came.set()

    def all(self, kind: type[Any]) -> list[Any]:
        return [e for e in self.events if isinstance(e, kind)]

    async def first(self, *kinds: type[Any]) -> Any:
        """The first event of a kind, now or later."""
        async with asyncio.timeout(PATIENCE):
            while not (found := [e for e in self.events if isinstance(e, kinds)]):
                self.came.clear()
                await self.came.wait()
        return found[0]

    async def number(self, kind: type[Any], count: int) -> list[Any]:
        """So many events of a kind."""
        async with asyncio.timeout(PATIENCE):
            while len(self.all(kind)) < count:
                self.came.clear()
                await self.came.wait()
        return self.all(kind)


@dataclass
class Attempt:
    """A session and what it said."""

    session: IbSession
    record: Record

    async def verdict(self) -> SessionReady | SessionFailed:
        found: SessionReady | SessionFailed = await self.record.first(SessionReady, SessionFailed)
        return found

    async def ready(self) -> SessionReady:
        verdict = await self.verdict()
        assert isinstance(verdict, SessionReady), verdict
        return verdict

    async def failed(self) -> SessionFailed:
        verdict = await self.verdict()
        assert isinstance(verdict, SessionFailed), verdict
        return verdict


Open = Callable[..., Attempt]


@pytest.fixture
async def attempt() -> AsyncIterator[Open]:
    """Opens sessions; they are closed at the end."""
    opened: list[Attempt] = []

    def open_one(
        port: int,
        *,
        host: str = "127.0.0.1",
        client_id: int = 7341,
        reply_timeout: float = 0.5,
        ready_timeout: float = 0.5,
        number: int = 1,
    ) -> Attempt:
        record = Record()
        wish = OpenSession("Paper Gateway", number, host, port, client_id, reply_timeout, ready_timeout)
        session = IbSession(wish, record.take, time.monotonic)
        opened.append(Attempt(session, record))
        session.open()
        return opened[-1]

    yield open_one
    for one in opened:
        await one.session.close()


@pytest.fixture
async def start(way: Way) -> AsyncIterator[StartSimulator]:
    """Opens simulators on free ports; keywords are of the profile."""
    opened: list[Simulator] = []

    async def open_one(*faults: str, **profile: Any) -> Simulator:
        simulator = Simulator(Profile(**profile), port=0)
        opened.append(simulator)
        for fault in faults:
            name, _, value = fault.partition("=")
            await simulator.apply(name, value or None)
        await simulator.open()
        return way(simulator)

    yield open_one
    for simulator in opened:
        await simulator.close()
