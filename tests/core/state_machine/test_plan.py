from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.clock import Moment
from agent.core.effects import Effect, LookAt, SendHeartbeat, WakeAt, WatchExits
from agent.core.events import (
    HeartbeatAnswered,
    Looked,
    NoticeArrived,
    PageFollows,
    ProcessExited,
    SessionFailed,
    Tick,
    UserAsked,
    UserLooked,
)
from agent.core.facts import Facts, Known, MachineFacts, Purpose
from agent.core.session_facts import Attempt, Outcome
from agent.core.settings import ConnectionSettings
from agent.core.shown.display import Action, Connect, LookNow
from agent.core.state_machine.advance import advance
from agent.core.state_machine.beats import with_beats
from agent.core.state_machine.coalescing import coalesced
from agent.core.state_machine.connection import Blocked, Connecting, Idle, Link
from agent.core.state_machine.plan import (
    AHEAD,
    ALONG,
    FAST_LOOK,
    FEW,
    FROZEN_AGAIN,
    LASTING_AFTER,
    LONGEST_LOOK,
    SETTLING,
    SHARE,
    SHORTEST_LOOK,
    paid,
    plan,
)
from agent.core.state_machine.state import AgentState, Settled, facts_about
from agent.core.state_machine.watched import due_times, target
from agent.problems import PROBLEMS
from tests.core.made_up_agent import PAPER, connected, looked, play, started
from tests.problems.scene import NOW, gateway, machine


def settled(state: AgentState, now: Moment = NOW, change: Callable[[Facts], Facts] = lambda facts: facts) -> AgentState:
    """The state as if every connection had been judged now."""
    done = []
    for index, watched in enumerate(state.watched):
        facts = change(facts_about(state, watched, now))
        due = min(due_times(watched, facts), default=float("inf"))
        done.append(with_beats(Settled(target(watched, state.machine, ()), facts, due), state, index, now))
    return replace(state, settled=tuple(done))


def planned(state: AgentState, now: Moment = NOW) -> tuple[Effect, ...]:
    return plan(settled(replace(state, look_at=None, wake_at=None), now), now)[1]


def look(state: AgentState, now: Moment = NOW) -> LookAt:
    return next(e for e in planned(state, now) if isinstance(e, LookAt))


def with_link(link: Link, around: MachineFacts | None = None) -> AgentState:
    state = looked(started(), machine() if around is None else around)
    return replace(state, urgent_since=None, watched=(replace(state.watched[0], link=link),))


def test_a_healthy_session_is_looked_at_half_as_often() -> None:
    state = replace(connected(), urgent_since=None)

    assert look(state) == LookAt(NOW.monotonic + 2 * state.timing.look_every, frozenset({4002}))


def test_where_nothing_was_new_for_long_looks_are_rarer_still_until_something_is_or_the_user_comes() -> None:
    every = connected().timing.look_every
    state = replace(connected(), urgent_since=None, lively_at=NOW.monotonic - LASTING_AFTER)

    assert look(state).at == NOW.monotonic + 4 * every
    assert look(replace(state, lively_at=state.lively_at + 1.0)).at == NOW.monotonic + 2 * every

    assert look(play(state, UserLooked(), now=NOW.later(1.0))[0]).at == NOW.monotonic + 2 * every
    assert look(replace(state, purpose=Purpose.DOCTOR)).at == NOW.monotonic + 2 * every
    followed = play(state, PageFollows(open=True))[0]
    assert look(followed).at == NOW.monotonic + 2 * every
    assert look(play(followed, PageFollows(open=False))[0]).at == NOW.monotonic + 4 * every


@pytest.mark.parametrize(("every", "lasting"), [(5.0, 20.0), (20.0, LONGEST_LOOK), (30.0, 60.0), (120.0, 240.0)])
def test_where_looks_are_rare_by_configuration_calm_makes_them_no_rarer_than_once_a_minute(
    every: float, lasting: float
) -> None:
    timing = replace(connected().timing, look_every=every)
    state = replace(connected(), urgent_since=None, lively_at=NOW.monotonic - LASTING_AFTER, timing=timing)

    assert look(state).at == NOW.monotonic + lasting


def long_well() -> AgentState:
    """An agent whose session answers, and which has seen nothing new for long."""
    state = connected(problems=tuple(PROBLEMS))
    number = state.watched[0].number
    assert number is not None
    answered, _ = play(state, HeartbeatAnswered(number, int(NOW.wall)))
    return replace(answered, urgent_since=None, lively_at=NOW.monotonic - LASTING_AFTER)


