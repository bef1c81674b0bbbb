"""Relays beside a running agent: real processes and sockets, which outlive it."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from agent.app import relays_host
from agent.app.relays_host import RelaysHost
from agent.app.running import RunningAgent
from agent.core.events import Reconfigured
from agent.core.evidence.relays import relays_of
from agent.core.facts import Known, RelaySeen
from agent.core.relay_facts import RelayOrder
from agent.core.settings import RelaySettings
from agent.core.state_machine import relay_plan
from agent.observers.look import Looker
from agent.observers.relays import relay_runs, reports_in
from agent.runtime.relay_process import start_relay
from tests.observers.test_relays import report
from tests.page.living import LivingAgent, living_agent
from tests.waiting import PATIENCE, until


class Tws:
    """A program that answers each message with its name and the message."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._served: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._served[task] = writer
        with contextlib.suppress(ConnectionError):
            while told := await reader.readline():
                writer.write(self._name + told)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        del self._served[task]

    async def close(self) -> None:
        """End what is connected."""
        for writer in self._served.values():
            writer.close()
        await asyncio.gather(*self._served, return_exceptions=True)


@pytest.fixture
async def ports() -> AsyncIterator[tuple[int, int]]:
    """Of two servers: the first and the second."""
    both = [Tws(name) for name in (b"first ", b"second ")]
    servers = [await asyncio.start_server(one.serve, "127.0.0.1", 0) for one in both]
    yield servers[0].sockets[0].getsockname()[1], servers[1].sockets[0].getsockname()[1]
    for server, one in zip(servers, both, strict=True):
        server.close()
        await one.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


