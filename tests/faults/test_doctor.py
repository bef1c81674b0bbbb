"""How long the doctor looks before it says what it found, and what it leaves as it is."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from agent.app.one_look import willing
from agent.core.facts import Abilities
from agent.core.settings import Settings
from agent.simulator.free_ports import free_port
from agent.simulator.world import SimulatedApplication
from agent.tws.limits import API_CLIENTS
from tests.faults.watching import QUICK, SLOWER, Audience, examined, looked_once, paper, visible
from tests.simulator.raw_client import RawClient


async def test_a_session_is_no_reason_to_overlook_a_second_application_that_has_just_logged_in(tmp_path: Path) -> None:
    patient = replace(QUICK, settled_link=4.0 * SLOWER)
    said: list[str] = []
    async with await SimulatedApplication.start(tmp_path, faults=("several=same-port",)) as gateway:
        wanted = Settings(connections=(paper(gateway.asked_port),))
        status = await looked_once(wanted, Audience(tmp_path), timing=patient, say=said.append)

    assert status.connections[0].phase == "connected"
    assert visible(status.connections[0]) == ["several-apps"]
    assert any("stays connected to IB’s servers" in line for line in said)


async def test_asked_about_one_connection_it_says_of_it_what_it_says_when_asked_about_all(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        wanted = Settings((replace(paper(free_port()), name="R"), replace(paper(gateway.port), name="S")))
        told = {}
        for name in (None, "R"):
            status = await looked_once(willing(wanted, name), Audience(tmp_path))
            told[name] = {c.name: visible(c) for c in status.connections}["R"]

    assert told[None] == told["R"] == ["app-not-running"]


async def test_it_offers_what_can_be_done_about_the_configuration(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        wanted = Settings((paper(free_port()),))
        can = Abilities(config_file="config.toml")
        status = await looked_once(wanted, Audience(tmp_path), can=can)

        assert visible(status.connections[0]) == ["api-port-mismatch"]
        (problem,) = status.connections[0].problems
        assert [(offer.fix, str(gateway.port) in offer.label) for offer in problem.fixes] == [("use-port", True)]


async def test_what_the_application_says_before_it_closes_is_the_cause_that_is_told(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=["start-refused=10141"]) as gateway:
        found = await examined(paper(gateway.port), folder=tmp_path)

    (problem,) = found.problems
    assert problem.code == "session-not-ready"
    assert "waits for “I understand and accept”" in problem.text
    assert any(line.startswith("notice 10141 at ") for line in problem.evidence)
    assert "click **I understand and accept**" in " ".join(problem.steps)


@asynccontextmanager
async def clients(port: int, count: int) -> AsyncIterator[None]:
    """So many sessions on a port."""
    started = [await RawClient.started(port, 100 + number) for number in range(count)]
    try:
        yield
    finally:
        for client in started:
            client.writer.close()


async def test_it_is_not_the_one_client_too_many(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway, clients(gateway.port, API_CLIENTS):
        before = (await gateway.counters()).connections_accepted
        status = await looked_once(Settings((paper(gateway.port),)), Audience(tmp_path))
        after = (await gateway.counters()).connections_accepted

    (shown,) = status.connections
    assert (after - before, shown.phase) == (0, "idle")
    assert visible(shown) == ["too-many-clients"]
    assert "did not try to connect" in " ".join(shown.problems[0].evidence)


async def test_for_the_settings_it_takes_no_place_that_is_not_there(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway, clients(gateway.port, API_CLIENTS - 1):
        before = (await gateway.counters()).connections_accepted
        status = await looked_once(Settings((paper(gateway.port),)), Audience(tmp_path))
        after = (await gateway.counters()).connections_accepted

    assert (after - before, status.connections[0].phase) == (1, "connected")


async def test_the_agent_that_runs_is_no_other_program(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        agent = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            f"import socket; s = socket.create_connection(('127.0.0.1', {gateway.port})); print(flush=True); input()",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert agent.stdout is not None
            await agent.stdout.readline()
            wanted = Settings((paper(gateway.port),))
            alone = await looked_once(wanted, Audience(tmp_path))
            beside = await looked_once(wanted, Audience(tmp_path, fellow=agent.pid))
        finally:
            agent.kill()
            await agent.wait()

    assert [p.pid for p in alone.connections[0].programs or ()] == [agent.pid]
    assert beside.connections[0].programs == ()
