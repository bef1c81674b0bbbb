"""Targets: who is told what, and when, without a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from agent.core.alerts.targets import FIRST_RETRY, JITTER, LONGEST_RETRY, MOST_FOR_TARGET, MOST_IN_MESSAGE, TOLD_AFTER
from agent.core.clock import Moment
from agent.core.effects import Announce, Effect, Record, Remember, SendTo, Withdraw
from agent.core.events import Event, Looked, NewsCame, Reconfigured, SessionReady, TargetAnswered, UserAsked, UserLooked
from agent.core.facts import Facts
from agent.core.memory import Memory
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.settings import MinimumSeverity, NotificationSettings, QuietHours, Settings, TargetSettings
from agent.core.shown.display import Disconnect, Notice, Pause, Resume, Snooze
from agent.core.shown.status import status_to_json
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage
from agent.core.state_machine.advance import FORGET_TOLD, advance, begin
from agent.core.state_machine.state import AgentState, Knowledge, Words
from tests.core.made_up_agent import PAPER
from tests.problems.scene import NOW, gateway, machine

TAKEN = TargetAnswer(SendOutcome.TAKEN, "HTTP 200 OK")
REFUSED = TargetAnswer(SendOutcome.REFUSED, "Connection refused")
PHONE = TargetSettings("Phone", "ntfy://topic")
NAME = PAPER.name
BEGUN = NOW.later(-100.0)


@dataclass
class Day:
    """An agent, what is wrong around it, and the targets' answers."""

    targets: tuple[TargetSettings, ...] = (PHONE,)
    wrong: set[str] = field(default_factory=set)
    memory: Memory = field(default_factory=Memory)
    answers: dict[str, TargetAnswer | None] = field(default_factory=dict)
    """By target: what it answers; None: nothing yet."""
    now: Moment = BEGUN
    rest: dict[str, Any] = field(default_factory=dict)
    """Of the notification settings."""
    sent: list[tuple[str, TargetMessage]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept = self.memory
        self.state: AgentState
        self.begin()

    def begin(self) -> None:
        """An agent begins, with what was kept."""
        notifications = NotificationSettings(targets=self.targets, **self.rest)
        state = AgentState(
            knowledge=Knowledge(tuple(self.problem(code) for code in ("bad", "worse", "strange")), Words({}, {})),
            settings=Settings(connections=(PAPER,), notifications=notifications),
            version="0",
            pid=1,
            started=self.now,
            memory=self.kept,
        )
        self.state, effects = begin(state, self.now)
        self.take(effects)

    def problem(self, code: str) -> Problem:
        severity = {"bad": Severity.WARNING, "worse": Severity.ERROR, "strange": Severity.ERROR}[code]
        news = GoodNews(f"All is well after {code}", f"{NAME} was {code} for {{lasted}}.", lambda *_: {})
        return Problem(
            code,
            f"It is {code}",
            f"{NAME} is {code}.",
            severity,
            self.check(code),
            over=(news,),
            never_silenced=code == "strange",
        )

    def check(self, code: str) -> Callable[[Facts], Verdict]:
        return lambda _: Present({}, ("seen",)) if code in self.wrong else Absent()

    def take(self, effects: tuple[Effect, ...]) -> None:
        before = len(self.sent)
        for effect in effects:
            match effect:
                case SendTo(target, message):
                    self.sent.append((target, message))
                case Announce(notice):
                    self.notices.append(notice)
                case Remember(memory):
                    self.kept = memory
                case Record(_, text):
                    self.lines.append(text)
        for target, _ in self.sent[before:]:
            if (answer := self.answers.get(target, TAKEN)) is not None:
                self.play(TargetAnswered(target, answer))

    def play(self, *events: Event) -> None:
        for event in events:
            self.state, effects = advance(self.state, event, self.now)
            self.take(effects)

    def look(self, after: float = 5.0) -> None:
        """A look, so many seconds later; the API session stands by then."""
        self.now = self.now.later(after)
        self.play(Looked(replace(machine(gateway()), taken=self.now.monotonic)))
        number = self.state.watched[0].number
        if number is not None and not self.state.watched[0].connected:
            self.play(SessionReady(number, 178, ("DU1234567",), 0.01))

    @property
    def titles(self) -> list[str]:
        return [message.title for _, message in self.sent]


def test_a_beginning_and_an_end_are_told_once_each() -> None:
    day = Day()
    day.look()
    day.wrong = {"bad"}
    for _ in range(5):
        day.look()
    day.wrong = set()
    for _ in range(5):
        day.look()

    assert day.sent == [
        ("Phone", TargetMessage("It is bad", "Paper Gateway is bad.", "warning")),
        ("Phone", TargetMessage("All is well after bad", "Paper Gateway was bad for 25 s.", "success")),
    ]
    assert (day.state.memory.told_there, day.state.memory.waiting, day.state.memory.standing) == ((), (), ())


def test_each_target_has_a_least_severity_and_quiet_hours_of_its_own() -> None:
    minute = int(NOW.wall // 60) % 1440
    day = Day(
        targets=(
            replace(PHONE, name="grave only", minimum_severity=MinimumSeverity.ERROR),
            replace(PHONE, name="asleep", quiet_hours=(QuietHours((minute - 30) % 1440, (minute + 30) % 1440),)),
            replace(PHONE, name="all"),
        ),
        # The desktop's own manners are no matter of the targets.
        rest={"minimum_severity": MinimumSeverity.ERROR, "quiet_hours": (QuietHours(0, 1440),)},
        wrong={"bad", "strange"},
    )
    day.look()
    day.look()

    assert [(target, m.title) for target, m in day.sent] == [
        ("grave only", "It is strange"),
        ("asleep", "It is strange"),
        ("all", "It is bad (and 1 more)"),
    ]
    day.sent.clear()
    day.look(3600)
    assert [m.body.split("\n")[1] for target, m in day.sent if target == "asleep"] == [
        "For 1 h now: Paper Gateway is bad."
    ]


def test_what_stands_is_told_again_as_on_the_desktop() -> None:
    day = Day(wrong={"bad"})
    day.look()
    for _ in range(8):
        day.look(1800)

    assert len(day.sent) == len(day.notices) == 4
    assert day.sent[-1][1].body == "For 3 h 30 min now: Paper Gateway is bad."


def test_several_at_once_are_one_message() -> None:
    day = Day(wrong={"bad", "worse", "strange"})
    day.look()

    (message,) = (message for _, message in day.sent)
    assert message.kind == "failure"
    assert message.title.endswith("(and 2 more)")
    assert message.body.count("Paper Gateway is") == 3


# ── a service that is away ──────────────────────────────────────────────────────────────────────


def test_what_is_over_before_it_could_be_told_is_never_told() -> None:
    day = Day(answers={"Phone": REFUSED}, wrong={"bad"})
    day.look()
    day.wrong = set()
    day.look()
    day.answers = {}
    for _ in range(20):
        day.look(60)

    assert day.titles == ["It is bad"]
    assert day.state.memory.waiting == ()


def test_what_stands_is_told_late_and_says_since_when_and_so_does_its_end() -> None:
    day = Day(answers={"Phone": REFUSED}, wrong={"bad"})
    day.look()
    for _ in range(14):
        day.look(60)
    tries = len(day.sent)
    day.answers = {}
    day.look(300)
    assert day.sent[-1][1].body == "For 19 min now: Paper Gateway is bad."

    day.answers = {"Phone": REFUSED}
    day.wrong = set()
    day.look()
    for _ in range(14):
        day.look(60)
    day.answers = {}
    day.look(300)

    assert tries < 12
    assert day.sent[-1][1] == TargetMessage(
        "All is well after bad", "This was 19 min ago: Paper Gateway was bad for at least 19 min.", "success"
    )


def test_attempts_are_further_and_further_apart_and_at_most_some_minutes() -> None:
    day = Day(answers={"Phone": REFUSED})
    day.wrong = {"bad"}
    times = []
    for _ in range(2000):
        before = len(day.sent)
        day.look(1)
        times += [day.now.monotonic] if len(day.sent) > before else []
    gaps = [later - earlier for earlier, later in pairwise(times)]

    assert gaps[0] <= FIRST_RETRY * (1 + JITTER) + 1
    assert all(later > earlier for earlier, later in pairwise(gaps[:5]))
    assert max(gaps) <= LONGEST_RETRY * (1 + JITTER) + 1


def test_a_service_that_asks_to_be_left_alone_is() -> None:
    day = Day(answers={"Phone": replace(REFUSED, retry_after=600.0)}, wrong={"bad"})
    for _ in range(59):
        day.look(10)
    assert len(day.sent) == 1

    day.answers = {}
    day.look(20)
    assert len(day.sent) == 2


def test_one_that_never_answers_delays_no_other() -> None:
    day = Day(targets=(PHONE, replace(PHONE, name="Mail")), answers={"Phone": None}, wrong={"bad"})
    day.look()
    day.wrong = set()
    day.look()

    assert [target for target, _ in day.sent] == ["Phone", "Mail", "Mail"]


def test_an_end_follows_a_beginning_that_was_on_its_way_if_that_arrives() -> None:
    for answer, titles in ((TAKEN, ["It is bad", "All is well after bad"]), (REFUSED, ["It is bad"])):
        day = Day(answers={"Phone": None}, wrong={"bad"})
        day.look()
        day.wrong = set()
        day.look()
        day.answers = {}
        day.play(TargetAnswered("Phone", answer))
        day.look(600)
        assert day.titles == titles


def test_a_failure_is_said_once_in_the_log_and_once_to_the_user() -> None:
    mail = replace(PHONE, name="Mail")
    day = Day(targets=(PHONE, mail), answers={"Phone": REFUSED}, wrong={"bad"})
    for _ in range(40):
        day.look(60)
    about_phone = [line for line in day.lines if "“Phone”" in line]
    told = [n for n in day.notices if "Phone" in n.title]

    assert about_phone == ["“Phone” could not be told: Connection refused; it is tried again"]
    assert [n.title for n in told] == ["“Phone” cannot be told"]
    assert "Connection refused" in told[0].text
    assert ("Mail", "“Phone” cannot be told") in [(t, m.title) for t, m in day.sent]
    assert TOLD_AFTER < 40 * 60

    day.answers = {}
    day.look(600)
    assert day.lines[-1] == "“Phone” takes notices again"
    assert day.notices[-1].over


def test_that_a_target_cannot_be_told_is_no_news_once_it_is_gone() -> None:
    day = Day(answers={"Phone": REFUSED}, wrong={"bad"})
    for _ in range(40):
        day.look(60)
    (told,) = [n for n in day.notices if "Phone" in n.title]

    def configured(*targets: TargetSettings) -> list[Effect]:
        notifications = replace(day.state.settings.notifications, targets=targets)
        settings = replace(day.state.settings, notifications=notifications)
        day.state, effects = advance(day.state, Reconfigured(settings), day.now)
        return [effect for effect in effects if isinstance(effect, Withdraw)]

    assert configured(replace(PHONE, minimum_severity=MinimumSeverity.ERROR)) == []
    assert configured() == [Withdraw(told.key)]
    assert configured() == []


def test_a_notice_that_is_unfit_is_given_up_and_takes_no_other_along() -> None:
    day = Day(answers={"Phone": replace(TAKEN, outcome=SendOutcome.UNFIT)}, wrong={"bad", "worse"})
    day.look()
    assert day.titles == ["It is bad (and 1 more)", "It is bad", "It is worse"]
    day.answers = {}
    day.look()

    assert [line for line in day.lines if "for good" in line] == [
        "“Phone” refuses a notice for good: It is bad: HTTP 200 OK",
        "“Phone” refuses a notice for good: It is worse: HTTP 200 OK",
    ]
    assert len(day.sent) == 3


def test_what_waits_is_bounded_and_the_newest_stays() -> None:
    day = Day(answers={"Phone": REFUSED})
    day.look()
    for number in range(MOST_FOR_TARGET + 30):
        day.play(NewsCame(Notice(f"gatelight/{number}", Severity.WARNING, f"News {number}", "")))

    waiting = [one.title for one in day.state.memory.waiting]
    assert waiting == [f"News {number}" for number in range(30, MOST_FOR_TARGET + 30)]
    day.answers = {}
    for _ in range(MOST_FOR_TARGET):
        day.look(600)
    assert day.state.memory.waiting == ()
    assert all(message.body.count("News") <= MOST_IN_MESSAGE for _, message in day.sent)


# ── escalation ──────────────────────────────────────────────────────────────────────────────────

LATER = replace(PHONE, after=900.0)


def test_what_was_not_seen_for_so_long_goes_to_the_next_target() -> None:
    day = Day(targets=(replace(PHONE, name="Chat"), LATER), wrong={"bad"})
    day.look()
    for _ in range(14):
        day.look(60)
    assert [target for target, _ in day.sent] == ["Chat"]
    day.look(60)
    assert day.sent[1:] == [("Phone", TargetMessage("It is bad", "For 15 min now: Paper Gateway is bad.", "warning"))]

    day.wrong = set()
    day.look()
    assert [target for target, _ in day.sent] == ["Chat", "Phone", "Chat", "Phone"]


def test_what_was_seen_in_time_does_not_and_its_end_is_not_told_either() -> None:
    seen: tuple[Event, ...] = (
        UserLooked(),
        UserAsked(Snooze("bad", NAME, 60.0)),
    )
    for event in seen:
        day = Day(targets=(LATER,), wrong={"bad"})
        day.look()
        day.look(600)
        day.play(event)
        day.look(3600)
        day.wrong = set()
        day.look()
        assert day.sent == []


def test_a_look_before_it_began_has_not_seen_it() -> None:
    day = Day(targets=(LATER,))
    day.look()
    day.play(UserLooked())
    day.wrong = {"bad"}
    day.look()
    day.look(900)

    assert len(day.sent) == 1


def test_the_time_goes_on_over_a_restart_and_so_does_what_was_seen() -> None:
    day = Day(targets=(LATER,), wrong={"bad"})
    day.look()
    day.look(600)
    day.begin()
    day.look()
    day.look(290)
    day.look(10)
    assert len(day.sent) == 1

    day = Day(targets=(LATER,), wrong={"bad"})
    day.look()
    day.play(UserLooked())
    day.begin()
    day.look()
    day.look(3600)
    assert day.sent == []


# ── restarts ────────────────────────────────────────────────────────────────────────────────────


def test_nothing_is_told_twice_because_the_agent_was_restarted() -> None:
    day = Day(wrong={"bad"})
    day.look()
    day.begin()
    for _ in range(5):
        day.look()
    day.wrong = set()
    day.look()
    day.begin()
    day.look()
    day.look()

    assert day.titles == ["It is bad", "All is well after bad"]


def test_what_could_not_be_told_waits_over_a_restart() -> None:
    day = Day(wrong={"bad"})
    day.look()
    day.answers = {"Phone": REFUSED}
    day.wrong = set()
    day.look()
    day.begin()
    day.answers = {}
    day.look(600)

    assert day.titles[-1] == "All is well after bad"
    assert day.sent[-1][1].body.startswith("This was 10 min ago: ")


def test_what_ended_while_no_agent_ran_is_told() -> None:
    day = Day(wrong={"bad"})
    day.look()
    day.wrong = set()
    day.begin()
    for _ in range(5):
        day.look(10)

    assert day.titles == ["It is bad", "All is well after bad"]
    assert "was told before Gatelight was started again" in day.sent[-1][1].body


def test_what_the_user_does_not_watch_any_more_ends_without_a_word() -> None:
    day = Day(wrong={"bad"})
    day.look()
    day.play(UserAsked(Disconnect(NAME)))
    day.wrong = set()
    day.look(FORGET_TOLD)

    assert day.titles == ["It is bad"]
    assert day.state.memory.told_there == ()


def test_an_end_in_quiet_hours_is_told_when_they_are_over() -> None:
    day = Day(wrong={"bad"})
    day.look()
    day.play(UserAsked(Pause(None)))
    day.wrong = set()
    day.look()
    day.look(3600)
    assert day.titles == ["It is bad"]
    day.play(UserAsked(Resume()))

    assert day.sent[-1][1].body == "This was 1 h ago: Paper Gateway was bad for at least 10 s."


# ── settings, news, status ──────────────────────────────────────────────────────────────────────


def test_a_target_that_is_gone_is_forgotten_and_a_new_one_learns_what_stands() -> None:
    day = Day(wrong={"bad"})
    day.look()
    mail = replace(PHONE, name="Mail")
    notifications = replace(day.state.settings.notifications, targets=(mail,))
    day.play(Reconfigured(replace(day.state.settings, notifications=notifications)))
    day.wrong = set()
    day.look()

    assert [(target, m.title) for target, m in day.sent] == [
        ("Phone", "It is bad"),
        ("Mail", "It is bad"),
        ("Mail", "All is well after bad"),
    ]


def test_an_address_without_a_name_gets_all_news_and_a_target_what_is_grave_enough() -> None:
    day = Day(rest={"remote": ("ntfy://a",)})
    day.look()
    day.play(NewsCame(Notice("gatelight/week", Severity.INFO, "The week", "All was well.")))

    assert [target for target, _ in day.sent] == ["address 1"]


def test_the_status_tells_what_a_target_answered_and_nothing_where_nothing_was_sent() -> None:
    day = Day(targets=(PHONE, replace(LATER, name="Later")), answers={"Phone": REFUSED}, wrong={"bad"})
    day.look()
    assert day.state.shown is not None
    first, second = status_to_json(day.state.shown)["targets"]

    assert first["taken"] is False
    assert (first["answer"], first["waiting"]) == ("Connection refused", 0)
    assert second == {"name": "Later", "waiting": 0}


def test_no_address_is_in_the_memory_or_an_effect() -> None:
    day = Day(wrong={"bad"}, answers={"Phone": REFUSED})
    day.look()
    day.play(NewsCame(Notice("gatelight/x", Severity.ERROR, "News", "")))

    assert "topic" not in repr(day.kept)
    assert "topic" not in repr(day.sent)


def test_a_click_of_the_desktop_withdraws_nothing_there() -> None:
    day = Day(wrong={"bad"})
    day.look()
    day.state, effects = advance(day.state, UserAsked(Snooze("bad", NAME, 600.0)), day.now)

    assert [type(e) for e in effects if isinstance(e, Withdraw | SendTo)] == [Withdraw]