class Program:
    """A program that is connected through a relay."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connected(cls, port: int) -> "Program":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self) -> str:
        self._writer.write(b"hello\n")
        return (await asyncio.wait_for(self._reader.readline(), PATIENCE)).decode().strip()

    async def cut(self) -> bool:
        """Wait for the end of the connection."""
        try:
            return await asyncio.wait_for(self._reader.read(1), PATIENCE) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@dataclass
class Scene:
    """An agent, and what keeps its relays; another one may take its place."""

    living: LivingAgent
    pids: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._host = self._new_host()

    def _new_host(self) -> RelaysHost:
        return RelaysHost(RunningAgent(self.living.places, self.living.loop, self.living.world, lambda: None))

    async def configure(self, *relays: RelaySettings) -> None:
        loop = self.living.loop
        loop.post(Reconfigured(replace(loop.state.settings, relays=relays)))
        await until(lambda: loop.state.settings.relays == relays)
        await self._host.look()

    async def agent_again(self) -> None:
        """The agent ends, and another one begins."""
        await self._host.close()
        self._host = self._new_host()
        await self._host.look()

    async def close(self) -> None:
        await self._host.close()

    @property
    def running(self) -> list[dict[str, object]]:
        found = [told for told in reports_in(self.living.places.relays) if relay_runs(told)]
        self.pids |= {int(told["pid"]) for told in found}
        return found

    async def runs(self, port: int, *besides: int) -> int:
        """Wait until a relay listens there; returns its process, which is none of `besides`."""

        def found() -> list[int]:
            return [int(str(one["pid"])) for one in self.running if one["port"] == port and one["pid"] not in besides]

        await until(found)
        return found()[0]

    @property
    def withdrawn(self) -> list[str]:
        return [key for key in self.living.world.withdrawn if key.startswith("gatelight/relay/")]

    def seen(self) -> tuple[RelaySeen, ...]:
        return relays_of(self.living.loop.state.machine)

    def knows(self, pid: int) -> bool:
        """Whether the agent has seen this relay."""
        return any(seen.pid == pid for seen in self._host._running or ())

    @property
    def notices(self) -> list[str]:
        return [notice.title for notice in self.living.world.notices if notice.key.startswith("gatelight/relay/")]


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(relays_host, "GLANCE_EVERY", 0.05)
    async with living_agent(tmp_path) as living:
        living.places.relays.mkdir(parents=True)
        living.world._looker = Looker(below=tmp_path, relays=living.places.relays)
        made = Scene(living)
        try:
            yield made
        finally:
            await made.close()
            assert made.running is not None
            for pid in made.pids:
                with contextlib.suppress(psutil.Error):
                    psutil.Process(pid).kill()


@contextlib.contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


async def test_a_report_is_taken_in_between_two_looks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays_host, "_READ_EVERY", 3600.0)
    file = scene.living.places.relays / "5002-1.json"
    file.write_text(json.dumps(report(scene.living.world.now(), peers=("127.0.0.1:9",))))

    await scene._host.glance()
    await until(scene.seen)
    (seen,) = scene.seen()
    assert isinstance(seen.counts, Known)
    assert seen.pid == os.getpid()
    assert seen.counts.value.lines.near_since is not None

    file.unlink()
    await scene._host.glance()
    await until(lambda: not scene.seen())


async def test_a_relay_outlives_the_agent_and_the_next_agent_takes_it_over(
    scene: Scene, ports: tuple[int, int]
) -> None:
    port = free_port()
    await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
    pid = await scene.runs(port)
    program = await Program.connected(port)
    assert await program.ask() == "first hello"
    # It has no terminal and no group of ours.
    assert os.getsid(pid) == pid
    assert os.getpgid(pid) != os.getpgid(0)

    await scene.agent_again()
    await until(lambda: scene._host._running)
    await until(lambda: [seen.pid for seen in scene.seen()] == [pid])
    assert await program.ask() == "first hello"
    assert [one["pid"] for one in scene.running] == [pid]
    assert scene.notices == []
    await program.close()


async def test_a_killed_relay_closes_its_connections_and_runs_again_and_that_is_said(
    scene: Scene, ports: tuple[int, int]
) -> None:
    port = free_port()
    await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
    first = await scene.runs(port)
    await until(scene.seen)
    program = await Program.connected(port)
    assert await program.ask() == "first hello"

    os.kill(first, signal.SIGKILL)
    assert await program.cut()
    second = await scene.runs(port, first)
    again = await Program.connected(port)
    assert await again.ask() == "first hello"
    assert second != first
    assert scene.notices == ["The relay “Mine” has ended"]
    for one in (program, again):
        await one.close()


async def test_one_that_ends_again_and_again_is_started_three_times_at_once_and_then_seldom(
    scene: Scene, ports: tuple[int, int]
) -> None:
    port = free_port()
    await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
    ended: list[int] = []
    for _ in range(relay_plan.STARTS_ALLOWED):
        pid = await scene.runs(port, *ended)
        await until(partial(scene.knows, pid))
        os.kill(pid, signal.SIGKILL)
        ended.append(pid)
    await until(lambda: len(scene.notices) == relay_plan.STARTS_ALLOWED)
    assert scene.notices[-1] == "The relay “Mine” does not run"
    assert "once a minute" in scene.living.world.notices[-1].text
    assert scene.running == []


async def test_where_the_configuration_leads_elsewhere_no_connection_is_cut(
    scene: Scene, ports: tuple[int, int]
) -> None:
    port = free_port()
    await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
    pid = await scene.runs(port)
    program = await Program.connected(port)
    assert await program.ask() == "first hello"

    changed = RelaySettings("Renamed", port, f"127.0.0.1:{ports[1]}", allow=("192.0.2.0/24",), lines=50)
    await scene.configure(changed)
    await until(lambda: scene.running and scene.running[0]["name"] == "Renamed")
    (told,) = scene.running
    assert (told["pid"], told["to"], told["configured_lines"]) == (pid, f"127.0.0.1:{ports[1]}", 50)
    assert told["allow"] == ["192.0.2.0/24"]
    new = await Program.connected(port)
    assert await new.ask() == "second hello"
    assert await program.ask() == "first hello"
    listening = [one.laddr.ip for one in psutil.Process(pid).net_connections("tcp4") if one.status == "LISTEN"]
    assert listening == ["0.0.0.0"]
    for one in (program, new):
        await one.close()


async def test_one_that_is_changed_while_it_begins_is_started_once(
    scene: Scene, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def counted(folder: Path, order: RelayOrder) -> "subprocess.Popen[bytes]":
        started.append(order.lines)
        return start_relay(folder, order)

    monkeypatch.setattr(relays_host, "start_relay", counted)
    port = free_port()
    await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
    await until(lambda: started)
    await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}", lines=50))
    await until(lambda: scene.running and scene.running[0]["configured_lines"] == 50)

    assert started == [100]
    assert scene.notices == []


async def test_another_port_is_opened_while_the_connections_of_the_old_one_go_on(
    scene: Scene, ports: tuple[int, int]
) -> None:
    old, new = free_port(), free_port()
    await scene.configure(RelaySettings("Mine", old, f"127.0.0.1:{ports[0]}"))
    first = await scene.runs(old)
    program = await Program.connected(old)
    assert await program.ask() == "first hello"

    await scene.configure(RelaySettings("Mine", new, f"127.0.0.1:{ports[1]}"))
    await scene.runs(new)
    await until(lambda: any(one["draining"] for one in scene.running))
    with pytest.raises(ConnectionRefusedError):
        await Program.connected(old)
    moved = await Program.connected(new)
    assert await moved.ask() == "second hello"
    assert await program.ask() == "first hello"

    await program.close()
    await until(lambda: [one["port"] for one in scene.running] == [new])
    await until(lambda: not psutil.pid_exists(first))
    assert scene.notices == []
    await moved.close()


async def test_a_removed_relay_ends_with_its_last_connection(scene: Scene, ports: tuple[int, int]) -> None:
    port = free_port()
    await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
    await scene.runs(port)
    await until(scene.seen)
    program = await Program.connected(port)
    assert await program.ask() == "first hello"

    await scene.configure()
    await until(lambda: any(one["draining"] for one in scene.running))
    assert await program.ask() == "first hello"
    await program.close()
    await until(lambda: not scene.running)
    assert scene.notices == []


async def test_a_port_that_is_taken_is_one_sentence_and_no_loop(
    scene: Scene, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    with taken(port):
        await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
        await until(lambda: scene.notices)
        assert scene.notices == ["The relay “Mine” does not run"]
        text = scene.living.world.notices[-1].text
        assert text.startswith(f"Relay “Mine” cannot listen on port {port}, which another program uses: end that")
        starts = scene._host._kept["Mine"].starts
        for _ in range(5):
            await scene._host.glance()
        assert scene._host._kept["Mine"].starts == starts
        assert len(scene.notices) == 1
    # A minute later the port is free.
    monkeypatch.setattr(relay_plan, "STARTS_AGAIN_AFTER", 0.0)
    await scene.runs(port)
    await until(lambda: not scene._host._kept["Mine"].troubled)
    assert scene.withdrawn == ["gatelight/relay/Mine"]


async def test_attempts_in_vain_leave_nothing(
    scene: Scene, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_plan, "STARTS_AGAIN_AFTER", 0.0)
    port = free_port()
    with taken(port):
        await scene.configure(RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}"))
        await until(lambda: "Mine" in scene._host._kept)
        await until(lambda: len(scene._host._kept["Mine"].starts) > relay_plan.STARTS_ALLOWED)
        # One may have ended just now.
        assert len(list(scene.living.places.relays.glob("*.json"))) <= 1
        await scene.configure()


@pytest.mark.parametrize("kept", ["elsewhere", "another", "none"])
async def test_that_one_does_not_run_is_no_news_once_it_should_run_elsewhere_or_not_at_all(
    scene: Scene, ports: tuple[int, int], kept: str
) -> None:
    port, free, to = free_port(), free_port(), f"127.0.0.1:{ports[0]}"
    with taken(port):
        await scene.configure(RelaySettings("Mine", port, to))
        await until(lambda: scene.notices)
        left = {"elsewhere": [RelaySettings("Mine", free, to)], "another": [RelaySettings("Other", free, to)]}
        await scene.configure(*left.get(kept, ()))
        await until(lambda: scene.withdrawn)
        assert scene.withdrawn == ["gatelight/relay/Mine"]
        if kept in left:
            await scene.runs(free)


async def test_one_that_is_not_to_be_started_is_left_alone(scene: Scene, ports: tuple[int, int]) -> None:
    port = free_port()
    relay = RelaySettings("Mine", port, f"127.0.0.1:{ports[0]}", start=False)
    await scene.configure(relay)
    await until(lambda: scene._host._running is not None)
    for _ in range(3):
        await scene._host.glance()
    assert scene.running == []
    await scene.configure(replace(relay, start=True))
    await scene.runs(port)
    await scene.configure(relay)
    await until(lambda: not scene.running)
