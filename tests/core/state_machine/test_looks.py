"""A look that tells nothing new judges only what is not well; whatever else it tells is judged of all at once."""

from dataclasses import fields, replace
from typing import Any

import pytest

from agent.core.events import HeartbeatAnswered, Looked, NoticeArrived, Tick, UserAsked
from agent.core.facts import Known, MachineFacts, Process, Unknown
from agent.core.shown.display import Disconnect, LookNow
from agent.core.state_machine.looks import JUDGED_EVERY, is_undisturbed, tells_nothing_new
from agent.core.state_machine.state import AgentState
from agent.problems import PROBLEMS
from tests.core.made_up_agent import connected, play
from tests.problems.scene import NOW, gateway, machine

BEGAN = (NOW.monotonic // JUDGED_EVERY + 1) * JUDGED_EVERY - NOW.monotonic
"""Seconds after which a stretch of time begins in which the first look is judged."""


def watching() -> AgentState:
    """An agent whose session has answered, and was looked at in this stretch of time."""
    state, _ = play(connected(problems=tuple(PROBLEMS)), Looked(around(BEGAN)), now=NOW.later(BEGAN))
    now = NOW.later(BEGAN + 0.1)
    number = state.watched[0].number
    assert number is not None
    return play(state, HeartbeatAnswered(number, int(now.wall)), now=now)[0]


def around(at: float, **other: Any) -> MachineFacts:
    return replace(machine(gateway()), taken=NOW.monotonic + at, **other)


def applications(**other: Any) -> dict[str, Known[Any]]:
    processes = machine(gateway()).processes
    assert isinstance(processes, Known)
    changed = tuple(replace(one, **other) for one in processes.value.applications)
    return {"processes": Known(replace(processes.value, applications=changed))}


def is_judged(state: AgentState, look: MachineFacts) -> bool:
    now = NOW.later(look.taken - NOW.monotonic)
    return play(state, Looked(look), now=now)[0].settled[0].facts.now == now


def test_a_look_that_tells_nothing_new_is_judged_once_in_a_while() -> None:
    state = watching()

    assert not is_judged(state, around(BEGAN + 10.0))
    assert not is_judged(state, around(BEGAN + 20.0))
    assert is_judged(state, around(BEGAN + JUDGED_EVERY))


def test_the_next_look_is_planned_all_the_same_and_judged_from_what_was_seen_last() -> None:
    state = watching()
    look = around(BEGAN + 10.0, **applications(memory=1 << 30))
    after, _ = play(state, Looked(look), now=NOW.later(BEGAN + 10.0))

    assert after.look_at is not None
    assert after.look_at.at > look.taken
    assert after.machine == look
    number = after.watched[0].number
    assert number is not None
    told, _ = play(after, NoticeArrived(number, 399, "x"), now=NOW.later(BEGAN + 11.0))
    assert told.settled[0].facts.machine == look


@pytest.mark.parametrize("field", [field.name for field in fields(MachineFacts)])
def test_each_fact_that_changes_is_judged_but_for_when_and_at_what_cost_it_was_found_out(field: str) -> None:
    other: Any = Unknown("it could not be read")
    if field in ("utc_offset", "cost", "taken"):
        other = 3600.0 if field == "utc_offset" else 0.25 if field == "cost" else NOW.monotonic + BEGAN + 1.0
    if field in ("clock_changes", "virtual_networks"):
        other = ("another",)
    if field == "thorough":
        other = True

    changed = replace(around(BEGAN + 10.0), **{field: other})
    assert tells_nothing_new(around(BEGAN), changed) is (field in ("cost", "taken"))


@pytest.mark.parametrize("field", [field.name for field in fields(Process)])
def test_what_a_process_uses_is_new_in_every_look_and_anything_else_of_it_is_news(field: str) -> None:
    uses = field in ("memory", "memory_peak", "memory_growth", "cpu")

    assert tells_nothing_new(around(BEGAN), around(BEGAN + 10.0, **applications(**{field: 77}))) is uses


def test_a_look_that_was_asked_for_is_judged() -> None:
    state = watching()
    now = NOW.later(BEGAN + 5.0)

    assert is_judged(play(state, UserAsked(LookNow()), now=now)[0], around(BEGAN + 6.0))
    assert is_judged(state, around(BEGAN + 6.0, thorough=True))


def test_a_connection_with_a_problem_or_without_a_session_is_judged_with_each_look() -> None:
    state = watching()
    number = state.watched[0].number
    assert number is not None
    now = NOW.later(BEGAN + 1.0)
    down, _ = play(state, NoticeArrived(number, 1100, "Connectivity lost"), now=now)
    stopped, _ = play(state, UserAsked(Disconnect("Paper Gateway")), now=now)
    silent, _ = play(state, Tick(), now=NOW.later(BEGAN + 10.1))
    silent, _ = play(silent, Tick(), now=NOW.later(BEGAN + 10.1 + state.timing.reply_timeout))

    assert is_undisturbed(state.watched[0], state.settled[0])
    for other, at in ((down, 10.0), (stopped, 10.0), (silent, 20.0)):
        assert not is_undisturbed(other.watched[0], other.settled[0])
        assert is_judged(other, around(BEGAN + at))
