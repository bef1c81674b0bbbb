"""Simulators that are closed again, and the two real clients that judge them."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import ib_async
import pytest

from agent.simulator.server import Simulator
from agent.simulator.state import Profile
from tests.relaying import Way
from tests.simulator.ibkr_client import IbkrClient
from tests.simulator.raw_client import RawClient

StartSimulator = Callable[..., Awaitable[Simulator]]
StartRaw = Callable[..., Awaitable[RawClient]]


@pytest.fixture(autouse=True)
def quiet_clients(caplog: pytest.LogCaptureFixture) -> None:
    """The clients' own debug logs would fill the report of a failure."""
    for name in ("ibapi", "ib_async"):
        logging.getLogger(name).setLevel(logging.ERROR)


class Clock:
    """A wall clock that moves only when told."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def start(way: Way) -> AsyncIterator[StartSimulator]:
    """Opens simulators on free ports; keywords are of the profile."""
    opened: list[Simulator] = []

    async def open_one(clock: Callable[[], float] | None = None, **profile: Any) -> Simulator:
        chosen = Profile(**{"tick_seconds": 0.02, **profile})
        simulator = Simulator(chosen, port=0, clock=clock) if clock else Simulator(chosen, port=0)
        opened.append(simulator)
        await simulator.open()
        return way(simulator)

    yield open_one
    for simulator in opened:
        await simulator.close()


@pytest.fixture
async def raw() -> AsyncIterator[StartRaw]:
    """Opens bare client sessions."""
    opened: list[RawClient] = []

    async def open_one(simulator: Simulator, client_id: int = 7) -> RawClient:
        client = await RawClient.started(simulator.port, client_id)
        opened.append(client)
        await client.rest(0.05)
        return client

    yield open_one
    for client in opened:
        await client.close()


@pytest.fixture
async def ib() -> AsyncIterator[ib_async.IB]:
    """An ib_async client, not connected yet."""
    client = ib_async.IB()
    yield client
    client.disconnect()


@pytest.fixture
async def ibkr() -> AsyncIterator[IbkrClient]:
    """IBKR's client, not connected yet."""
    client = IbkrClient()
    yield client
    await client.stop()
