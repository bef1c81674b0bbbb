"""An agent with several connections that say the same: one notice, once, also after a restart."""

from dataclasses import replace

import pytest

from agent.core.alerts.gathering import MOMENT, crowd_key
from agent.core.effects import Announce, Withdraw
from agent.core.events import Looked, NoticeUndelivered, Tick, UserAsked
from agent.core.facts import Facts, Known
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.shown.display import Disconnect, Pause, Resume, Snooze
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.telling import taken_back
from tests.core.made_up_agent import PAPER, looked, play, started
from tests.problems.scene import NOW, connection, machine

FIVE = tuple(connection(name=f"c{n}", host=f"10.0.0.{n + 1}", port=4002) for n in range(5))


def here(facts: Facts) -> Verdict:
    """There while the machine has no network."""
    return Present({}, ("seen",)) if facts.machine.network == Known(False) else Absent()


HERE = Problem(
    "here", "It is here", "It is.", Severity.ERROR, here, over=(GoodNews("It is well", "For {lasted}.", lambda *_: {}),)
)
DOWN = machine(network=Known(False))


def told(effects: tuple[object, ...]) -> list[str]:
    return [e.notice.title for e in effects if isinstance(e, Announce)]


def begun(state: AgentState | None = None) -> AgentState:
    """All five have the problem, and nothing was told yet."""
    state = started(*FIVE, problems=(HERE,)) if state is None else state
    state, effects = play(state, Looked(replace(DOWN, taken=NOW.monotonic)))
    assert told(effects) == []
    return state


def test_they_are_told_as_one_after_a_moment_and_remembered_then() -> None:
    state = begun()
    assert state.memory.told == ()
    assert state.wake_at is not None
    assert state.wake_at <= NOW.monotonic + MOMENT
    state, effects = play(state, Tick(), now=NOW.later(MOMENT))

    assert told(effects) == ["5 connections: It is here"]
    assert [t.connection for t in state.memory.told] == [c.name for c in FIVE]


def test_what_was_told_as_one_is_not_told_again_by_the_next_run() -> None:
    state, _ = play(begun(), Tick(), now=NOW.later(MOMENT))
    again = started(*FIVE, problems=(HERE,), memory=state.memory)
    later = NOW.later(30.0)
    again, first = play(again, Looked(replace(DOWN, taken=later.monotonic)), now=later)
    again, second = play(again, Tick(), now=NOW.later(40.0))

    assert told(first) == told(second) == []


def test_a_notice_that_stood_until_a_new_start_is_back_after_it_and_its_end_comes_once() -> None:
    state = looked(started(*FIVE[:1], problems=(HERE,)), DOWN)
    memory = taken_back(state, ["c0/here"], anew=True)
    later, well = NOW.later(10.0), NOW.later(60.0)
    again, effects = play(
        started(*FIVE[:1], problems=(HERE,), memory=memory), Looked(replace(DOWN, taken=later.monotonic)), now=later
    )
    (back,) = (e.notice for e in effects if isinstance(e, Announce))
    again, more = play(again, Tick(), now=NOW.later(11.0))
    _, ends = play(again, Looked(replace(machine(), taken=well.monotonic)), now=well)

    assert (back.key, back.title, back.once_more) == ("c0/here", "It is here", True)
    assert told(more) == []
    assert [(e.notice.title, e.notice.beside_desktop) for e in ends if isinstance(e, Announce)] == [
        ("It is well", False)
    ]
    assert taken_back(state, ["c0/another"], anew=True) == state.memory


def test_what_was_over_when_the_new_start_looked_comes_back_as_its_end_alone() -> None:
    state = looked(started(problems=(HERE,)), DOWN)
    again = started(problems=(HERE,), memory=taken_back(state, [f"{PAPER.name}/here"], anew=True))
    later = NOW.later(10.0)
    _, effects = play(again, Looked(replace(machine(), taken=later.monotonic)), now=later)

    assert told(effects) == ["It is well"]


@pytest.mark.parametrize(("after", "titles"), [("0", []), ("0.1", ["It is here"])])
def test_after_an_end_that_was_asked_for_it_is_back_only_if_another_version_begins(
    after: str, titles: list[str]
) -> None:
    """As where a setup ends the agent, and starts the new one."""
    state = looked(started(*FIVE[:1], problems=(HERE,)), DOWN)
    memory = taken_back(state, ["c0/here"], anew=False).taken_over(after)
    again = started(*FIVE[:1], problems=(HERE,), memory=memory)
    later = NOW.later(10.0)
    _, effects = play(again, Looked(replace(DOWN, taken=later.monotonic)), now=later)

    assert told(effects) == titles