def test_a_look_that_tells_something_new_makes_the_next_ones_usual_and_one_that_does_not_leaves_them_rare() -> None:
    state = long_well()
    later = NOW.later(5.0)
    same, _ = play(state, Looked(replace(state.machine, taken=later.monotonic)), now=later)
    new, _ = play(state, Looked(replace(state.machine, taken=later.monotonic, network=Known(False))), now=later)

    assert (same.lively_at, new.lively_at) == (state.lively_at, later.monotonic)
    assert same.look_at is not None
    assert new.look_at is not None
    assert same.look_at.at == coalesced(later.monotonic + 4 * state.timing.look_every, 4 * state.timing.look_every)
    assert new.look_at.at == coalesced(later.monotonic + 2 * state.timing.look_every, 2 * state.timing.look_every)


def test_while_something_may_be_wrong_looks_are_not_rarer_however_long_nothing_was_new() -> None:
    state = long_well()
    number = state.watched[0].number
    assert number is not None
    troubled, _ = play(
        state, NoticeArrived(number, 1100, "Connectivity between IB and Trader Workstation has been lost.")
    )

    assert troubled.watched[0].ledger.entries
    assert look(state).at == NOW.monotonic + 4 * state.timing.look_every
    assert look(troubled).at == NOW.monotonic + 2 * state.timing.look_every


def frozen(state: AgentState, now: Moment = NOW) -> LookAt:
    """The look that is planned while the session of this connection is not answered any more."""
    state = settled(state, now, lambda f: replace(f, session=replace(f.session, heartbeat_unanswered=2)))
    return next(e for e in plan(replace(state, look_at=None), now)[1] if isinstance(e, LookAt))


def test_a_session_that_is_not_answered_is_looked_at_thoroughly_once_a_minute_and_no_more_often_than_another() -> None:
    state = replace(connected(), urgent_since=None)
    seen = replace(state, thorough_at=NOW.monotonic)

    assert frozen(state).thorough
    assert not frozen(seen).thorough
    assert frozen(replace(state, thorough_at=NOW.monotonic + 2 * state.timing.look_every - FROZEN_AGAIN)).thorough
    assert frozen(state).at == look(state).at
    assert not look(state).thorough


def test_what_is_urgent_is_looked_at_now_and_never_twice_at_once() -> None:
    state = replace(connected(), urgent_since=NOW.monotonic)

    assert look(state).at == NOW.monotonic + SHORTEST_LOOK
    assert look(state, NOW.later(1)).at == NOW.monotonic + 1


def test_with_many_connections_what_is_urgent_is_looked_at_now_and_then_less_often() -> None:
    state = replace(connected(), urgent_since=NOW.monotonic)
    many = replace(state, watched=state.watched * 100)

    assert look(many, NOW.later(5.0)).at == NOW.later(5.0).monotonic
    assert look(many).at == NOW.monotonic + SHORTEST_LOOK * 100 / FEW
    assert look(state).at == NOW.monotonic + SHORTEST_LOOK


def test_just_after_something_went_away_looks_are_quick_and_then_slow_down() -> None:
    gaps = [look(with_link(Link(Idle(NOW.monotonic - ago)))).at - NOW.monotonic for ago in (0.0, 20.0, 60.0, 900.0)]

    assert [round(gap, 3) for gap in gaps] == [FAST_LOOK, 0.4, 1.2, 5.0]


def test_a_young_application_is_looked_at_quickly() -> None:
    young = with_link(Link(Idle(NOW.monotonic - 900)), machine(gateway(ports=(), age=2.0)))

    assert round(look(young).at - NOW.monotonic, 3) == FAST_LOOK


def blocked(failing_for: float = 900.0, attempt_ago: float = 0.0) -> AgentState:
    """An agent whose connection is not served."""
    failed = Attempt(
        Outcome.SILENT, NOW.monotonic - attempt_ago, 4002, first_failed=NOW.monotonic - failing_for - attempt_ago
    )
    state = Blocked(failed.at, Outcome.SILENT, failed.at + 30, "d")
    return with_link(Link(state, attempt=failed))


def test_a_handshake_that_keeps_failing_is_looked_at_no_more_often_than_a_healthy_session() -> None:
    healthy = look(replace(connected(), urgent_since=None)).at

    assert look(blocked()).at == healthy
    assert look(blocked(failing_for=60.0)).at == healthy
    assert round(look(blocked(failing_for=0.0)).at - NOW.monotonic, 3) == FAST_LOOK
    assert look(blocked(failing_for=8.0)).at - NOW.monotonic == 8.0 * SETTLING


