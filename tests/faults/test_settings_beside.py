"""The settings session beside the main one: right settings or an honest unknown, and the main session untouched."""

import asyncio
from pathlib import Path

import pytest

from agent.core.events import UserAsked
from agent.core.shown.display import LookNow
from agent.core.shown.status import status_to_json
from agent.simulator.world import SimulatedApplication
from agent.tws.api_settings import CONFIG_SINCE, ApiSettings, Configuration
from tests.faults.ours import at_work
from tests.faults.watching import QUICK, paper

START_API, CURRENT_TIME, CONFIG = 71, 49, 108
LATE = QUICK.heartbeat_every + QUICK.second_heartbeat + 1.0
"""Seconds between two heartbeats that would be too long on a busy machine."""

UNKNOWN = {
    "config-refused": "refused with notice 10357",
    "config-silent": "the time was up",
    "config-half": "the time was up",
    "config-garbage": "could not be read",
    "config-huge": "too much for settings",
    "config-unknown-fields": None,
    "config-wrong-types": None,
}
"""Per fault, why the settings are not known; None: they are, as far as they can be read."""


@pytest.mark.parametrize("version", [178, 218, 219, 221, 226])
async def test_every_version_tells_what_it_can(version: int, tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path, server_version=version) as gateway,
        at_work(paper(gateway.port)) as (agent, loop),
    ):
        await agent.connected()
        await agent.until(lambda _: loop.state.watched[0].inquiry.told.at is not None, "told its settings")
        shown = status_to_json(agent.statuses[-1])["connections"][0]["api_settings"]
        number = loop.state.watched[0].number
        counted = await gateway.counters()

    if version < CONFIG_SINCE:
        assert shown["source"] == "unknown"
        assert f"server version {version}" in shown["reason"]
        assert CONFIG not in counted.received
    else:
        assert shown["source"] == "api"
        assert shown["settings"]["read_only_api"] is False
        assert shown["settings"]["socket_port"] == gateway.port
        assert shown["lock_and_exit"]["auto_logoff_type"] == "restart"
        assert counted.received[CONFIG] == 1
    assert number == loop.state.watched[0].number


@pytest.mark.parametrize(("fault", "why"), UNKNOWN.items())
async def test_whatever_is_answered_the_main_session_goes_on(fault: str, why: str | None, tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path, faults=(fault,)) as gateway,
        at_work(paper(gateway.port)) as (agent, loop),
    ):
        await agent.connected()
        loop.post(UserAsked(LookNow()))
        before = await gateway.counters()
        number = loop.state.watched[0].number
        latencies: list[float] = []
        unanswered = 0
        for _ in range(20):
            await asyncio.sleep(0.2)
            session = loop.state.watched[0].session
            assert session is not None, "the main session was lost"
            unanswered = max(unanswered, session.heartbeats.unanswered(agent.now().monotonic, QUICK))
            if session.latency is not None:
                latencies.append(session.latency)
        told = loop.state.watched[0].inquiry.told
        shown = status_to_json(agent.statuses[-1])["connections"][0]["api_settings"]
        counted = await gateway.counters()

    assert told.at is not None
    if why is None:
        assert shown["source"] == "api"
    else:
        assert (shown["source"], why in shown["reason"]) == ("unknown", True), shown
    # One session of a moment for each question; what the main one sends is its heartbeat, in time.
    assert loop.state.watched[0].number == number
    assert counted.received[CURRENT_TIME] - before.received.get(CURRENT_TIME, 0) >= 4.0 / LATE - 1
    assert set(counted.received) <= {START_API, CURRENT_TIME, CONFIG}
    assert unanswered == 0
    assert max(latencies) < QUICK.reply_timeout
    assert agent.said == []


async def test_read_only_is_known_before_anything_fails_and_its_end_is_noticed_by_itself(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port)) as (agent, loop),
    ):
        await agent.connected()
        await gateway.configure(Configuration(ApiSettings(read_only_api=True)))
        loop.post(UserAsked(LookNow()))
        await agent.until(lambda a: a.codes == ["read-only-api"], "told read-only-api")
        evidence = agent.connection.problems[0].evidence
        # Nobody asks again: who clears the box has only to wait.
        await gateway.configure(Configuration(ApiSettings(read_only_api=False)))
        await agent.connected()

    assert evidence[0].startswith("“Read-Only API” is ticked, as the API told")
    assert not any("notice 321" in line for line in evidence)
    assert agent.said == ["read-only-api", "over: read-only-api"]
