"""Targets of an agent with many connections: one message for many, whatever happens, and never what is not so."""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.alerts.gathering import MOMENT, TOLD_AGAIN
from agent.core.alerts.targets import BeginningSent
from agent.core.clock import Moment
from agent.core.effects import Effect, Remember, SendTo
from agent.core.events import Event, Looked, TargetAnswered, Tick, UserAsked, UserLooked
from agent.core.facts import Facts
from agent.core.memory import Memory, WaitingNotice
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.settings import MinimumSeverity, NotificationSettings, QuietHours, Settings, TargetSettings
from agent.core.shown.display import Pause, Resume, Snooze
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage
from agent.core.state_machine.advance import advance, begin
from agent.core.state_machine.state import AgentState, Knowledge, Words
from tests.problems.scene import NOW, connection, machine

TAKEN = TargetAnswer(SendOutcome.TAKEN, "HTTP 200 OK")
REFUSED = TargetAnswer(SendOutcome.REFUSED, "Connection refused")
UNFIT = TargetAnswer(SendOutcome.UNFIT, "HTTP 413")
PHONE = TargetSettings("Phone", "ntfy://topic")


@dataclass
class ManyDay:
    """An agent with many connections, those of which something is wrong, and what its targets get."""

    count: int = 100
    targets: tuple[TargetSettings, ...] = (PHONE,)
    wrong: set[int] = field(default_factory=set)
    """Numbers of the connections of which it is so."""
    severities: dict[int, Severity] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    answer: TargetAnswer | None = TAKEN
    """None: nothing yet."""
    grace: float = 0.0
    """Seconds until a problem is shown."""
    now: Moment = field(default_factory=lambda: NOW.later(-100.0))
    sent: list[tuple[str, TargetMessage]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = [f"gw-{n:03}" for n in range(self.count)]
        self.kept = self.memory
        self.state: AgentState
        self.begin()

    def begin(self) -> None:
        """An agent begins, with what was kept."""
        settings = Settings(
            connections=tuple(connection(name=name, port=4100 + n) for n, name in enumerate(self.names)),
            notifications=NotificationSettings(targets=self.targets),
        )
        news = GoodNews("It is well", "It was bad for {lasted}.", lambda *_: {})
        bad = Problem("bad", "It is bad", "Orders wait.", Severity.WARNING, self.check(), over=(news,))
        bad = replace(bad, visible_after=lambda _: self.grace)
        self.state = AgentState(Knowledge((bad,), Words({}, {})), settings, "0", 1, self.now, memory=self.kept)
        self.state, effects = begin(self.state, self.now)
        self.take(effects)
        self.look(0.0)

    def check(self) -> Callable[[Facts], Verdict]:
        def check(facts: Facts) -> Verdict:
            number = int(facts.connection.name[3:])
            severity = self.severities.get(number)
            return Present({}, ("seen",), severity=severity) if number in self.wrong else Absent()

        return check

    def take(self, effects: Sequence[Effect]) -> None:
        sent = [effect for effect in effects if isinstance(effect, SendTo)]
        self.kept = next((e.memory for e in effects if isinstance(e, Remember)), self.kept)
        for one in sent:
            self.is_so(one.target)
            self.sent.append((one.target, one.message))
        for one in sent:
            if self.answer is not None:
                self.play(TargetAnswered(one.target, self.answer))

    def is_so(self, target: str) -> None:
        """What is on its way to a target is true now."""
        for one in self.state.deliveries[target].on_its_way:
            if isinstance(one, BeginningSent):
                assert int(one.connection[3:]) in self.wrong
            elif one.crowd is not None:
                assert int(one.key.split("/")[0][3:]) not in self.wrong

    def play(self, *events: Event) -> None:
        for event in events:
            self.state, effects = advance(self.state, event, self.now)
            self.take(effects)

    def look(self, after: float = 5.0, flipped: Set[int] = frozenset()) -> None:
        """A look, so many seconds later; until then the agent wakes when it has planned to.

        `flipped`: what is otherwise by then; the agent cannot know it earlier.
        """
        until = self.now.later(after)
        self.wake(until)
        self.now = until
        self.wrong ^= flipped
        self.play(Looked(replace(machine(), taken=self.now.monotonic)))
        self.wake(until)

    def wake(self, until: Moment) -> None:
        """The agent wakes whenever it has planned to."""
        while (wake := self.state.wake_at) is not None and wake <= until.monotonic:
            self.now = self.now.later(max(0.0, wake - self.now.monotonic))
            self.play(Tick())

    def looks(self, seconds: float) -> None:
        """Looks, as often as an agent looks, or nearly."""
        step = 5.0 if seconds <= 120 else 20.0
        for _ in range(round(seconds / step)):
            self.look(step)

    @property
    def titles(self) -> list[str]:
        return [message.title for _, message in self.sent]


def test_a_hundred_that_fail_together_are_one_message_and_their_end_is_one() -> None:
    day = ManyDay()
    day.wrong = set(range(100))
    day.looks(300)
    day.wrong = set()
    day.looks(300)

    first = "gw-000, gw-001, gw-002, gw-003, gw-004, gw-005, gw-006, gw-007, gw-008, gw-009 and 90 more."
    assert [message for _, message in day.sent] == [
        TargetMessage("100 connections: It is bad", f"{first} Orders wait.", "warning"),
        TargetMessage(
            "100 connections: It is well",
            f"{first} It was bad for 5 min. The first message came 5 min ago.",
            "success",
        ),
    ]
    assert (day.state.memory.told_there, day.state.memory.waiting) == ((), ())
    assert day.state.deliveries["Phone"].due == float("inf")


def test_they_wait_for_each_other_for_a_moment_and_no_longer() -> None:
    day = ManyDay()
    day.wrong = {0}
    day.look()
    day.wrong = set(range(100))
    day.look(MOMENT - 0.5)
    assert day.sent == []
    day.look(0.5)
    assert day.titles == ["100 connections: It is bad"]


def test_those_that_come_back_earlier_are_told_once_a_minute_with_those_that_are_still_so() -> None:
    day = ManyDay()
    day.wrong = set(range(100))
    day.looks(120)
    for well in range(30):
        day.wrong.discard(well)
        day.look(1.0)
    day.looks(60)
    day.wrong = set()
    day.looks(600)

    assert day.titles == [
        "100 connections: It is bad",
        "30 connections: It is well",
        "70 connections: It is well",
    ]
    assert day.sent[1][1].body.endswith(
        "Still so: gw-030, gw-031, gw-032, gw-033, gw-034, gw-035, gw-036, gw-037, gw-038, gw-039 and 60 more."
    )
    assert "Still so" not in day.sent[2][1].body


def test_those_that_follow_join_and_are_named_first() -> None:
    day = ManyDay()
    day.wrong = set(range(40))
    day.looks(10)
    for late in range(40, 50):
        day.wrong.add(late)
        day.look(4.0)
    day.looks(TOLD_AGAIN)

    assert day.titles == ["40 connections: It is bad", "50 connections: It is bad"]
    assert day.sent[1][1].body.startswith("gw-040, gw-041, gw-042")
    assert "; 50 in all. Orders wait." in day.sent[1][1].body


def test_a_few_of_many_are_told_one_by_one() -> None:
    day = ManyDay()
    day.wrong = {3, 70}
    day.looks(10)
    day.wrong = {70}
    day.looks(10)

    assert [message.title for _, message in day.sent] == ["It is bad (and 1 more)", "It is well"]
    assert day.sent[1][1].body == "gw-003: It was bad for 10 s."


def test_one_that_is_back_before_its_end_was_told_is_no_news() -> None:
    day = ManyDay()
    day.wrong = set(range(100))
    day.looks(120)
    for _ in range(4):
        day.wrong.discard(7)
        day.look()
        day.wrong.add(7)
        day.look()
    day.looks(TOLD_AGAIN)
    assert day.titles == ["100 connections: It is bad"]

    day.wrong = set()
    day.looks(10)
    assert day.titles[1:] == ["100 connections: It is well"]


def test_what_ends_and_begins_again_while_its_message_is_on_its_way_is_told_once() -> None:
    day = ManyDay(count=8, answer=None)
    day.wrong = set(range(8))
    day.look()
    day.wrong = set()
    day.look(0.3)
    day.wrong = set(range(8))
    day.look(0.3)
    day.answer = TAKEN
    day.play(TargetAnswered("Phone", TAKEN))
    day.looks(100)

    assert day.titles == ["8 connections: It is bad"]


def test_a_service_that_was_away_is_told_how_old_it_is_and_nothing_of_what_is_over() -> None:
    day = ManyDay(answer=REFUSED)
    day.wrong = set(range(60))
    day.looks(10)
    day.wrong |= set(range(60, 100))
    day.looks(600)
    day.wrong -= set(range(50))
    day.looks(60)
    tries = len(day.sent)
    day.answer = TAKEN
    day.look(400)

    assert day.titles[tries:] == ["50 connections: It is bad"]
    assert day.sent[tries][1].body.startswith("For 17 min to 18 min now: gw-050")

    day.answer = REFUSED
    day.wrong = set()
    day.looks(600)
    tries = len(day.sent)
    day.answer = TAKEN
    day.look(400)
    assert day.titles[tries:] == ["50 connections: It is well"]
    assert day.sent[tries][1].body.startswith("This was 16 min ago: gw-050")
    assert day.state.memory.waiting == ()


def test_different_ages_are_told_from_the_least_to_the_greatest() -> None:
    day = ManyDay(answer=REFUSED)
    day.wrong = set(range(60))
    day.looks(600)
    day.wrong = set(range(100))
    day.looks(300)
    day.answer = TAKEN
    day.look(400)

    assert day.sent[-1][1].body.startswith("For 11 min to 22 min now: ")


def test_each_target_keeps_its_own_severity_quiet_hours_and_delay() -> None:
    minute = int(NOW.wall // 60) % 1440
    day = ManyDay(
        targets=(
            PHONE,
            replace(PHONE, name="grave only", minimum_severity=MinimumSeverity.ERROR),
            replace(PHONE, name="asleep", quiet_hours=(QuietHours((minute - 30) % 1440, (minute + 30) % 1440),)),
            replace(PHONE, name="later", after=900.0),
        ),
        severities=dict.fromkeys(range(20), Severity.ERROR),
    )
    day.wrong = set(range(100))
    day.looks(600)
    assert day.sent == [
        (name, message)
        for (name, title), (_, message) in zip(
            [("Phone", "100 connections"), ("grave only", "20 connections")], day.sent, strict=True
        )
        if message.title == f"{title}: It is bad"
    ]
    day.sent.clear()
    day.looks(400)
    assert [(t, m.title, m.body[:15]) for t, m in day.sent] == [
        ("later", "100 connections: It is bad", "For 15 min now:"),
    ]
    day.sent.clear()
    day.look(2400)
    day.look()
    assert [m.title for t, m in day.sent if t == "asleep"] == ["100 connections: It is bad"]


def test_what_was_seen_or_put_aside_in_time_goes_to_no_next_target() -> None:
    for event in (UserLooked(), UserAsked(Snooze("bad", "", 7200.0))):
        day = ManyDay(targets=(replace(PHONE, after=900.0),))
        day.wrong = set(range(100))
        day.looks(300)
        day.play(event)
        day.look(3600)
        day.wrong = set()
        day.looks(100)
        assert day.sent == []


def test_what_stands_is_told_again_as_one() -> None:
    day = ManyDay()
    day.wrong = set(range(100))
    for _ in range(8):
        day.look(1800)
        day.look(3)

    assert set(day.titles) == {"100 connections: It is bad"}
    assert len(day.sent) == 4
    assert day.sent[-1][1].body.startswith("For 3 h 30 min now: ")


def test_a_restart_tells_nothing_twice_and_ends_as_one() -> None:
    day = ManyDay()
    day.wrong = set(range(100))
    day.looks(60)
    day.begin()
    day.looks(60)
    assert len(day.sent) == 1
    day.wrong = set()
    day.begin()
    day.looks(900)

    assert day.titles == ["100 connections: It is bad", "100 connections: It is well"]


def test_what_cannot_be_taken_is_given_up_as_one_and_floods_nobody() -> None:
    day = ManyDay(answer=UNFIT)
    day.wrong = set(range(100))
    day.looks(600)

    assert len(day.sent) == 2
    assert len(day.state.memory.told_there) == 100


@pytest.mark.parametrize("answer", [REFUSED, UNFIT])
def test_an_end_that_did_not_arrive_is_not_told_of_what_is_there_again(answer: TargetAnswer) -> None:
    day = ManyDay(count=8)
    day.look(5.0, {0, 1, 2, 3})
    day.looks(15)
    assert day.titles == ["4 connections: It is bad"]

    day.answer = None
    day.look(5.0, {0, 1, 2, 3})
    day.looks(15)
    assert day.titles[1:] == ["4 connections: It is well"]
    day.look(5.0, {0})
    day.answer = TAKEN
    day.play(TargetAnswered("Phone", answer))
    day.looks(900)

    assert day.titles[2:] == ["3 connections: It is well"]
    assert day.sent[2][1].body.endswith("Still so: gw-000.")
    assert {told.connection for told in day.state.memory.told_there} == {"gw-000"}


def test_an_end_waits_while_what_is_over_is_there_again_and_not_shown_yet() -> None:
    day = ManyDay(count=8, grace=30.0)
    day.look(5.0, {0, 1, 2, 3})
    day.looks(60)
    day.look(5.0, {0})
    day.look(50.0, {0})
    day.looks(20)
    assert day.titles == ["4 connections: It is bad"]
    day.look(5.0, {0})
    day.looks(TOLD_AGAIN)
    assert day.titles[1:] == ["It is well"]


def test_an_end_that_waited_for_long_is_not_told_of_what_is_there_again() -> None:
    day = ManyDay(count=1)
    day.look(5.0, {0})
    day.answer = REFUSED
    day.look(5.0, {0})
    day.looks(600)
    day.look(5.0, {0})
    day.answer = TAKEN
    day.sent.clear()
    day.looks(900)

    assert day.titles == []
    assert {told.connection for told in day.state.memory.told_there} == {"gw-000"}


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.3, 1.0, 5.0, 5.0, 40.0, 700.0, 2000.0]),
        st.sets(st.integers(0, 7), max_size=8),
        st.sampled_from([TAKEN, TAKEN, TAKEN, REFUSED, None, UNFIT]),
        st.sampled_from(["", "", "", "restart", "pause", "resume", "looked"]),
    ),
    max_size=25,
)


