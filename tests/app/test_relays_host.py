"""Relays beside a running agent, with real processes."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.app import relays_host
from agent.app.relays_host import RelaysHost
from agent.app.running import RunningAgent
from agent.core.evidence.relays import relays_of
from agent.core.facts import Known
from agent.observers.look import Looker
from tests.observers.test_relays import report
from tests.page.living import LivingAgent, living_agent
from tests.waiting import until


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[LivingAgent]:
    async with living_agent(tmp_path) as living:
        living.places.relays.mkdir(parents=True)
        living.world._looker = Looker(below=tmp_path, relays=living.places.relays)
        yield living


async def test_a_report_is_taken_in_between_two_looks(agent: LivingAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays_host, "_READ_EVERY", 3600.0)
    host = RelaysHost(RunningAgent(agent.places, agent.loop, agent.world, lambda: None))
    file = agent.places.relays / "5002.json"
    file.write_text(json.dumps(report(agent.world.now(), peers=("127.0.0.1:9",))))

    await host.glance()
    await until(lambda: relays_of(agent.loop.state.machine))
    (seen,) = relays_of(agent.loop.state.machine)
    assert isinstance(seen.counts, Known)
    assert seen.pid == os.getpid()
    assert seen.counts.value.lines.near_since is not None

    file.unlink()
    await host.glance()
    await until(lambda: not relays_of(agent.loop.state.machine))
    await host.close()
