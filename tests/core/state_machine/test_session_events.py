from dataclasses import replace

import pytest

from agent.core.effects import Record, SendHeartbeat
from agent.core.events import (
    HeartbeatAnswered,
    NoticeArrived,
    SessionFailed,
    SessionLost,
    SessionReady,
)
from agent.core.problem import Severity
from agent.core.session_facts import Outcome
from agent.core.state_machine.connection import BackingOff, Connecting
from agent.core.state_machine.intake import take_in
from agent.core.state_machine.state import AgentState
from tests.core.made_up_agent import connected, looked, started
from tests.problems.scene import NOW, connection

LIVE = connection("Live", port=4001)


def number_of(state: AgentState) -> int:
    number = state.watched[0].number
    assert number is not None
    return number


def test_a_session_that_is_ready_is_asked_for_its_time_at_once() -> None:
    state = looked(started())
    number = number_of(state)
    state, effects = take_in(state, SessionReady(number, 178, ("DU1",), 0.01), NOW)
    session = state.watched[0].session

    assert effects == (
        SendHeartbeat(number),
        Record(Severity.INFO, "Paper Gateway: connected (server version 178)", connection="Paper Gateway"),
    )
    assert session is not None
    assert (session.accounts, session.heartbeats.sent) == (("DU1",), (NOW.monotonic,))


def test_a_failure_is_told_to_the_log_once() -> None:
    state = looked(started())
    state, effects = take_in(state, SessionFailed(number_of(state), Outcome.REFUSED, 0.0, "connection refused"), NOW)

    assert effects == (
        Record(Severity.INFO, "Paper Gateway: no connection: connection refused", connection="Paper Gateway"),
    )
    assert state.urgent_since == NOW.monotonic

    again = replace(state.watched[0], link=replace(state.watched[0].link, state=Connecting(0.0, 9, 4002, 7000, "d")))
    state, effects = take_in(replace(state, watched=(again,)), SessionFailed(9, Outcome.REFUSED, 0.0), NOW)

    assert effects == ()


def test_what_was_said_before_an_attempt_failed_belongs_to_it_and_to_no_later_one() -> None:
    state = looked(started())
    number = number_of(state)
    for code, text in ((10141, "Disclaimer"), (1100, "Lost"), (504, "Not connected")):
        state, _ = take_in(state, NoticeArrived(number, code, text), NOW)
    state, _ = take_in(state, SessionFailed(number, Outcome.NOT_READY, 1.0), NOW)
    attempt = state.watched[0].link.attempt

    assert attempt is not None
    assert sorted(n.code for n in attempt.notices) == [504, 1100, 10141]
    assert state.watched[0].session is None

    again = replace(state.watched[0], link=replace(state.watched[0].link, state=Connecting(0.0, 9, 4002, 7000, "d")))
    state, _ = take_in(replace(state, watched=(again,)), SessionFailed(9, Outcome.NOT_READY, 1.0), NOW)
    attempt = state.watched[0].link.attempt

    assert attempt is not None
    assert attempt.notices == ()


def test_what_is_told_at_every_attempt_has_been_so_since_the_first() -> None:
    state = looked(started())
    for seconds in (0.0, 30.0):
        link = replace(state.watched[0].link, state=Connecting(0.0, 9, 4002, 7000, "d"))
        state = replace(state, watched=(replace(state.watched[0], link=link),))
        state, _ = take_in(state, NoticeArrived(9, 1100, "Lost"), NOW.later(seconds))
        state, _ = take_in(state, SessionFailed(9, Outcome.NOT_READY, 1.0), NOW.later(seconds + 1))
    attempt = state.watched[0].link.attempt

    assert attempt is not None
    assert [(n.at, n.first, n.count) for n in attempt.notices] == [(NOW.monotonic + 30.0, NOW.monotonic, 2)]


def test_an_attempt_has_one_verdict_and_only_a_session_can_be_lost() -> None:
    up = connected()
    trying = looked(started())

    assert take_in(up, SessionFailed(number_of(up), Outcome.CLOSED, 1.0), NOW) == (up, ())
    assert take_in(up, SessionReady(number_of(up), 178, (), 1.0), NOW) == (up, ())
    assert take_in(trying, SessionLost(number_of(trying), "reset"), NOW) == (trying, ())


@pytest.mark.parametrize(
    "event",
    [
        SessionReady(99, 178, (), 0.0),
        SessionFailed(99, Outcome.SILENT, 0.0),
        SessionLost(99, "late"),
        NoticeArrived(99, 1100, "late"),
        HeartbeatAnswered(99, 5),
    ],
)
def test_what_a_given_up_attempt_says_changes_nothing(
    event: SessionReady | SessionFailed | SessionLost | NoticeArrived | HeartbeatAnswered,
) -> None:
    state = connected()

    assert take_in(state, event, NOW) == (state, ())


def test_a_loss_is_in_the_log_and_wants_a_look() -> None:
    state = connected()
    state, effects = take_in(state, SessionLost(number_of(state), "reset"), NOW.later(1))

    assert effects == (Record(Severity.INFO, "Paper Gateway: connection lost: reset", connection="Paper Gateway"),)
    assert isinstance(state.watched[0].link.state, BackingOff)
    assert state.watched[0].session is None
    assert state.urgent_since == NOW.monotonic + 1


def test_a_moved_port_wants_a_look() -> None:
    state = replace(connected(), urgent_since=None)

    assert take_in(state, NoticeArrived(number_of(state), 2104, "x"), NOW)[0].urgent_since is None
    assert take_in(state, NoticeArrived(number_of(state), 1300, "4003"), NOW)[0].urgent_since == NOW.monotonic
