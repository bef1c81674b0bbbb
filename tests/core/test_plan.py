from dataclasses import replace

from agent.core.clock import Moment
from agent.core.connection import Blocked, Idle, Link
from agent.core.effects import Effect, LookAt, WakeAt, WatchExits
from agent.core.facts import Attempt, MachineFacts, Outcome, Purpose
from agent.core.plan import FAST_LOOK, SHORTEST_LOOK, plan
from agent.core.state import AgentState, facts_about
from agent.core.watch import target
from tests.core.made_up_agent import PAPER, connected, looked, started
from tests.problems.scene import NOW, gateway, machine


def planned(state: AgentState, now: Moment = NOW) -> tuple[Effect, ...]:
    state = replace(state, look_at=None, wake_at=None)
    facts = [facts_about(state, w, now) for w in state.watched]
    return plan(state, facts, [target(w, state.machine, ()) for w in state.watched], now)[1]


def look(state: AgentState, now: Moment = NOW) -> LookAt:
    return next(e for e in planned(state, now) if isinstance(e, LookAt))


def with_link(link: Link, around: MachineFacts | None = None) -> AgentState:
    state = looked(started(), machine() if around is None else around)
    return replace(state, urgent_since=None, watched=(replace(state.watched[0], link=link),))


def test_a_healthy_session_is_looked_at_half_as_often() -> None:
    state = replace(connected(), urgent_since=None)

    assert look(state) == LookAt(NOW.monotonic + 2 * state.timing.look_every, frozenset({4002}))


def test_while_an_application_does_not_answer_looks_are_thorough() -> None:
    state = connected()
    frozen = [
        replace(f, session=replace(f.session, heartbeat_unanswered=2))
        for f in (facts_about(state, w, NOW) for w in state.watched)
    ]
    aims = [target(w, state.machine, ()) for w in state.watched]
    effects = plan(replace(state, look_at=None), frozen, aims, NOW)[1]

    assert [e.thorough for e in effects if isinstance(e, LookAt)] == [True]
    assert not look(state).thorough


def test_what_is_urgent_is_looked_at_now_and_never_twice_at_once() -> None:
    state = replace(connected(), urgent_since=NOW.monotonic)

    assert look(state).at == NOW.monotonic + SHORTEST_LOOK
    assert look(state, NOW.later(1)).at == NOW.monotonic + 1


def test_just_after_something_went_away_looks_are_quick_and_then_slow_down() -> None:
    gaps = [look(with_link(Link(Idle(NOW.monotonic - ago)))).at - NOW.monotonic for ago in (0.0, 20.0, 60.0, 900.0)]

    assert [round(gap, 3) for gap in gaps] == [FAST_LOOK, 0.4, 1.2, 5.0]


def test_a_young_application_is_looked_at_quickly() -> None:
    young = with_link(Link(Idle(NOW.monotonic - 900)), machine(gateway(ports=(), age=2.0)))

    assert round(look(young).at - NOW.monotonic, 3) == FAST_LOOK


def test_a_handshake_that_keeps_failing_is_looked_at_at_the_usual_pace_however_often_it_was_tried() -> None:
    failing = Attempt(Outcome.SILENT, NOW.monotonic, 4002, first_failed=NOW.monotonic - 900)
    state = with_link(Link(Blocked(NOW.monotonic, Outcome.SILENT, NOW.monotonic + 30, "d"), attempt=failing))
    first = replace(failing, first_failed=NOW.monotonic)

    assert look(state).at - NOW.monotonic == state.timing.look_every
    assert look(state).thorough
    assert round(look(with_link(Link(state.watched[0].link.state, attempt=first))).at - NOW.monotonic, 3) == FAST_LOOK


def test_a_doctor_looks_thoroughly() -> None:
    assert look(replace(connected(), purpose=Purpose.DOCTOR)).thorough


def test_an_automatic_port_wants_the_default_ports_seen() -> None:
    assert {4001, 4002, 7496, 7497} <= look(looked(started(replace(PAPER, port="auto")))).ports


def test_nothing_is_planned_twice() -> None:
    state = replace(connected(), urgent_since=None)
    facts = [facts_about(state, w, NOW) for w in state.watched]
    aims = [target(w, state.machine, ()) for w in state.watched]
    state, _ = plan(state, facts, aims, NOW)

    assert plan(state, facts, aims, NOW) == (state, ())


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