@pytest.mark.parametrize(("left", "waits"), [(12.0, False), (11.0, True), (9.9, True), (6.0, True)])
def test_a_look_that_would_come_just_before_an_attempt_waits_for_what_comes_of_it(left: float, waits: bool) -> None:
    state = blocked()
    link = state.watched[0].link
    due = with_link(replace(link, state=Blocked(NOW.monotonic, Outcome.SILENT, NOW.monotonic + left, "d")))
    verdict = NOW.monotonic + left + state.timing.reply_timeout + SHORTEST_LOOK

    assert look(due).at == (verdict if waits else NOW.monotonic + 2 * state.timing.look_every)


@pytest.mark.parametrize("ago", [0.0, 9.0])
def test_while_it_is_tried_again_the_look_waits_for_what_comes_of_it(ago: float) -> None:
    state = blocked()
    attempt = state.watched[0].link.attempt
    again = with_link(Link(Connecting(NOW.monotonic + ago, 8, 4002, 7001, "d"), attempt=attempt))
    verdict = NOW.monotonic + ago + state.timing.reply_timeout

    assert look(again).at == max(look(state).at, verdict + SHORTEST_LOOK)


@pytest.mark.parametrize(
    "settings", [replace(PAPER, auto_connect=False), replace(PAPER, host="203.0.113.9")], ids=["not wanted", "remote"]
)
def test_where_nothing_can_come_of_it_looks_are_as_rare_as_at_a_healthy_session(settings: ConnectionSettings) -> None:
    state = replace(looked(started(settings)), urgent_since=None)

    assert look(state).at == NOW.monotonic + 2 * state.timing.look_every


def test_each_attempt_that_fails_makes_one_look_thorough() -> None:
    state = looked(started())
    number = state.watched[0].number
    assert number is not None
    state, effects = play(state, SessionFailed(number, Outcome.SILENT, 5.0), now=NOW.later(5))
    planned_thorough = [e.thorough for e in effects if isinstance(e, LookAt)]
    seen = replace(machine(gateway()), taken=NOW.monotonic + 5, thorough=True)
    state, effects = play(state, Looked(seen), now=NOW.later(5.1))

    assert planned_thorough == [True]
    assert [e.thorough for e in effects if isinstance(e, LookAt)] == [False]

    state, _ = play(state, Tick(), now=NOW.later(36))
    number = state.watched[0].number
    assert number is not None
    _, effects = play(state, SessionFailed(number, Outcome.SILENT, 5.0), now=NOW.later(41))

    assert [e.thorough for e in effects if isinstance(e, LookAt)] == [True]


def test_a_look_that_began_before_the_attempt_failed_does_not_stand_for_the_thorough_one() -> None:
    state = replace(blocked(), thorough_at=NOW.monotonic - 1.0)

    assert look(state).thorough
    assert not look(replace(state, thorough_at=NOW.monotonic)).thorough


@pytest.mark.parametrize("action", [LookNow(), Connect("Paper")], ids=["look", "watch"])
def test_a_click_is_answered_by_one_thorough_look_whatever_looks_cost(action: Action) -> None:
    state = replace(connected(), paid_until=NOW.monotonic + 1000, urgent_since=None)
    state, effects = play(state, UserAsked(action), now=NOW.later(1))
    asked = [e for e in effects if isinstance(e, LookAt)]
    seen = replace(machine(gateway()), taken=NOW.monotonic + 1, thorough=True)
    _, effects = play(state, Looked(seen), now=NOW.later(1.1))

    assert [(e.at, e.thorough) for e in asked] == [(NOW.monotonic + 1, True)]
    assert not any(e.thorough for e in effects if isinstance(e, LookAt))


# ── what looks cost ─────────────────────────────────────────────────────────────────────────────


def looking(cost: float, state: AgentState, looks: int) -> list[float]:
    """Seconds between so many looks of this cost, each made when it is planned, while no application runs."""
    gaps, now, thorough = [], NOW, False
    for _ in range(looks):
        seen = replace(machine(), taken=now.monotonic, cost=cost, thorough=thorough)
        state, effects = play(replace(state, look_at=None), Looked(seen), now=now)
        following = next(e for e in effects if isinstance(e, LookAt))
        gaps.append(following.at - now.monotonic)
        now, thorough = now.later(gaps[-1]), following.thorough
    return gaps


WAITING = with_link(Link(Idle(NOW.monotonic - 900)))
"""An agent that waits for the application, and has for a while."""


@pytest.mark.parametrize("cost", [0.0, 0.01, SHARE * 5.0])
def test_looks_that_cost_little_keep_their_pace(cost: float) -> None:
    assert looking(cost, WAITING, 40) == pytest.approx([WAITING.timing.look_every] * 40)


@settings(deadline=None)
@given(cost=st.floats(0.0, SHARE * LONGEST_LOOK))
def test_looks_never_take_more_than_their_share_of_the_time(cost: float) -> None:
    gaps = looking(cost, with_link(Link(Idle(NOW.monotonic))), 60)

    assert cost * (len(gaps) + 1) <= SHARE * (sum(gaps) + AHEAD) + cost + 1e-6
    assert max(gaps) <= LONGEST_LOOK + 1e-6


