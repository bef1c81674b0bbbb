"""Events that waited together: one decision follows for them, the same as for one after the other."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from agent.core.effects import SendHeartbeat
from agent.core.events import (
    Arrival,
    Event,
    HeartbeatAnswered,
    MessagesCame,
    NoticeArrived,
    SessionLost,
    SessionReady,
    Tick,
    Woke,
)
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.state_machine.advance import advance, advance_all, joins
from agent.core.state_machine.state import AgentState
from agent.problems import PROBLEMS
from tests.core.made_up_agent import connected, looked, play, started
from tests.problems.scene import NOW, connection, gateway, machine

THREE = tuple(connection(name=f"c{n}", port=4002 + n) for n in range(3))
TEXTS = (
    (1100, "Connectivity between IB and Trader Workstation has been lost."),
    (1101, "Connectivity between IB and TWS has been restored- data lost."),
    (1102, "Connectivity between IB and Trader Workstation has been restored - data maintained."),
    (2103, "Market data farm connection is broken:usfarm"),
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (162, "Historical Market Data Service error message:Historical data request pacing violation"),
    (354, "Requested market data is not subscribed."),
    (10197, "No market data during competing live session"),
    (321, "The API interface is currently in Read-Only mode."),
)


@cache
def all_connected(problems: tuple[Problem, ...] = PROBLEMS) -> AgentState:
    running = machine(*(gateway(pid=3000 + n, ports=(4002 + n,)) for n in range(3)))
    state = looked(started(*THREE, problems=problems), running)
    numbers = [w.number for w in state.watched]
    for number in numbers:
        assert number is not None
        state, _ = advance(state, SessionReady(number, 178, ("DU1234567",), 0.01), NOW)
    return state


ANSWERS = st.builds(HeartbeatAnswered, st.integers(1, 4), st.integers(int(NOW.wall) - 3, int(NOW.wall) + 3))
COUNTS = st.builds(MessagesCame, st.integers(1, 4), st.floats(0, 5000), st.booleans())
NOTICES = st.tuples(st.integers(1, 4), st.sampled_from(TEXTS)).map(lambda n: NoticeArrived(n[0], *n[1]))
EVENTS = st.lists(NOTICES | ANSWERS | COUNTS, min_size=1, max_size=30)


def what_stands(state: AgentState) -> list[object]:
    """What is known and judged. What could not be judged stays as it was, which one after the other may be seen."""
    found: list[object] = []
    for watched in state.watched:
        undecided = {problem.code for problem, _ in watched.diagnosis.undecided}
        # One after the other, a problem may be seen to come and to give way to the next.
        there = {k: e for k, e in watched.ledger.entries.items() if not e.giving_way}
        entries = {k: (e.visible, e.hidden) for k, e in there.items()}
        judged = {k: how for k, how in entries.items() if k.split(":")[0] not in undecided}
        found.append((watched.link, watched.session, watched.inquiry, watched.diagnosis, judged))
    return found


def cut(events: Sequence[Event], places: set[int]) -> list[list[Arrival]]:
    batches: list[list[Arrival]] = [[]]
    for index, event in enumerate(events):
        if index in places:
            batches.append([])
        batches[-1].append(Arrival(event, NOW))
    return batches


@given(EVENTS, st.sets(st.integers(1, 29)))
@how(max_examples=150, deadline=None)
def test_however_they_are_taken_in_the_same_stands_at_the_end(events: list[Event], places: set[int]) -> None:
    single = together = all_connected()
    for event in events:
        single, _ = advance(single, event, NOW)
    for batch in cut(events, places):
        together, _ = advance_all(together, batch, NOW)

    assert what_stands(together) == what_stands(single)


@given(EVENTS)
@how(max_examples=50, deadline=None)
def test_what_is_not_judged_anew_would_have_come_out_the_same(events: list[Event]) -> None:
    state, _ = advance_all(all_connected(), [Arrival(e, NOW) for e in events], NOW)
    again, _ = advance(replace(state, settled=()), Tick(), NOW)

    assert what_stands(again) == what_stands(state)
    assert again.shown == state.shown


def test_only_the_connection_that_is_told_about_is_judged() -> None:
    judged: list[str] = []

    def check(facts: Facts) -> Verdict:
        judged.append(facts.connection.name)
        return Absent()

    state = all_connected((Problem("here", "Here", "Here.", Severity.ERROR, check),))
    number = state.watched[0].number
    assert number is not None
    judged.clear()
    state = play(state, NoticeArrived(number, 399, "x"))[0]
    told, judged[:] = tuple(judged), []
    state = play(state, NoticeArrived(999, 399, "x"))[0]
    unknown, judged[:] = tuple(judged), []
    play(state, Tick())

    assert told == ("c0",)
    assert unknown == ()
    assert judged == ["c0", "c1", "c2"]


def test_a_batch_with_anything_else_in_it_judges_all() -> None:
    state = all_connected()
    number = state.watched[0].number
    assert number is not None
    later = NOW.later(0.1)
    after, _ = advance_all(state, [Arrival(NoticeArrived(number, 399, "x"), later), Arrival(Woke(60.0), later)], later)

    assert [s.facts.now for s in after.settled] == [later] * 3
    assert joins(Tick())
    assert not joins(SessionLost(number, ""))


def asked_twice() -> tuple[AgentState, int]:
    """A session whose two heartbeats have not been answered when the time for it is over."""
    state = connected(problems=PROBLEMS)
    number = state.watched[0].number
    assert number is not None
    state, effects = advance(state, Tick(), NOW.later(1.3))
    assert SendHeartbeat(number) in effects
    return state, number


def test_silence_is_counted_only_up_to_what_was_listened_to() -> None:
    state, _ = asked_twice()
    late = NOW.later(60.0)
    unheard, effects = advance_all(state, [Arrival(Tick(), late)], late, heard=NOW.monotonic + 2.0)
    heard, _ = advance(unheard, Tick(), late)

    assert unheard.settled[0].facts.session.heartbeat_unanswered == 0
    assert unheard.wake_at is not None
    assert unheard.wake_at <= late.monotonic + 0.11
    assert heard.settled[0].facts.session.heartbeat_unanswered >= 2
    assert effects


def test_an_answer_counts_as_of_when_it_came_however_long_it_waited_here() -> None:
    state, number = asked_twice()
    came = Arrival(HeartbeatAnswered(number, int(NOW.wall)), NOW.later(1.5))
    state, _ = advance_all(state, [came], NOW.later(50.0))
    session = state.watched[0].session

    assert session is not None
    assert session.latency == 1.5
    assert session.clock_offset == 0.0
    assert session.heartbeats.last_heard == NOW.monotonic + 1.5


def test_a_flood_of_answers_behind_a_flood_is_no_silence() -> None:
    state, number = asked_twice()
    for second in range(2, 40):
        state, _ = advance(state, MessagesCame(number, 5000.0, True), NOW.later(second))
    shown = state.watched[0].ledger.entries
    over, _ = advance(state, Tick(), NOW.later(39 + 6))

    assert [k for k, e in shown.items() if e.shown] == ["api-flooding"]
    assert isinstance(shown["api-flooding"].present, Present)
    assert "api-flooding" not in over.watched[0].ledger.entries
    assert "app-frozen" not in over.watched[0].ledger.entries
    assert state.wake_at is not None
    assert state.wake_at <= NOW.monotonic + 39 + 5.01
