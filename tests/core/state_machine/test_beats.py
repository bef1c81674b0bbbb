"""Heartbeats that are sent and answered as usual decide nothing; any other answer is judged."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import agent
from agent.core.effects import Effect, SendHeartbeat
from agent.core.events import Arrival, HeartbeatAnswered, Tick
from agent.core.state_machine.advance import advance, advance_all
from agent.core.state_machine.beats import APART, AT_ONCE, PHASES, next_beat, next_verdict
from agent.core.state_machine.coalescing import COMMON
from agent.core.state_machine.session import Heartbeats, fresh_session
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.watched import Watched
from agent.core.timing import Timing
from tests.core.made_up_agent import connected, play
from tests.core.state_machine.test_concerned import number_of
from tests.core.test_together import all_connected
from tests.problems.scene import NOW

TIMING = Timing()


def answered(state: AgentState, index: int, at: float) -> tuple[AgentState, tuple[Effect, ...]]:
    """The application tells its time, which is ours."""
    now = NOW.later(at)
    return advance(state, HeartbeatAnswered(number_of(state, index), int(now.wall)), now)


def test_an_answer_as_usual_is_shown_and_judges_nothing() -> None:
    state, _ = answered(all_connected(()), 1, 0.1)
    beating, effects = play(state, Tick(), now=NOW.later(10.11))
    after, _ = answered(beating, 1, 10.15)

    assert SendHeartbeat(number_of(state, 1)) in effects
    assert beating.settled[1].facts is state.settled[1].facts
    assert after.settled[1].facts.now == state.settled[1].facts.now
    assert after.settled[1].beat == NOW.monotonic + 20.0
    assert after.settled[1].verdict == float("inf")
    assert after.shown is not None
    assert after.shown.connections[1].latency == pytest.approx(0.04)


def test_an_answer_that_is_taken_in_as_the_next_heartbeat_is_due_is_shown() -> None:
    state, _ = answered(all_connected(()), 1, 0.1)
    state, _ = play(state, Tick(), now=NOW.later(10.11))
    state, _ = answered(state, 1, 10.15)
    judged, _ = play(state, Tick(), now=NOW.later(15.2))
    beating, _ = play(judged, Tick(), now=NOW.later(20.11))
    now = NOW.later(20.18)
    answer = Arrival(HeartbeatAnswered(number_of(state, 1), int(now.wall)), now)
    after, effects = advance_all(beating, (answer,), NOW.later(30.0))

    assert SendHeartbeat(number_of(state, 1)) in effects
    assert after.settled[1].facts.now == judged.settled[1].facts.now
    assert after.shown is not None
    assert after.shown.connections[1].latency == pytest.approx(0.07)
    assert after.settled[1].facts.session.latency == after.shown.connections[1].latency


def test_an_answer_that_comes_late_or_from_another_clock_is_judged() -> None:
    state, _ = answered(all_connected(()), 1, 0.1)
    beating, _ = play(state, Tick(), now=NOW.later(10.11))
    silent, _ = play(beating, Tick(), now=NOW.later(10.11 + beating.timing.reply_timeout))
    late, _ = answered(silent, 1, 20.0)
    now = NOW.later(10.2)
    wrong, _ = advance(beating, HeartbeatAnswered(number_of(state, 1), int(now.wall) + 90), now)

    assert silent.settled[1].facts.session.heartbeat_unanswered == 1
    assert late.settled[1].facts.session.heartbeat_unanswered == 0
    assert wrong.settled[1].facts.now == now


def test_no_problem_advice_or_fix_depends_on_how_long_an_answer_took() -> None:
    rooms = ("problems", "fixes", "core/evidence", "core/alerts", "core/shown/checklist.py")
    sources = [Path(agent.__file__).parent / room for room in rooms]
    files = [file for source in sources for file in ([source] if source.is_file() else source.rglob("*.py"))]
    readers = [
        file
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "latency"
    ]

    assert len(files) > 100
    assert readers == []


def beating(heartbeats: Heartbeats) -> Watched:
    watched = connected().watched[0]
    return replace(watched, session=replace(fresh_session(0.0), heartbeats=heartbeats))


def test_heartbeats_go_out_at_common_moments_a_few_at_each() -> None:
    heard = beating(Heartbeats(last_heard=1003.0))
    moments = [next_beat(heard, TIMING, index) for index in range(AT_ONCE * PHASES)]

    assert moments[0] == 1010.0
    assert moments[AT_ONCE - 1] == 1010.0
    assert moments[AT_ONCE] == 1010.0 + APART
    assert all(1003.0 + TIMING.heartbeat_every / 2 <= at <= 1003.0 + TIMING.heartbeat_every for at in moments)
    assert {at % COMMON for at in moments} >= {0.0, 0.5, 1.0, 9.5}


def test_one_that_follows_an_unanswered_one_keeps_its_time() -> None:
    unanswered = beating(Heartbeats(last_heard=1003.0, sent=(1013.0,)))

    assert next_beat(unanswered, TIMING, 0) == 1013.0 + TIMING.second_heartbeat


def test_without_a_session_there_is_none() -> None:
    gone = replace(connected().watched[0], session=None)

    assert next_beat(gone, TIMING, 0) == float("inf")
    assert next_verdict(gone, TIMING, 1000.0, 1000.0) == float("inf")