@given(STEPS)
def test_whatever_happens_each_target_ends_up_knowing_what_is_so(
    steps: list[tuple[float, set[int], TargetAnswer | None, str]],
) -> None:
    """Every beginning of a message is so when it is sent (`is_so`), and in the end nothing is missing or too much."""
    day = ManyDay(count=8, targets=(PHONE, replace(PHONE, name="later", after=60.0)))
    for pause, flipped, answer, what in steps:
        day.answer = answer
        if answer is not None:
            for name, delivery in list(day.state.deliveries.items()):
                if delivery.on_its_way:
                    day.play(TargetAnswered(name, answer))
        match what:
            case "restart":
                day.begin()
            case "pause":
                day.play(UserAsked(Pause(None)))
            case "resume":
                day.play(UserAsked(Resume()))
            case "looked":
                day.play(UserLooked())
        day.look(pause, flipped)
    day.answer = TAKEN
    day.play(UserAsked(Resume()), *(TargetAnswered(target.name, TAKEN) for target in day.targets))
    for _ in range(8):
        day.look(400.0)
        day.look(5.0)

    known = {(t.target, int(t.connection[3:])) for t in day.state.memory.told_there}
    assert {n for target, n in known if target == "Phone"} == day.wrong
    assert {n for target, n in known if target == "later"} <= day.wrong
    assert day.state.memory.waiting == ()
    assert all(d.due == float("inf") and not d.on_its_way for d in day.state.deliveries.values())
    for _, message in day.sent:
        number = re.match(r"(\d+) connections: ", message.title)
        assert number is None or 2 <= int(number[1]) <= day.count


@given(STEPS)
def test_of_few_connections_nothing_waits(steps: list[tuple[float, set[int], TargetAnswer | None, str]]) -> None:
    day = ManyDay(count=3)
    for pause, flipped, _, _ in steps:
        day.wrong ^= flipped & {0, 1, 2}
        day.look(pause)
        assert all(d.due == float("inf") for d in day.state.deliveries.values())
        assert not any(isinstance(w, WaitingNotice) for w in day.state.memory.waiting)
        assert {int(t.connection[3:]) for t in day.state.memory.told_there} == day.wrong
