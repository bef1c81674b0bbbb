from dataclasses import replace

import pytest

from agent.core.alerts.reminder import REMINDER_KEY
from agent.core.effects import Announce, Happened, MarkKind, Withdraw
from agent.core.events import Looked, UserAsked
from agent.core.memory import ChangeKept, Memory, PortKept, ProgramId, ProgramKept, Snoozed, Stopped, WellKept
from agent.core.shown.display import (
    Connect,
    Disconnect,
    Ignore,
    LookNow,
    Pause,
    Quit,
    Resume,
    SeenChanges,
    ShowSteps,
    Snooze,
)
from agent.core.state_machine.advance import advance
from agent.core.state_machine.intake import take_in
from agent.core.state_machine.state import Knowledge, Words
from agent.core.state_machine.user_actions import SEEN, is_so_already
from agent.guides import load_guides
from agent.problems import PROBLEMS
from tests.core.made_up_agent import PAPER, looked, started
from tests.problems.scene import NOW, connection, machine

LIVE = connection("Live", port=4001)


def test_a_wish_to_disconnect_is_kept_until_it_is_taken_back() -> None:
    state = started(PAPER, LIVE)
    state, _ = take_in(state, UserAsked(Disconnect(PAPER.name)), NOW)
    state, _ = take_in(state, UserAsked(Disconnect(PAPER.name)), NOW.later(60))

    assert state.memory.stopped == (Stopped(PAPER.name, NOW.wall, None, NOW.wall + 60),)
    assert [w.wanted for w in state.watched] == [False, True]

    state, _ = take_in(state, UserAsked(Disconnect("")), NOW)

    assert [w.wanted for w in state.watched] == [False, False]

    state, _ = take_in(state, UserAsked(Connect(PAPER.name)), NOW)

    assert [s.connection for s in state.memory.stopped] == ["Live"]
    assert [w.wanted for w in state.watched] == [True, False]
    assert take_in(state, UserAsked(Connect("")), NOW)[0].memory.stopped == ()


@pytest.mark.parametrize("later", [Connect(PAPER.name), Disconnect(PAPER.name)])
def test_a_later_wish_replaces_the_one_for_a_while(later: Connect | Disconnect) -> None:
    state, _ = take_in(started(), UserAsked(Disconnect(PAPER.name, 60.0)), NOW)
    state, _ = take_in(state, UserAsked(later), NOW)

    assert [s.until for s in state.memory.stopped] == ([None] if isinstance(later, Disconnect) else [])


def test_an_end_is_kept_as_a_time_whether_it_was_given_as_one_or_as_a_duration() -> None:
    for asked in (Disconnect(PAPER.name, 60.0), Disconnect(PAPER.name, until=NOW.wall + 60)):
        state, _ = take_in(started(), UserAsked(asked), NOW)

        assert state.memory.stopped == (Stopped(PAPER.name, NOW.wall, NOW.wall + 60, NOW.wall),)


def test_what_is_so_already_is_known_before_it_is_done() -> None:
    bot, other = (ProgramKept(ProgramId(name), 1_900_000) for name in ("bot", "other"))
    state = started(PAPER, LIVE)
    port = PortKept(PAPER.name, programs=(replace(bot, ignored=True), other))
    state = replace(state, watched=(replace(state.watched[0], port=port), state.watched[1]))
    so = (Connect(""), Connect("Live"), Resume(), SeenChanges(""), Ignore("bot"), Ignore("other", undo=True))
    news = (Disconnect(""), Pause(None), Ignore("other"), Ignore("bot", undo=True), Ignore("other", PAPER.name))

    assert [is_so_already(state, one, NOW) for one in so] == [True] * 6
    assert [is_so_already(state, one, NOW) for one in news] == [False] * 5
    assert is_so_already(state, Ignore("other", "Live"), NOW)

    stopped, _ = take_in(state, UserAsked(Disconnect("Live")), NOW)
    paused, _ = take_in(state, UserAsked(Pause(None)), NOW)
    changed = replace(state.watched[0], changes=(ChangeKept("port", "4002", "4001", NOW.wall),))

    assert [is_so_already(stopped, one, NOW) for one in (Connect(""), Connect("Live"))] == [False, False]
    assert is_so_already(stopped, Connect(PAPER.name), NOW)
    assert not is_so_already(paused, Resume(), NOW)
    assert not is_so_already(replace(state, watched=(changed, state.watched[1])), SeenChanges(""), NOW)
    assert is_so_already(replace(state, watched=(changed, state.watched[1])), SeenChanges("Live"), NOW)


def test_watching_again_takes_the_reminder_back() -> None:
    stopped, _ = take_in(started(), UserAsked(Disconnect(PAPER.name)), NOW)

    assert take_in(stopped, UserAsked(Connect(PAPER.name)), NOW)[1] == (Withdraw(REMINDER_KEY),)
    assert take_in(started(), UserAsked(Connect(PAPER.name)), NOW)[1] == ()


def test_a_wish_about_nobody_is_not_kept() -> None:
    assert take_in(started(), UserAsked(Disconnect("unknown")), NOW)[0].memory == Memory()


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


def test_what_the_user_has_seen_is_not_shown_any_more_and_its_notice_is_taken_back() -> None:
    change = ChangeKept("version", "10.45", "10.50", NOW.wall - 60)
    well = WellKept(PAPER.name, "gateway", ("version",), ("10.50",), (change,))
    memory = Memory(well=(well,))
    state = advance(started(PAPER, memory=memory, problems=PROBLEMS), Looked(machine()), NOW)[0]

    assert [p.code for p in state.shown.connections[0].problems if p.until_seen] == ["app-changed"]  # type: ignore[union-attr]

    state, effects = advance(state, UserAsked(SeenChanges(PAPER.name)), NOW)

    assert [p for p in state.shown.connections[0].problems if p.until_seen] == []  # type: ignore[union-attr]
    assert Happened(MarkKind.ENDED, PAPER.name, "app-changed", SEEN) in effects
    assert state.memory.well == (replace(well, changes=()),)


def test_a_program_that_the_user_does_not_want_watched_is_kept_as_such() -> None:
    missing = ProgramKept(ProgramId("quantower"), 20_000, lost_at=NOW.wall - 900, missing_since=NOW.wall - 600)
    memory = Memory(ports=(PortKept(PAPER.name, 4002, programs=(missing,)),))
    state, _ = advance(started(PAPER, memory=memory), UserAsked(Ignore("quantower", PAPER.name)), NOW)

    kept = state.memory.ports[0].programs[0]
    assert (kept.ignored, kept.lost_at, kept.missing_since) == (True, None, None)
    assert state.shown is not None
    assert state.shown.connections[0].ignored == ("quantower",)

    state, _ = advance(state, UserAsked(Ignore("quantower", undo=True)), NOW)

    assert not state.memory.ports[0].programs[0].ignored
