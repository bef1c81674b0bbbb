"""Hooks of a running agent: run on its changes, changed with the configuration, and told once where they fail."""

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from agent.app.hooks_host import HooksHost
from agent.app.running import RunningAgent
from agent.core.events import Reconfigured
from agent.core.settings import HookSettings
from agent.core.shown.status import Status
from tests.page.living import LivingAgent, living_agent
from tests.waiting import until

COPY = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"


@dataclass
class HookedAgent:
    living: LivingAgent
    hooks: HooksHost
    file: Path

    async def configure(self, *hooks: HookSettings) -> None:
        loop = self.living.loop
        loop.post(Reconfigured(replace(loop.state.settings, hooks=hooks)))
        await until(lambda: loop.state.settings.hooks == hooks)
        await self.hooks.look()

    def copying(self, *on: str, name: str = "copy") -> HookSettings:
        return HookSettings(name, (sys.executable, "-c", COPY, str(self.file)), on)

    async def events(self, count: int) -> list[dict[str, Any]]:
        """What the command got so far, at least so many."""
        await until(lambda: self.file.exists() and self.file.read_text().count("\n") >= count)
        return [json.loads(line) for line in self.file.read_text().splitlines()]


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[HookedAgent]:
    async with living_agent(tmp_path) as living:
        hooks = HooksHost(RunningAgent(living.places, living.loop, living.world, lambda: None))
        before = living.world.show

        def show(status: Status) -> None:
            before(status)
            hooks.shown(status)

        living.world.show = show  # type: ignore[method-assign]
        hooked = HookedAgent(living, hooks, tmp_path / "events")
        await hooked.configure(hooked.copying("any"))
        try:
            yield hooked
        finally:
            await hooks.close()


async def test_a_problem_and_the_return_are_told_and_a_start_is_not(agent: HookedAgent) -> None:
    await agent.living.world.connected()
    await agent.living.gateway.fault("link-lost")
    began = await agent.events(1)
    await agent.living.gateway.heal()
    over = await agent.events(2)

    assert [one["event"] for one in over] == ["problem-began", "problem-over"]
    assert [one["code"] for one in over] == ["server-link-lost"] * 2
    assert began[0]["connection"] == began[0]["now"]["name"] == "Paper Gateway"

    await agent.living.gateway.restart()
    await until(lambda: '"event": "connected"' in agent.file.read_text())
    assert (await agent.events(3))[2]["event"] == "disconnected"


async def test_a_hook_that_fails_is_told_once_and_one_that_is_gone_runs_no_more(agent: HookedAgent) -> None:
    await agent.living.world.connected()
    await agent.configure(HookSettings("broken", ("/nowhere/at-all",), ("any",)))
    (runs,) = agent.hooks._runs
    for _ in range(3):
        runs.take(b"")
    await until(lambda: runs._task is not None and runs._task.done())

    told = [(one.key, one.text) for one in agent.living.world.notices if one.key.startswith("gatelight/hook")]
    assert told == [
        (
            "gatelight/hook/broken",
            "Its command is not there, or may not be executed. Gatelight’s log tells of each run.",
        )
    ]

    await agent.configure()
    assert agent.living.world.withdrawn.count("gatelight/hook/broken") == 1
    await agent.living.gateway.fault("link-lost")
    await agent.living.world.until(lambda a: "server-link-lost" in a.codes, "lost")
    assert not agent.file.exists()


async def test_a_hook_that_stays_goes_on_when_another_one_changes(agent: HookedAgent) -> None:
    (before,) = agent.hooks._runs
    await agent.configure(agent.copying("connected", name="other"), before.hook)

    assert agent.hooks._runs[1] is before
