"""The promises "harmless" and "quiet", counted at the simulated application and in what was announced."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.core.events import UserAsked
from agent.core.shown.display import Connect, Disconnect
from agent.core.timing import Timing
from agent.simulator.settings_folder import PRETENDED_PASSWORD, IbcChoices
from agent.simulator.shapes import Shape
from agent.simulator.world import SimulatedApplication
from tests.commands import Place, paper_file, web_server
from tests.faults.ours import at_work
from tests.faults.watching import QUICK, paper

START_API = 71
CURRENT_TIME = 49
CONFIG = 108
STANDING_PER_MINUTE = 7
"""Messages a healthy session costs TWS at most, with the defaults."""


async def test_a_healthy_session_costs_its_heartbeat_and_farm_flaps_make_no_sound(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port), timing=Timing()) as (agent, _),
    ):
        await agent.connected()
        began = time.monotonic()
        # Flaps shorter than any grace, as they come all day.
        await asyncio.sleep(3.0)
        await gateway.fault("market-data-farm-broken")
        await asyncio.sleep(1.0)
        await gateway.heal()
        await gateway.fault("historical-farm-broken")
        await asyncio.sleep(1.0)
        await gateway.heal()
        await gateway.fault("link-lost")
        await asyncio.sleep(1.0)
        await gateway.fault("link-back-kept")
        await asyncio.sleep(14.0)
        minutes = (time.monotonic() - began) / 60
        counted = await gateway.counters()
        ids = {s.connections[0].client_id for s in agent.statuses} - {None}

    # Once after a connect, a second session of a moment asks for the settings.
    assert set(counted.received) == {START_API, CURRENT_TIME, CONFIG}
    assert counted.received[START_API] == counted.connections_accepted == 2
    assert counted.received[CONFIG] == 1
    # The first heartbeat belongs to connecting.
    assert counted.received[CURRENT_TIME] - 1 <= STANDING_PER_MINUTE * minutes
    assert counted.received[CURRENT_TIME] >= 2
    assert agent.said == []
    assert len(ids) == 1
    assert 0 not in ids


async def test_a_link_that_is_back_without_a_word_is_known_from_its_farms_and_said_once(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port)) as (agent, _),
    ):
        await agent.until(lambda a: a.connection.server_link == "up", "told of its farms")
        await gateway.fault("link-lost")
        await agent.until(lambda a: "server-link-lost" in a.codes, "told of the loss")
        await gateway.fault("link-back-unsaid")
        await agent.until(lambda a: not a.codes, "told of the end")

    assert agent.connection.server_link == "up"
    assert agent.connection.link_words == "connected, as the data farms show"
    assert agent.said == ["server-link-lost", "over: server-link-lost"]
    assert "is connected to IB again, as the data farms show. This lasted " in agent.notices[-1].text


@pytest.mark.parametrize("fault", ["silent", "accept-close", "hello-hang", "too-many-clients"])
async def test_a_port_that_fails_is_not_knocked_at_more_often_than_allowed(fault: str, tmp_path: Path) -> None:
    seconds = 3.0
    async with await SimulatedApplication.start(tmp_path, faults=(fault,)) as gateway:
        before = (await gateway.counters()).connections_accepted
        async with at_work(paper(gateway.port)) as (agent, _):
            await asyncio.sleep(seconds)
            counted = await gateway.counters()
            said = agent.said

    # One knock at the start; nothing changes afterwards, so that only patience is left.
    assert 1 <= counted.connections_accepted - before <= 1 + seconds / QUICK.handshake_every
    assert set(counted.received) <= {START_API}
    assert len(said) == len(set(said)) == 1


async def test_nothing_is_sent_after_the_user_disconnected(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port)) as (agent, loop),
    ):
        await agent.connected()
        loop.post(UserAsked(Disconnect("Paper Gateway")))
        await agent.until(lambda a: a.connection.phase == "idle", "disconnected")
        before = await gateway.counters()
        await asyncio.sleep(QUICK.heartbeat_every * 2)
        # Not even a return of the application changes the wish.
        await gateway.restart(delay=0.2)
        await asyncio.sleep(1.5)
        after = await gateway.counters()
        quiet = list(agent.said)
        loop.post(UserAsked(Connect("Paper Gateway")))
        await agent.connected()

    assert after == before
    assert quiet == []


@pytest.mark.parametrize("fault", ["link-lost", "other-port", "freeze"])
async def test_a_fault_that_persists_is_announced_once(fault: str, tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port)) as (agent, _),
    ):
        await agent.connected()
        await gateway.fault(fault)
        await agent.until(lambda a: bool(a.notices), "told")
        await asyncio.sleep(2.5)
        said = list(agent.said)
        await gateway.heal()
        await agent.connected()

    assert len(said) == 1


async def test_a_fault_that_heals_before_it_was_visible_makes_no_sound(tmp_path: Path) -> None:
    slow = replace(QUICK, link_grace=2.0, farm_grace=2.0)
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port), timing=slow) as (agent, _),
    ):
        await agent.connected()
        for fault in ("link-lost", "market-data-farm-broken", "drop-sessions", "reset-sessions"):
            await gateway.fault(fault)
            await asyncio.sleep(0.3)
            await gateway.heal()
            await agent.connected()
        await asyncio.sleep(2.2)

    assert agent.said == []


# ── the program itself ──────────────────────────────────────────────────────────────────────────


def notices(place: Place) -> list[str]:
    """What the log says was announced."""
    log = place.data / "log" / "gatelight.log"
    return [line for line in log.read_text().splitlines() if "agent.notices" in line] if log.exists() else []


def serious(connection: dict[str, Any]) -> list[dict[str, Any]]:
    return [p for p in connection["problems"] if p["visible"] and p["severity"] != "info"]


def await_(met: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nothing_is_announced_twice_because_the_agent_was_restarted(place: Place) -> None:
    with web_server() as port:
        place.config.write_text(paper_file(port))
        with place.agent():
            await_(lambda: notices(place))
            first = place.until(serious)
        with place.agent():
            again = place.until(serious)
            time.sleep(1.0)
        told = notices(place)

    def named(status: dict[str, Any]) -> set[str]:
        return {p["code"] for p in serious(status["connections"][0])}

    assert named(again) == named(first)
    assert len(told) == 1, told


async def test_a_password_on_the_command_line_of_ibc_turns_up_nowhere(place: Place) -> None:
    choices = IbcChoices(password_on_command_line=True)
    async with await SimulatedApplication.start(place.folder / "ibc", shape=Shape.IBC, ibc=choices) as gateway:
        pid = gateway.pid
        place.config.write_text(paper_file(gateway.port))
        process = await asyncio.to_thread(place.start, "-v", "run", "--no-tray", "-v")
        try:
            before = await asyncio.to_thread(place.until, lambda c: c["phase"] == "connected", process)
            await gateway.fault("other-port")
            await asyncio.to_thread(place.until, serious)
            status = await asyncio.to_thread(place.do, "status", "--json", "--show-accounts")
            shown = await asyncio.to_thread(place.do, "status")
            doctor = await asyncio.to_thread(place.do, "doctor", "--json", "-v", "-v")
        finally:
            process.terminate()
            out, err = await asyncio.to_thread(process.communicate, timeout=20)
        said = notices(place)
        kept = "".join(f.read_text(errors="replace") for f in place.data.rglob("*") if f.is_file())

    everything = "\n".join((status.out, status.err, shown.out, doctor.out, doctor.err, out, err, kept, *said))
    assert said
    assert before["connections"][0]["application"]["pid"] == pid
    assert json.loads(status.out)["connections"]
    assert "connected" in err
    assert PRETENDED_PASSWORD not in everything
    assert PRETENDED_PASSWORD[:10] not in everything
