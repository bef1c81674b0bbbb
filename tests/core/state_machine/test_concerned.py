"""Only those are judged that an event or the clock concerns; the others would have come out the same."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from agent.core.effects import Effect, SendHeartbeat
from agent.core.events import (
    Arrival,
    Event,
    HeartbeatAnswered,
    Looked,
    MessagesCame,
    NoticeArrived,
    NoticeDelivered,
    SessionFailed,
    SessionLost,
    SessionReady,
    Tick,
    UserAsked,
)
from agent.core.facts import Known, Purpose
from agent.core.problem import Present, Problem, Severity
from agent.core.session_facts import Outcome
from agent.core.shown.display import LookNow
from agent.core.state_machine.advance import advance, advance_all
from agent.core.state_machine.beats import EARLY
from agent.core.state_machine.concerned import AT_A_TIME, Concerned, concerned_by
from agent.core.state_machine.state import AgentState
from tests.core.made_up_agent import looked, play, started
from tests.core.test_together import TEXTS, all_connected
from tests.problems.scene import NOW, connection, machine

LOOKS = 10.0
"""Seconds between two looks in these walks."""


def judged(before: AgentState, *events: Event, later: float = 0.1) -> list[int] | None:
    """Which connections are judged when these events come."""
    now = NOW.later(later)
    arrivals = [Arrival(event, now) for event in events]
    after, _ = advance_all(before, arrivals, now)
    found = [i for i, s in enumerate(after.settled) if s.facts.now == now]
    return None if len(found) == len(after.watched) else found


def number_of(state: AgentState, index: int) -> int:
    number = state.watched[index].number
    assert number is not None
    return number


def test_an_event_of_a_session_concerns_its_connection_alone() -> None:
    state = all_connected(())
    number = number_of(state, 1)

    assert judged(state, NoticeArrived(number, 399, "x")) == [1]
    assert judged(state, HeartbeatAnswered(number, int(NOW.wall))) == [1]
    assert judged(state, SessionLost(number, "gone")) == [1]
    assert judged(state, NoticeDelivered("nothing")) == []
    assert judged(state, Looked(replace(state.machine, network=Known(False), taken=NOW.monotonic + 0.1))) is None


def test_the_clock_concerns_those_whose_time_has_come() -> None:
    state = all_connected(())
    soon = NOW.monotonic + 0.1
    due = tuple(replace(s, due=soon if i == 2 else soon + 5.0) for i, s in enumerate(state.settled))

    assert judged(replace(state, settled=due), Tick()) == [2]
    early = tuple(replace(s, due=soon + 0.9 * EARLY if i == 0 else soon + 5.0) for i, s in enumerate(state.settled))
    assert judged(replace(state, settled=early), Tick()) == [0]


MANY = tuple(connection(name=f"gw-{n:02}", port=4100 + n) for n in range(50))


def test_of_many_a_look_judges_some_at_a_time_and_the_agent_wakes_for_the_rest_at_once() -> None:
    state = looked(started(*MANY))
    while state.wake_at is not None and state.wake_at <= NOW.monotonic:
        state, _ = play(state, Tick())
    later = NOW.later(30.0)
    state, _ = play(state, Looked(replace(machine(), taken=later.monotonic)), now=later)
    turns = []
    while state.wake_at is not None and state.wake_at <= later.monotonic:
        turns.append([i for i, s in enumerate(state.settled) if s.facts.now == later])
        state, _ = play(state, Tick(), now=later)

    assert [len(turn) for turn in turns] == [AT_A_TIME, 2 * AT_A_TIME]
    assert all(settled.facts.now == later for settled in state.settled)


def later_of(before: AgentState, after: AgentState, *events: Event) -> Concerned:
    return concerned_by(before, after, [Arrival(event, NOW) for event in events], NOW)


def test_news_of_one_waits_for_no_others() -> None:
    state = looked(started(*MANY))
    all_due = replace(state, settled=tuple(replace(s, due=NOW.monotonic) for s in state.settled))
    news = replace(state.watched[45])
    after = replace(all_due, watched=(*state.watched[:45], news, *state.watched[46:]))

    found = later_of(all_due, after, NoticeArrived(1, 399, "x"))
    assert found.judged[0] == 45
    assert (len(found.judged), sorted([*found.judged, *found.later])) == (AT_A_TIME, list(range(50)))
    assert {one.due for one in found.later.values()} == {NOW.monotonic}


def test_those_without_news_have_their_turn_however_much_news_there_is() -> None:
    state = looked(started(*MANY))
    all_due = replace(state, settled=tuple(replace(s, due=NOW.monotonic) for s in state.settled))
    after = replace(all_due, watched=(*state.watched[:10], *(replace(one) for one in state.watched[10:])))

    found = later_of(all_due, after, NoticeArrived(1, 399, "x"))
    assert set(found.judged) > set(range(10, 50))
    assert len(found.later) < 10


def test_what_the_user_did_and_what_a_doctor_finds_is_judged_as_a_whole() -> None:
    state = looked(started(*MANY))
    look = Looked(machine())

    assert len(later_of(state, state, look).later) == 50 - AT_A_TIME
    assert not later_of(state, state, UserAsked(LookNow())).later
    assert not later_of(state, replace(state, purpose=Purpose.DOCTOR), look).later
    assert not later_of(state, replace(state, shown=None), look).later
    assert not concerned_by(state, state, None, NOW).later


def test_a_turn_that_nothing_waited_for_concerns_all() -> None:
    state = all_connected(())
    idle = replace(
        state,
        settled=tuple(replace(s, due=float("inf"), beat=float("inf"), verdict=float("inf")) for s in state.settled),
    )

    assert judged(idle, Tick()) is None
    assert concerned_by(idle, idle, (), NOW).judged == []
    assert concerned_by(idle, idle, None, NOW).whole


def test_what_was_held_back_after_sleep_is_shown_for_all_when_that_is_over() -> None:
    here = Problem("here", "Here", "Here.", Severity.ERROR, lambda _: Present({}, ("seen",)))
    state = replace(all_connected(()), hold_until=NOW.monotonic + 5.0)
    state = replace(state, knowledge=replace(state.knowledge, problems=(here,)), settled=())
    held = play(state, Tick(), now=NOW.later(1.0))[0]
    shown = play(held, Tick(), now=NOW.later(5.0))[0]

    assert not [c for c in (held.shown.connections if held.shown else ()) if c.worst is not None]
    assert len([c for c in (shown.shown.connections if shown.shown else ()) if c.worst is not None]) == 3


TOLD = st.tuples(st.integers(0, 2), st.sampled_from(TEXTS)).map(lambda n: ("notice", *n))
GONE = st.tuples(st.integers(0, 2), st.just(None)).map(lambda n: ("lost", *n))
MUCH = st.tuples(st.integers(0, 2), st.floats(0, 5000)).map(lambda n: ("much", *n))
MUTE = st.tuples(st.integers(0, 2), st.booleans()).map(lambda n: ("mute", *n))
WALK = st.lists(st.tuples(st.floats(0.0, 45.0), TOLD | GONE | MUCH | MUTE), min_size=1, max_size=12)


class Walk:
    """An agent with three connections that is woken as it planned; each session answers unless it is mute."""

    def __init__(self) -> None:
        self.state = all_connected()
        self.mute = [False] * 3
        self.at = 0.0
        self.answers: list[tuple[float, Event]] = []
        self.opened: list[tuple[float, Event]] = []
        self.look_at = LOOKS

    def steps(self, walk: list[tuple[float, tuple[str, int, object]]]) -> Iterator[tuple[float, Event]]:
        """Every step of the walk: those of the world, and in between those that were planned."""
        end = 0.0
        for pause, what in walk:
            end += pause
            yield from self.until(end)
            if (event := self.happens(*what)) is not None:
                yield end, event
        yield from self.until(end + 70.0)

    def until(self, end: float) -> Iterator[tuple[float, Event]]:
        while True:
            wake = float("inf") if self.state.wake_at is None else self.state.wake_at - NOW.monotonic
            at, event = min(
                [(wake, Tick()), (self.look_at, None), *self.answers[:1], *self.opened[:1]], key=lambda one: one[0]
            )
            at = max(at, self.at)
            if at > end:
                return
            if event is None:
                self.look_at += LOOKS
                event = Looked(replace(self.state.machine, taken=NOW.monotonic + at))
            elif self.answers and event is self.answers[0][1]:
                self.answers.pop(0)
            elif self.opened and event is self.opened[0][1]:
                self.opened.pop(0)
            yield at, event

    def happens(self, what: str, index: int, how_much: object) -> Event | None:
        number = self.state.watched[index].number
        if what == "mute":
            self.mute[index] = bool(how_much)
        if what == "mute" or number is None:
            return None
        if what == "lost":
            return SessionLost(number, "gone") if self.state.watched[index].connected else None
        if what == "much":
            assert isinstance(how_much, float)
            return MessagesCame(number, how_much, True)
        assert isinstance(how_much, tuple)
        return NoticeArrived(number, *how_much)

    def took(self, at: float, effects: tuple[Effect, ...]) -> None:
        self.at = at
        for effect in effects:
            if isinstance(effect, SendHeartbeat):
                index = next(i for i, w in enumerate(self.state.watched) if w.number == effect.number)
                if not self.mute[index]:
                    self.answers.append((at + 0.01, HeartbeatAnswered(effect.number, int(NOW.wall + at))))
            if type(effect).__name__ == "OpenSession":
                number = effect.number  # type: ignore[union-attr]
                index = next(i for i, w in enumerate(self.state.watched) if w.number == number)
                verdict = (
                    SessionFailed(number, Outcome.SILENT, 5.0, "mute")
                    if self.mute[index]
                    else SessionReady(number, 178, ("DU1234567",), 0.01)
                )
                self.opened.append((at + (5.0 if self.mute[index] else 0.02), verdict))
                self.opened.sort(key=lambda one: one[0])


def stands(state: AgentState) -> list[object]:
    """What people see of each connection, and what it does."""
    return [
        (type(w.link.state), sorted(k for k, e in w.ledger.entries.items() if e.shown), shown.overall, shown.latency)
        for w, shown in zip(state.watched, state.shown.connections if state.shown else (), strict=True)
    ]


@given(WALK)
@how(max_examples=60, deadline=None)
def test_those_that_are_not_judged_would_have_come_out_the_same(
    walk: list[tuple[float, tuple[str, int, object]]],
) -> None:
    going = Walk()
    for at, event in going.steps(walk):
        now = NOW.later(at)
        whole, _ = advance(replace(going.state, settled=()), event, now)
        going.state, effects = advance(going.state, event, now)
        going.took(at, effects)

        assert stands(going.state) == stands(whole), (at, event)