def test_looks_that_cost_more_than_that_come_once_a_minute() -> None:
    assert looking(20.0, WAITING, 10)[1:] == pytest.approx([LONGEST_LOOK] * 9)


def test_the_first_look_reads_everything_and_is_not_counted() -> None:
    state = replace(connected(), machine=MachineFacts(), urgent_since=None)
    seen = replace(machine(gateway()), taken=NOW.monotonic, cost=3.0)

    assert paid(state, seen).paid_until == NOW.monotonic
    assert paid(replace(state, machine=seen), seen).paid_until > NOW.monotonic


def test_an_event_is_looked_at_at_once_whatever_looks_cost() -> None:
    state = replace(connected(), paid_until=NOW.monotonic + 1000, urgent_since=None, look_at=None)
    _, effects = play(state, ProcessExited(3117), now=NOW.later(1))

    assert [e.at for e in effects if isinstance(e, LookAt)] == [NOW.monotonic + 1]


def test_a_thorough_look_waits_until_it_can_be_paid_and_is_not_forgotten() -> None:
    state = replace(blocked(), paid_until=NOW.monotonic + 1000, urgent_since=NOW.monotonic)
    now = look(state)
    later = look(replace(state, paid_until=NOW.monotonic))

    assert (now.at, now.thorough) == (NOW.monotonic + SHORTEST_LOOK, False)
    assert later.thorough


def test_a_doctor_looks_thoroughly() -> None:
    assert look(replace(connected(), purpose=Purpose.DOCTOR)).thorough


def test_an_automatic_port_wants_the_default_ports_seen() -> None:
    assert {4001, 4002, 7496, 7497} <= look(looked(started(replace(PAPER, port="auto")))).ports


def test_nothing_is_planned_twice() -> None:
    state = replace(connected(), urgent_since=None)
    state, _ = plan(settled(state), NOW)

    assert plan(state, NOW) == (state, ())


def test_it_is_woken_for_the_next_thing_the_clock_decides() -> None:
    state = replace(connected(), wake_at=None)
    session = state.watched[0].session
    assert session is not None

    assert WakeAt(session.heartbeats.due(state.timing)) in planned(state)
    assert WakeAt(NOW.monotonic + 0.5) in planned(replace(state, hold_until=NOW.monotonic + 0.5))


def test_every_application_is_watched_for_its_end() -> None:
    state = replace(connected(), exits=frozenset())

    assert WatchExits(frozenset({3117})) in planned(state)
    assert not [e for e in planned(connected()) if isinstance(e, WatchExits)]


def test_one_that_does_not_answer_any_more_is_looked_at_as_often_as_usual() -> None:
    state = connected()
    session = state.watched[0].session
    assert session is not None
    sent = replace(session.heartbeats, sent=(NOW.monotonic - 5.5,))
    watched = replace(state.watched[0], session=replace(session, heartbeats=sent))
    state = replace(state, watched=(watched,), urgent_since=None)

    assert look(state).at == state.machine.taken + state.timing.look_every


def test_a_heartbeat_waits_a_little_for_the_look_of_the_same_moment() -> None:
    state = settled(replace(connected(), urgent_since=None))
    (one,) = state.settled
    quiet = replace(one, due=float("inf"), verdict=float("inf"))

    def woken(beat: float, look: float) -> list[WakeAt]:
        at = LookAt(NOW.monotonic + look, frozenset({4002}))
        there = replace(state, look_at=at, wake_at=None, settled=(replace(quiet, beat=NOW.monotonic + beat),))
        return [effect for effect in plan(there, NOW, judged=False)[1] if isinstance(effect, WakeAt)]

    assert woken(10.0, 10.0) == [WakeAt(NOW.monotonic + 10.0 + ALONG)]
    assert woken(10.0, 10.0 + ALONG / 2) == [WakeAt(NOW.monotonic + 10.0 + ALONG)]
    assert woken(10.0, 10.0 + 2 * ALONG) == [WakeAt(NOW.monotonic + 10.0)]
    assert woken(10.0, 5.0) == [WakeAt(NOW.monotonic + 10.0)]


def test_the_decision_about_a_look_sends_the_heartbeats_that_are_due() -> None:
    state, _ = advance(connected(), HeartbeatAnswered(1, int(NOW.wall)), NOW)
    now = NOW.later(10.003)
    after, effects = advance(state, Looked(replace(state.machine, taken=now.monotonic - 0.003)), now)

    assert SendHeartbeat(1) in effects
    assert after.settled[0].beat == now.monotonic + after.timing.second_heartbeat
