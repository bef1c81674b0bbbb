from dataclasses import replace

import pytest

from agent.core.alerts.reminder import REMINDER_KEY
from agent.core.effects import CloseSession, Withdraw
from agent.core.events import (
    Reconfigured,
)
from agent.core.memory import Memory, PortKept, Stopped, WellKept
from agent.core.settings import Settings
from agent.core.state_machine.connection import Connected
from agent.core.state_machine.enrolment import enroll
from agent.core.state_machine.intake import take_in
from agent.core.state_machine.state import AgentState
from tests.core.made_up_agent import PAPER, connected, looked, started
from tests.problems.scene import NOW, connection, machine

LIVE = connection("Live", port=4001)


def number_of(state: AgentState) -> int:
    number = state.watched[0].number
    assert number is not None
    return number


def test_a_connection_that_stays_keeps_its_session_and_one_that_goes_is_closed() -> None:
    state = connected()
    number = number_of(state)
    both, effects = take_in(state, Reconfigured(Settings((LIVE, PAPER))), NOW)

    assert effects == ()
    assert isinstance(both.watched[1].link.state, Connected)
    assert both.watched[1].number == number

    assert take_in(both, Reconfigured(Settings((LIVE,))), NOW)[1] == (CloseSession(number),)


def test_a_connection_that_is_given_another_port_leaves_the_one_it_is_on() -> None:
    state = connected()
    number = number_of(state)
    moved, effects = take_in(state, Reconfigured(Settings((replace(PAPER, port=4010),))), NOW)

    assert effects == (CloseSession(number),)
    assert not moved.watched[0].connected

    same, effects = take_in(state, Reconfigured(Settings((replace(PAPER, port="auto"),))), NOW)

    assert (effects, same.watched[0].number) == ((), number)


def test_enrolling_the_same_again_changes_nothing() -> None:
    state = connected()

    assert enroll(state, NOW) is state


def test_that_it_is_not_watched_is_no_news_of_a_connection_that_goes() -> None:
    state = started(PAPER, LIVE, memory=Memory(stopped=(Stopped("Live", None),)))

    assert take_in(state, Reconfigured(Settings((LIVE,))), NOW)[1] == ()
    assert take_in(state, Reconfigured(Settings((PAPER,))), NOW)[1] == (Withdraw(REMINDER_KEY),)


def test_a_connection_comes_back_as_disconnected_as_it_was() -> None:
    state = replace(started(), memory=Memory(stopped=(Stopped("Live", None),)))
    state, _ = take_in(state, Reconfigured(Settings((PAPER, LIVE))), NOW)

    assert [w.wanted for w in state.watched] == [True, False]


@pytest.mark.parametrize(("kind", "port"), [("gateway", 4002), ("tws", 4001)])
def test_after_a_restart_an_application_that_does_not_run_is_awaited_where_it_was(kind: str, port: int) -> None:
    memory = Memory(ports=(PortKept(PAPER.name, 4002),), well=(WellKept(PAPER.name, kind),))
    state = looked(started(replace(PAPER, port="auto"), memory=memory), machine())

    assert state.shown is not None
    assert state.shown.connections[0].port == port
    assert not state.watched[0].sight.ever
