from dataclasses import replace

import pytest

from agent.core.effects import Announce, CloseSession, Record, SendHeartbeat
from agent.core.events import (
    ConfigRejected,
    HeartbeatAnswered,
    Looked,
    NoticeArrived,
    NoticeUndelivered,
    ProcessExited,
    Reconfigured,
    SessionFailed,
    SessionLost,
    SessionReady,
    Tick,
    UserAsked,
    Woke,
)
from agent.core.facts import Known, Unknown
from agent.core.memory import Memory, Snoozed
from agent.core.problem import Severity
from agent.core.session_facts import Outcome
from agent.core.settings import CheckSettings, Settings
from agent.core.shown.display import Connect, Disconnect, LookNow, Pause, Quit, Resume, ShowSteps, Snooze
from agent.core.state_machine.connection import BackingOff, Connected, Connecting
from agent.core.state_machine.intake import enroll, take_in
from agent.core.state_machine.state import AgentState, Knowledge, Words
from agent.guides import load_guides
from agent.problems import PROBLEMS
from tests.core.made_up_agent import PAPER, connected, looked, started
from tests.problems.scene import NOW, connection, gateway, machine

LIVE = connection("Live", port=4001)


def number_of(state: AgentState) -> int:
    number = state.watched[0].number
    assert number is not None
    return number


def test_a_look_answers_the_wish_for_one_unless_it_began_before() -> None:
    state = replace(started(), urgent_since=50.0)

    assert take_in(state, Looked(replace(machine(), taken=49.9)), NOW)[0].urgent_since == 50.0

    after, _ = take_in(state, Looked(replace(machine(), taken=50.0)), NOW)

    assert (after.urgent_since, after.look_at) == (None, None)


def test_a_session_that_is_ready_is_asked_for_its_time_at_once() -> None:
    state = looked(started())
    number = number_of(state)
    state, effects = take_in(state, SessionReady(number, 178, ("DU1",), 0.01), NOW)
    session = state.watched[0].session

    assert effects == (
        SendHeartbeat(number),
        Record(Severity.INFO, "Paper Gateway: connected (server version 178)"),
    )
    assert session is not None
    assert (session.accounts, session.heartbeats.sent) == (("DU1",), (NOW.monotonic,))


def test_a_failure_is_told_to_the_log_once() -> None:
    state = looked(started())
    state, effects = take_in(state, SessionFailed(number_of(state), Outcome.REFUSED, 0.0, "connection refused"), NOW)

    assert effects == (Record(Severity.INFO, "Paper Gateway: no connection: connection refused"),)
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

    assert effects == (Record(Severity.INFO, "Paper Gateway: connection lost: reset"),)
    assert isinstance(state.watched[0].link.state, BackingOff)
    assert state.watched[0].session is None
    assert state.urgent_since == NOW.monotonic + 1


def test_a_moved_port_wants_a_look() -> None:
    state = replace(connected(), urgent_since=None)

    assert take_in(state, NoticeArrived(number_of(state), 2104, "x"), NOW)[0].urgent_since is None
    assert take_in(state, NoticeArrived(number_of(state), 1300, "4003"), NOW)[0].urgent_since == NOW.monotonic


def test_a_process_that_ended_is_taken_out_of_the_picture_at_once() -> None:
    state = looked(started(), machine(gateway(), gateway(pid=9, ports=(4001,))))
    state, _ = take_in(state, ProcessExited(3117), NOW)

    assert isinstance(state.machine.processes, Known)
    assert [p.pid for p in state.machine.processes.value.applications] == [9]
    assert isinstance(state.machine.sockets, Known)
    assert [x.pid for x in state.machine.sockets.value.listeners] == [9]
    assert 3117 not in state.exits
    assert state.urgent_since == NOW.monotonic


def test_a_process_that_ends_while_nothing_can_be_read_is_no_fault() -> None:
    blind = machine(processes=Unknown("late"), sockets=Unknown("late"))
    state, _ = take_in(looked(started(), blind), ProcessExited(3117), NOW)

    assert state.machine.processes == Unknown("late")


def test_waking_up_holds_notices_back_and_asks_every_session() -> None:
    state, _ = take_in(connected(), HeartbeatAnswered(1, int(NOW.wall)), NOW)
    state, effects = take_in(state, Woke(3600.0), NOW)
    session = state.watched[0].session

    assert effects == ()
    assert state.hold_until == NOW.monotonic + state.timing.wake_grace
    assert session is not None
    assert session.heartbeats.due(state.timing) == float("-inf")


def test_a_tick_asks_to_be_woken_anew() -> None:
    assert take_in(replace(started(), wake_at=5.0), Tick(), NOW)[0].wake_at is None


