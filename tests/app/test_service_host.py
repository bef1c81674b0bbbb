"""What a running agent tells the service manager, on a real socket."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agent.app import service_host
from agent.app.running import RunningAgent
from agent.app.service_host import ServiceHost
from agent.core.shown.status import Status
from agent.core.state_machine.state import OVERDUE_SECONDS
from agent.platforms.service_manager import ServiceManager
from tests.page.living import LivingAgent, living_agent
from tests.waiting import until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has another protocol")


@dataclass
class Told:
    """The agent, and the lines that it has sent."""

    living: LivingAgent
    service: ServiceHost
    lines: list[str] = field(default_factory=list)
    begun: bool = False

    def begin(self) -> None:
        self.service.begin()
        self.begun = True


@asynccontextmanager
async def service(folder: Path, watchdog: float | None) -> AsyncIterator[Told]:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(folder / "notify"))
        bound.setblocking(False)
        async with living_agent(folder) as living:
            agent = RunningAgent(living.places, living.loop, living.world, lambda: None)
            told = Told(living, ServiceHost(agent, ServiceManager(str(folder / "notify"), watchdog)))
            before = living.world.show

            def show(status: Status) -> None:
                before(status)
                if told.begun:
                    told.service.shown(status)

            living.world.show = show  # type: ignore[method-assign]
            loop.add_reader(bound, lambda: told.lines.extend(bound.recv(4096).decode().splitlines()))
            await living.world.connected()
            try:
                yield told
            finally:
                await told.service.close()
                loop.remove_reader(bound)


async def test_ready_the_headline_and_the_end_are_told_once(tmp_path: Path) -> None:
    async with service(tmp_path, None) as told:
        told.begin()
        await until(lambda: len(told.lines) == 2)
        assert told.lines == ["READY=1", "STATUS=Paper Gateway: connected"]
        await told.living.gateway.fault("link-lost")
        await until(lambda: any("lost" in line for line in told.lines))
        await told.living.gateway.heal()
        await until(lambda: told.lines[-1] == "STATUS=Paper Gateway: connected")
        assert "WATCHDOG=1" not in told.lines
        await told.service.close()
        await until(lambda: told.lines[-1] == "STOPPING=1")


async def test_no_account_number_is_told(tmp_path: Path) -> None:
    async with service(tmp_path, None) as told:
        told.begin()
        shown = told.living.loop.state.shown
        assert shown is not None
        told.service.shown(replace(shown, connections=(replace(shown.connections[0], label="Of U7654321"),)))
        await until(lambda: any("Of U" in line for line in told.lines))
        assert not any("7654321" in line for line in told.lines)


async def test_signs_of_life_come_while_the_agent_does_what_it_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, looks = OVERDUE_SECONDS + 1.0, 0

    def overdue(*_: object) -> float:
        nonlocal looks
        looks += 1
        return late

    monkeypatch.setattr(service_host, "overdue", overdue)
    async with service(tmp_path, 0.003) as told:
        told.begin()
        await until(lambda: looks >= 20)
        assert "WATCHDOG=1" not in told.lines, "the loop turns, but nothing is decided"

        late = OVERDUE_SECONDS - 1.0
        await until(lambda: told.lines.count("WATCHDOG=1") >= 3)


async def test_a_manager_that_restarts_nothing_gets_no_signs_of_life(tmp_path: Path) -> None:
    async with service(tmp_path, None) as told:
        told.begin()
        assert [task for task in asyncio.all_tasks() if task.get_name() == "watchdog"] == []


def test_an_agent_that_is_no_service_loads_nothing_of_this() -> None:
    parts = {"agent.app.service_host", "agent.platforms.service_manager"}
    asked = f"import sys, agent.app.agent_host; print({parts} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, timeout=60.0)

    assert done.stdout == "set()\n"
