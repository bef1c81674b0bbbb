from dataclasses import replace

from agent.core.events import (
    ConfigRejected,
    HeartbeatAnswered,
    Looked,
    NoticeUndelivered,
    ProcessExited,
    Reconfigured,
    SessionFailed,
    Tick,
    Woke,
)
from agent.core.facts import ApiClient, Known, Unknown
from agent.core.session_facts import Outcome
from agent.core.settings import CheckSettings, Settings
from agent.core.state_machine.connection import Blocked
from agent.core.state_machine.intake import take_in
from tests.core.made_up_agent import PAPER, connected, looked, started
from tests.problems.scene import NOW, connection, gateway, machine, relay

LIVE = connection("Live", port=4001)


def test_a_look_answers_the_wish_for_one_unless_it_began_before() -> None:
    state = replace(started(), urgent_since=50.0)

    assert take_in(state, Looked(replace(machine(), taken=49.9)), NOW)[0].urgent_since == 50.0

    after, _ = take_in(state, Looked(replace(machine(), taken=50.0)), NOW)

    assert (after.urgent_since, after.look_at) == (None, None)


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


def test_a_port_that_closed_is_tried_at_once_when_two_looks_show_that_it_serves_another_program() -> None:
    """A Gateway in a container has logged in: its relay serves the user's bot again."""
    around = machine(listeners=(relay(),))
    state = looked(started(connection(port=4002)), around)
    state, _ = take_in(state, SessionFailed(state.watched[0].number or 0, Outcome.CLOSED, 0.004), NOW.later(1))
    waits = state.watched[0].link.state
    assert isinstance(waits, Blocked)

    bot = ApiClient(4002, 991, "bot", since=NOW.wall + 5)
    seen = machine(listeners=(relay(),), clients=(bot,))
    once, _ = take_in(state, Looked(seen), NOW.later(5))
    twice, _ = take_in(once, Looked(seen), NOW.later(10))

    assert once.watched[0].link.state == waits
    assert twice.watched[0].link.state == replace(waits, retry_at=NOW.monotonic + 10)

    # What stood there before the attempt shows no change, and our own connection none either.
    for client in (replace(bot, since=NOW.wall), replace(bot, own=True)):
        seen = machine(listeners=(relay(),), clients=(client,))
        still, _ = take_in(take_in(state, Looked(seen), NOW.later(5))[0], Looked(seen), NOW.later(10))

        assert still.watched[0].link.state == waits


def test_a_tick_asks_to_be_woken_anew() -> None:
    assert take_in(replace(started(), wake_at=5.0), Tick(), NOW)[0].wake_at is None


def test_a_new_configuration_replaces_the_error_and_the_timing() -> None:
    state, _ = take_in(started(), ConfigRejected("line 3"), NOW)

    assert state.config_error == "line 3"

    settings = Settings((PAPER,), CheckSettings(look_every=9.0, heartbeat_every=20.0, reply_timeout=3.0))
    state, effects = take_in(state, Reconfigured(settings), NOW)

    assert (state.config_error, effects) == (None, ())
    assert (state.timing.look_every, state.timing.heartbeat_every, state.timing.reply_timeout) == (9.0, 20.0, 3.0)


def test_a_notice_nobody_took_of_something_unknown_is_ignored() -> None:
    state = connected()

    assert take_in(state, NoticeUndelivered("Paper Gateway/x", "gone"), NOW)[0] == state