def test_the_notice_of_many_that_stood_until_a_new_start_is_back_as_one() -> None:
    state, _ = play(begun(), Tick(), now=NOW.later(MOMENT))
    again = started(*FIVE, problems=(HERE,), memory=taken_back(state, [crowd_key("here")], anew=True))
    later = NOW.later(30.0)
    again, _ = play(again, Looked(replace(DOWN, taken=later.monotonic)), now=later)
    again, effects = play(again, Tick(), now=later.later(MOMENT))

    assert [(e.notice.title, e.notice.once_more) for e in effects if isinstance(e, Announce)] == [
        ("5 connections: It is here", True)
    ]
    assert not any(t.taken_back for t in again.memory.told)


def test_their_end_is_one_notice() -> None:
    state, _ = play(begun(), Tick(), now=NOW.later(MOMENT))
    well = NOW.later(60.0)
    state, at_once = play(state, Looked(replace(machine(), taken=well.monotonic)), now=well)
    state, effects = play(state, Tick(), now=NOW.later(60.0 + MOMENT))

    assert told(at_once) == []
    assert Withdraw(crowd_key("here")) in effects
    assert told(effects) == ["5 connections: It is well"]


def test_where_no_service_showed_it_all_of_them_know_and_it_is_tried_again_as_one() -> None:
    state, _ = play(begun(), Tick(), now=NOW.later(MOMENT))
    state, _ = play(state, NoticeUndelivered(crowd_key("here"), "no service"), now=NOW.later(3.0))
    assert all(e.unshown for w in state.watched for e in w.ledger.entries.values())

    state, _ = play(state, Looked(replace(DOWN, taken=NOW.later(40.0).monotonic)), now=NOW.later(40.0))
    _, effects = play(state, Tick(), now=NOW.later(40.0 + MOMENT))
    assert [(e.notice.key, e.notice.once_more) for e in effects if isinstance(e, Announce)] == [
        (crowd_key("here"), True)
    ]


def test_the_button_of_the_notice_snoozes_it_for_all() -> None:
    state, _ = play(begun(), Tick(), now=NOW.later(MOMENT))
    state, effects = play(state, UserAsked(Snooze("here", "", 3600.0)), now=NOW.later(5.0))
    well = NOW.later(60.0)
    state, _ = play(state, Looked(replace(machine(), taken=well.monotonic)), now=well)
    _, end = play(state, Tick(), now=NOW.later(60.0 + MOMENT))

    assert Withdraw(crowd_key("here")) in effects
    assert told(end) == []


def test_a_notice_of_one_among_few_does_not_wait() -> None:
    state = looked(started(*FIVE[:2], problems=(HERE,)), machine())
    _, effects = play(state, Looked(replace(DOWN, taken=NOW.monotonic)))

    assert told(effects) == ["It is here", "It is here"]


def test_what_stops_being_watched_has_no_end_to_tell() -> None:
    state, _ = play(begun(), Tick(), now=NOW.later(MOMENT))
    well = NOW.later(60.0)
    state, _ = play(state, Looked(replace(machine(), taken=well.monotonic)), now=well)
    for name in ("c0", "c1"):
        state, _ = play(state, UserAsked(Disconnect(name)), now=NOW.later(60.5))
    _, effects = play(state, Tick(), now=NOW.later(60.0 + MOMENT))

    assert told(effects) == ["3 connections: It is well"]


def test_nothing_is_told_while_notices_are_paused_however_long_it_waited() -> None:
    state, _ = play(begun(), UserAsked(Pause(600.0)), now=NOW.later(1.0))
    state, effects = play(state, Tick(), now=NOW.later(MOMENT))

    assert told(effects) == []
    assert state.wake_at is None or state.wake_at > NOW.later(MOMENT).monotonic
    _, effects = play(state, UserAsked(Resume()), now=NOW.later(60.0))
    assert told(effects) == ["5 connections: It is here"]


def test_what_waits_to_be_told_once_more_is_told_already_for_the_next_run() -> None:
    state, _ = play(begun(), Tick(), now=NOW.later(MOMENT))
    well, back = NOW.later(30.0), NOW.later(31.0)
    state, _ = play(state, Looked(replace(machine(), taken=well.monotonic)), now=well)
    state, _ = play(state, Looked(replace(DOWN, taken=back.monotonic)), now=back)

    assert [t.connection for t in state.memory.told] == [c.name for c in FIVE]


def test_what_was_put_aside_before_it_was_told_has_no_end_and_is_told_later_if_it_stays() -> None:
    snoozed, _ = play(begun(), UserAsked(Snooze("here", "", 60.0)), now=NOW.later(1.0))
    well, later = NOW.later(90.0), NOW.later(90.0 + MOMENT)
    over, at_once = play(snoozed, Looked(replace(machine(), taken=well.monotonic)), now=well)
    _, effects = play(over, Tick(), now=later)
    assert told(at_once) == told(effects) == []

    stays, _ = play(snoozed, Looked(replace(DOWN, taken=well.monotonic)), now=well)
    _, effects = play(stays, Tick(), now=later)
    assert told(effects) == ["5 connections: It is here"]
