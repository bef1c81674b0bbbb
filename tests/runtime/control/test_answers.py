"""What the running agent answers to the command line."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from agent.core.memory import Memory, PortKept, ProgramId, ProgramKept
from agent.core.settings import QuietHours
from agent.runtime.control.answers import LONGEST_SILENCE, fitting
from agent.runtime.control.channel import LONGEST_CONTROL_MESSAGE
from agent.runtime.loop import AgentLoop
from tests.asking import answered
from tests.problems.scene import connection
from tests.runtime.made_up_world import MadeUpWorld, running, state_of


def connected(world: MadeUpWorld) -> bool:
    return bool(world.statuses) and world.statuses[-1].connections[0].phase == "connected"


async def test_the_status_is_the_one_that_is_shown() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        reply = answered(loop, {"command": "status"})
        open_reply = answered(loop, {"command": "status", "show_accounts": True})

    assert reply["shows_problem"] is False
    assert reply["status"]["connections"][0]["name"] == "Paper Gateway"
    assert reply["status"]["connections"][0]["accounts"] == ["DU•••567"]
    assert open_reply["status"]["connections"][0]["accounts"] == ["DU1234567"]


def test_one_connection_cannot_make_the_answer_too_long_for_the_others() -> None:
    small = {"name": "small", "overall": "connected", "problems": [{"text": "x" * 200, "steps": ["one"] * 30}]}
    large = {
        "name": "l" * 30,
        "overall": "problem",
        "trusted": ["10.0.0.1" * 30] * 20_000,
        "since": "2026-11-22T08:00:00Z",
    }
    status = {"schema": 1, "connections": [small, large, dict(small)]}
    told = fitting(status)

    assert len(json.dumps(told)) < LONGEST_CONTROL_MESSAGE
    assert told["connections"][0] == told["connections"][2] == small
    assert told["connections"][1]["shortened"] is True
    assert told["connections"][1]["name"] == "l" * 30
    assert told["connections"][1]["overall"] == "problem"
    assert fitting(told) == told


def test_many_large_connections_still_fit() -> None:
    large = {"name": "x", "problems": [{"evidence": ["é" * 500] * 20}] * 10}
    told = fitting({"connections": [large] * 20})

    assert len(json.dumps(told, ensure_ascii=False).encode()) < LONGEST_CONTROL_MESSAGE
    assert all(c["shortened"] for c in told["connections"])


async def test_a_problem_is_told_with_the_status() -> None:
    world = MadeUpWorld(gateway=False)
    async with running(world) as loop:
        await world.until(lambda w: "app-not-running" in w.codes)
        reply = answered(loop, {"command": "status"})

    assert reply["shows_problem"] is True


def test_an_agent_that_has_just_begun_asks_for_patience() -> None:
    reply = answered(AgentLoop(state_of(), MadeUpWorld()), {"command": "status"})

    assert "still starting" in reply["error"]
    # Not a mistake of the user's: see `agent.cli.asked`.
    assert reply["later"] is True


@pytest.mark.parametrize("name", ["", "Paper Gateway"])
async def test_disconnect_and_connect_are_done_by_name_or_for_all(name: str) -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        done = [answered(loop, {"command": "disconnect", "name": name})]
        await world.until(lambda w: not w.sessions[0].open_now)
        kept = [s.connection for s in loop.state.memory.stopped]
        done.append(answered(loop, {"command": "connect", "name": name}))
        await world.until(lambda w: len(w.sessions) == 2 and connected(w))

    assert done == [{"done": True}] * 2
    assert kept == ["Paper Gateway"]


@pytest.mark.parametrize("command", ["connect", "disconnect"])
async def test_a_wrong_name_is_refused_with_the_right_ones(command: str) -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        reply = answered(loop, {"command": command, "name": "Live TWS"})

    assert reply == {"error": "There is no connection named “Live TWS”: choose one of “Paper Gateway”."}


async def test_pause_and_resume_are_done() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        answered(loop, {"command": "pause", "seconds": 1800})
        await world.until(lambda _: loop.state.memory.paused_until is not None)
        until = loop.state.memory.paused_until or 0.0
        answered(loop, {"command": "pause"})
        await world.until(lambda _: loop.state.memory.paused_until == float("inf"))
        shown = answered(loop, {"command": "status"})["status"]["paused_until"]
        answered(loop, {"command": "resume"})
        await world.until(lambda _: loop.state.memory.paused_until is None)

    assert abs(until - time.time() - 1800) < 10
    assert shown == "resume"


BAD_DURATIONS = [True, False, "30m", [], {}, -1, 0, float("nan"), float("inf"), 1e300, LONGEST_SILENCE * 2]


@pytest.mark.parametrize("seconds", BAD_DURATIONS, ids=repr)
async def test_a_pause_that_is_no_duration_is_refused(seconds: Any) -> None:
    loop = AgentLoop(state_of(), MadeUpWorld())
    reply = answered(loop, {"command": "pause", "seconds": seconds})

    assert "a year at most" in reply["error"]
    assert loop.state.memory == Memory()


async def test_the_longest_pause_can_be_shown() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        answered(loop, {"command": "pause", "seconds": LONGEST_SILENCE})
        await world.until(lambda _: loop.state.memory.paused_until is not None)
        reply = answered(loop, {"command": "status"})

    assert reply["status"]["paused_until"].endswith("Z")


async def test_a_problem_is_snoozed_by_its_code() -> None:
    world = MadeUpWorld(gateway=False)
    async with running(world) as loop:
        await world.until(lambda w: w.notices)
        reply = answered(loop, {"command": "snooze", "code": "app-not-running", "seconds": 60})
        await world.until(lambda w: w.withdrawn)

    assert reply == {"done": True}
    assert world.withdrawn[0] == world.notices[0].key


@pytest.mark.parametrize("seconds", [*BAD_DURATIONS, None], ids=repr)
def test_a_snooze_that_is_no_duration_is_refused(seconds: Any) -> None:
    loop = AgentLoop(state_of(), MadeUpWorld())
    reply = answered(loop, {"command": "snooze", "code": "api-silent", "seconds": seconds})

    assert "a year at most" in reply["error"]


@pytest.mark.parametrize("code", ["no-such-problem", "", 7, ["x"]], ids=repr)
def test_a_snooze_of_an_unknown_problem_says_where_the_codes_are(code: Any) -> None:
    loop = AgentLoop(state_of(), MadeUpWorld())
    reply = answered(loop, {"command": "snooze", "code": code, "seconds": 60})

    assert "no problem with the code" in reply["error"]
    assert "gatelight status" in reply["error"]


def test_a_snooze_without_a_code_is_refused() -> None:
    loop = AgentLoop(state_of(), MadeUpWorld())

    assert "needs the code" in answered(loop, {"command": "snooze", "seconds": 60})["error"]


def test_the_alarm_about_real_money_cannot_be_snoozed() -> None:
    loop = AgentLoop(state_of(), MadeUpWorld())
    reply = answered(loop, {"command": "snooze", "code": "trading-mode-mismatch", "seconds": 60})

    assert "cannot be snoozed" in reply["error"]


async def test_a_look_is_taken_on_request() -> None:
    world = MadeUpWorld()
    async with running(world, replace(state_of(), timing=replace(state_of().timing, look_every=60.0))) as loop:
        await world.until(connected)
        await world.until(lambda _: loop.state.urgent_since is None)
        before = len(world.looks)
        reply = answered(loop, {"command": "look"})
        await world.until(lambda w: len(w.looks) > before)

    assert reply == {"done": True}


@pytest.mark.parametrize("request_", [{}, {"command": None}, {"command": "sell"}, {"command": ["status"]}], ids=repr)
def test_an_unknown_command_is_refused(request_: dict[str, Any]) -> None:
    reply = answered(AgentLoop(state_of(), MadeUpWorld()), request_)

    assert "does not know the command" in reply["error"]


async def test_a_program_that_is_not_known_is_refused_with_those_that_are() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        no_program = answered(loop, {"command": "ignore", "program": "bot"})
        bot = ProgramKept(ProgramId("quantower"), 1_900_000)
        port = PortKept("Paper Gateway", 4002, programs=(bot,))
        loop.state = replace(loop.state, watched=(replace(loop.state.watched[0], port=port),))
        unknown = answered(loop, {"command": "ignore", "program": "bot", "name": "Paper Gateway"})
        elsewhere = answered(loop, {"command": "seen", "name": "nothing"})
        done = answered(loop, {"command": "ignore", "program": "quantower"})

    assert "No program has been connected for long enough" in no_program["error"]
    assert unknown["error"].endswith("to “Paper Gateway”: choose one of “quantower”.")
    assert "There is no connection" in elsewhere["error"]
    assert done == {"done": True}


@pytest.mark.parametrize(
    "command",
    [{"command": "seen"}, {"command": "resume"}, {"command": "connect"}, {"command": "ignore", "program": "bot"}],
    ids=lambda c: c["command"],
)
async def test_what_is_so_already_is_done_and_told_as_that(command: dict[str, Any]) -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        port = PortKept("Paper Gateway", 4002, programs=(ProgramKept(ProgramId("bot"), 1_900_000, ignored=True),))
        loop.state = replace(loop.state, watched=(replace(loop.state.watched[0], port=port),))
        reply = answered(loop, command)

    assert reply == {"done": True, "already": True}


async def test_notices_that_are_resumed_in_a_quiet_hour_come_after_it() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        always = (QuietHours(0, 720), QuietHours(720, 0))
        settings = loop.state.settings
        settings = replace(settings, notifications=replace(settings.notifications, quiet_hours=always))
        loop.state = replace(loop.state, settings=settings, memory=Memory(paused_until=float("inf")))
        reply = answered(loop, {"command": "resume"})

    assert reply == {"done": True, "quiet_hours": True}


async def test_a_pattern_means_every_connection_that_fits_and_the_answer_names_them() -> None:
    world = MadeUpWorld()
    names = ("prod-1", "prod-2", "test", "a*")
    async with running(world, state=state_of(*(connection(name=n) for n in names))) as loop:
        await world.until(lambda w: bool(w.statuses) and len(w.statuses[-1].connections) == len(names))
        some = answered(loop, {"command": "disconnect", "name": "prod-*", "seconds": 60})
        exact = answered(loop, {"command": "disconnect", "name": "a*"})
        none = answered(loop, {"command": "connect", "name": "live-*"})
        await world.until(lambda w: sum(not c.wanted for c in w.statuses[-1].connections) == 3)

    assert some == {"done": True, "connections": ["prod-1", "prod-2"]}
    assert exact == {"done": True}
    assert none["error"].startswith("No connection fits “live-*”: choose one of “prod-1”, “prod-2”, “test”, “a*”.")