def test_a_wish_to_disconnect_is_kept_until_it_is_taken_back() -> None:
    state = started(PAPER, LIVE)
    state, _ = take_in(state, UserAsked(Disconnect(PAPER.name)), NOW)
    state, _ = take_in(state, UserAsked(Disconnect(PAPER.name)), NOW)

    assert state.memory.disconnected == (PAPER.name,)
    assert [w.wanted for w in state.watched] == [False, True]

    state, _ = take_in(state, UserAsked(Disconnect("")), NOW)

    assert [w.wanted for w in state.watched] == [False, False]

    state, _ = take_in(state, UserAsked(Connect(PAPER.name)), NOW)

    assert state.memory.disconnected == ("Live",)
    assert [w.wanted for w in state.watched] == [True, False]
    assert take_in(state, UserAsked(Connect("")), NOW)[0].memory.disconnected == ()


@pytest.mark.parametrize("later", [Connect(PAPER.name), Disconnect(PAPER.name)])
def test_a_later_wish_replaces_the_one_for_a_while(later: Connect | Disconnect) -> None:
    state, _ = take_in(started(), UserAsked(Disconnect(PAPER.name, 60.0)), NOW)
    state, _ = take_in(state, UserAsked(later), NOW)

    assert state.memory.returning == ()


def test_a_wish_about_nobody_is_not_kept() -> None:
    assert take_in(started(), UserAsked(Disconnect("nobody")), NOW)[0].memory == Memory()


def test_pauses_and_snoozes_are_kept_by_the_wall_clock() -> None:
    state = started()

    assert take_in(state, UserAsked(Pause(60.0)), NOW)[0].memory.paused_until == NOW.wall + 60
    assert take_in(state, UserAsked(Pause(None)), NOW)[0].memory.paused_until == float("inf")
    paused, _ = take_in(state, UserAsked(Pause(None)), NOW)

    assert take_in(paused, UserAsked(Resume()), NOW)[0].memory.paused_until is None

    for seconds in (60.0, 90.0):
        state, _ = take_in(state, UserAsked(Snooze("api-silent", "", seconds)), NOW)

    assert state.memory.snoozed == (Snoozed("", "api-silent", NOW.wall + 90),)


def test_a_look_can_be_asked_for_and_the_rest_is_done_outside() -> None:
    state = replace(started(), urgent_since=None)

    assert take_in(state, UserAsked(LookNow()), NOW)[0].urgent_since == NOW.monotonic
    assert take_in(state, UserAsked(Quit()), NOW) == (state, ())


def test_where_there_is_no_page_a_notice_shows_the_steps_of_what_is_wrong_now() -> None:
    begun = replace(started(), knowledge=Knowledge(PROBLEMS, Words(load_guides(), {})))
    state = looked(looked(begun, machine()), machine(), now=NOW.later(90.0))
    (problem,) = [p for c in state.shown.connections for p in c.problems if p.visible] if state.shown else []
    asked = UserAsked(ShowSteps(PAPER.name, problem.code, as_notice=True))

    (told,) = take_in(state, asked, NOW.later(91.0))[1]
    assert isinstance(told, Announce)
    assert told.notice.title == problem.title
    assert told.notice.text.startswith("1. ")

    state = looked(state, now=NOW.later(95.0))
    (over,) = take_in(state, asked, NOW.later(96.0))[1]
    assert isinstance(over, Announce)
    assert over.notice.title == "Nothing to do now"


def test_a_new_configuration_replaces_the_error_and_the_timing() -> None:
    state, _ = take_in(started(), ConfigRejected("line 3"), NOW)

    assert state.config_error == "line 3"

    settings = Settings((PAPER,), CheckSettings(look_every=9.0, heartbeat_every=20.0, reply_timeout=3.0))
    state, effects = take_in(state, Reconfigured(settings), NOW)

    assert (state.config_error, effects) == (None, ())
    assert (state.timing.look_every, state.timing.heartbeat_every, state.timing.reply_timeout) == (9.0, 20.0, 3.0)


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


def test_a_connection_comes_back_as_disconnected_as_it_was() -> None:
    state = replace(started(), memory=Memory(disconnected=("Live",)))
    state, _ = take_in(state, Reconfigured(Settings((PAPER, LIVE))), NOW)

    assert [w.wanted for w in state.watched] == [True, False]


def test_a_notice_nobody_took_of_something_unknown_is_ignored() -> None:
    state = connected()

    assert take_in(state, NoticeUndelivered("Paper Gateway/x", "gone"), NOW)[0] == state
