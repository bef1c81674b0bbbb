"""The dead-man ping of a running agent: start, success, fail and success again; told where it does not get through."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agent.app import ping_host
from agent.app.ping_host import FAILURES_TOLD, PingHost
from agent.app.running import RunningAgent
from agent.core.events import Reconfigured
from agent.core.settings import CheckSettings, PingSettings
from agent.core.shown.status import Status
from agent.core.state_machine.state import AgentState
from tests.faults.watching import QUICK
from tests.page.living import LivingAgent, living_agent
from tests.waiting import until

LONG = 3600.0


@dataclass
class Receiver:
    """Takes pings, or refuses them."""

    port: int = 0
    status: int = 200
    got: list[tuple[str, str]] = field(default_factory=list)
    """Path and body of each ping."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        body = (await reader.readexactly(length)).decode()
        self.got.append((head.split(" ")[1], body))
        writer.write(f"HTTP/1.1 {self.status} x\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.got]


@dataclass
class PingingAgent:
    living: LivingAgent
    ping: PingHost
    receiver: Receiver

    async def configure(self, every: float, port: int | None = None) -> None:
        loop = self.living.loop
        port = self.receiver.port if port is None else port
        wanted = PingSettings(f"http://127.0.0.1:{port}/secret-path" if port else "", every)
        checks = CheckSettings(QUICK.look_every, QUICK.heartbeat_every, QUICK.reply_timeout)
        loop.post(Reconfigured(replace(loop.state.settings, ping=wanted, checks=checks)))
        await until(lambda: loop.state.settings.ping == wanted)
        await self.ping.look()


@asynccontextmanager
async def _receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.talk, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@pytest.fixture
async def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PingingAgent]:
    monkeypatch.setattr(ping_host, "LEAST_SECONDS", 0.1)
    async with living_agent(tmp_path) as living, _receiver() as receiver:
        ping = PingHost(RunningAgent(living.places, living.loop, living.world, lambda: None))
        before: Callable[[Status], None] = living.world.show

        def show(status: Status) -> None:
            before(status)
            ping.shown(status)

        living.world.show = show  # type: ignore[method-assign]
        await living.world.connected()
        try:
            yield PingingAgent(living, ping, receiver)
        finally:
            await ping.close()


async def test_start_then_success_then_fail_as_soon_as_an_error_shows_and_success_after_it(agent: PingingAgent) -> None:
    await agent.configure(LONG)
    await until(lambda: len(agent.receiver.got) == 2)
    assert agent.receiver.got == [("/secret-path/start", ""), ("/secret-path", "")]

    await agent.living.gateway.fault("link-lost")
    await until(lambda: len(agent.receiver.got) == 3)
    path, body = agent.receiver.got[2]
    assert path == "/secret-path/fail"
    assert "lost its link" in body
    assert "Paper Gateway" in body

    await agent.living.gateway.heal()
    await until(lambda: len(agent.receiver.got) == 4)
    assert agent.receiver.got[3] == ("/secret-path", "")


async def test_an_error_that_comes_and_goes_makes_no_flood(
    agent: PingingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ping_host, "LEAST_SECONDS", LONG)
    await agent.configure(LONG)
    await until(lambda: len(agent.receiver.got) == 2)
    await agent.living.gateway.fault("link-lost")
    await agent.living.world.until(lambda a: "server-link-lost" in a.codes, "lost")
    await agent.living.gateway.heal()
    await agent.living.world.connected()

    assert len(agent.receiver.got) == 2


async def test_it_goes_on_at_its_times(agent: PingingAgent) -> None:
    await agent.configure(0.05)
    await until(lambda: len(agent.receiver.got) >= 5)

    assert agent.receiver.paths[:5] == ["/secret-path/start", *["/secret-path"] * 4]


async def test_without_an_address_nothing_is_sent_any_more(agent: PingingAgent) -> None:
    await agent.configure(0.05)
    await until(lambda: agent.receiver.got)
    await agent.configure(0.05, port=0)
    before = len(agent.receiver.got)
    assert agent.ping._task is None

    await agent.living.world.until(lambda a: len(a.statuses) > 0, "shown")
    assert len(agent.receiver.got) == before


async def test_an_agent_that_hangs_is_silent(agent: PingingAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(ping_host, "PING_AGAIN_SECONDS", 0.02)

    def late(_: AgentState, now: float) -> float:
        asked.append(now)
        return 3600.0

    monkeypatch.setattr(ping_host, "overdue", late)
    await agent.configure(0.05)
    await until(lambda: len(asked) >= 3)

    assert agent.receiver.got == []


@pytest.mark.parametrize("status", [429, 500])
async def test_a_refusal_is_tried_again_and_told_once(
    agent: PingingAgent, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ping_host, "PING_AGAIN_SECONDS", 0.01)
    agent.receiver.status = status
    await agent.configure(LONG)
    await until(lambda: agent.ping._refused > FAILURES_TOLD)

    told = [(one.key, one.text) for one in agent.living.world.notices if one.key == "gatelight/ping"]
    assert told == [
        (
            "gatelight/ping",
            f"The service refused it with status {status}. It will tell you that this computer is silent. "
            "Gatelight goes on trying.",
        )
    ]
    assert set(agent.receiver.paths) == {"/secret-path/start"}

    agent.receiver.status = 200
    await until(lambda: agent.receiver.paths[-1] == "/secret-path")
    assert agent.ping._refused == 0


async def test_that_it_does_not_get_through_is_no_news_once_nothing_is_sent(
    agent: PingingAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ping_host, "PING_AGAIN_SECONDS", 0.01)
    agent.receiver.status = 500
    await agent.configure(LONG)
    await until(lambda: [one for one in agent.living.world.notices if one.key == "gatelight/ping"])
    assert "gatelight/ping" not in agent.living.world.withdrawn

    await agent.configure(LONG, port=0)
    assert agent.living.world.withdrawn.count("gatelight/ping") == 1


async def test_a_service_that_hangs_does_not_disturb_the_agent(agent: PingingAgent) -> None:
    held: list[asyncio.StreamWriter] = []

    def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        await agent.configure(LONG, port=server.sockets[0].getsockname()[1])
        before = await agent.living.heartbeats()
        # Heartbeats go on while the ping waits for its answer.
        while await agent.living.heartbeats() < before + 2:
            assert agent.ping._refused == 0
            await asyncio.sleep(0.1)
        assert held
        await asyncio.wait_for(agent.ping.close(), 5.0)
    finally:
        server.close()
        for writer in held:
            writer.transport.abort()
