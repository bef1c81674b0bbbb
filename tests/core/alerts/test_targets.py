"""What targets are told, one decision at a time; whole days are in `tests/core/state_machine/test_target_news.py`."""

from dataclasses import replace

from agent.core.alerts.announce import QuietRules, Reason, Say, Silence
from agent.core.alerts.ending import not_seen
from agent.core.alerts.ledger import Entry, Hidden
from agent.core.alerts.targets import (
    LONGEST_RETRY,
    MOST_FOR_TARGET,
    BeginningSent,
    News,
    TargetDelivery,
    decide_there,
    follow_shown,
    message_from,
    of_waiting,
    rules_there,
    take_changes,
    take_outcome,
    with_waiting,
)
from agent.core.clock import Moment
from agent.core.memory import Memory, Standing, ToldThere, WaitingNotice
from agent.core.problem import Absent, Present, Problem, Severity
from agent.core.settings import MinimumSeverity, NotificationSettings, TargetSettings
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage

NOW = Moment(1000.0, 1_000_000.0)
PROBLEM = Problem("bad", "It is bad", "Bad.", Severity.WARNING, lambda _: Absent())
ENTRY = Entry(PROBLEM, Present({}, ("seen",)), NOW.later(-600), NOW.monotonic - 600, visible=True)
PHONE = TargetSettings("Phone", "ntfy://x")
RULES = QuietRules(NotificationSettings(minimum_severity=MinimumSeverity.ERROR), local_minute=0)
THERE = rules_there(RULES, PHONE)
WAITING = WaitingNotice("Phone", "Paper/bad", NOW.wall, "info", "Over", "It is over.", over=True)
SENT = BeginningSent("Paper", "bad", "It is bad", 0)
TOLD = ToldThere("Phone", "Paper", "bad", NOW.wall - 60, title="It is bad")


def test_a_target_goes_by_its_own_severity() -> None:
    assert decide_there(ENTRY, None, None, PHONE, THERE, NOW) == Say(again=False)
    grave = rules_there(RULES, replace(PHONE, minimum_severity=MinimumSeverity.ERROR))
    assert decide_there(ENTRY, None, None, PHONE, grave, NOW) == Silence(Reason.BELOW_SEVERITY)


def test_what_the_desktop_was_told_is_no_matter_of_a_target() -> None:
    said = replace(ENTRY, announced=True, announced_at=NOW.monotonic, unshown=True)

    assert decide_there(said, None, None, PHONE, THERE, NOW) == Say(again=False)
    assert decide_there(ENTRY, TOLD, None, PHONE, THERE, NOW) == Silence(Reason.ALREADY_SAID)
    taken_back = replace(said, unshown=False, taken_back=True)
    assert decide_there(taken_back, TOLD, None, PHONE, THERE, NOW) == Silence(Reason.ALREADY_SAID)
    assert decide_there(ENTRY, replace(TOLD, at=NOW.wall - 1800), None, PHONE, THERE, NOW) == Say(again=True)


def test_only_what_was_not_seen_for_so_long() -> None:
    later = replace(PHONE, after=300.0)
    stands = Standing("Paper", "bad", NOW.wall - 300.0)

    assert decide_there(ENTRY, None, stands, later, THERE, NOW) == Say(again=False)
    assert decide_there(ENTRY, None, replace(stands, since=NOW.wall - 299), later, THERE, NOW) == Silence(
        Reason.NOT_LONG_ENOUGH
    )
    assert decide_there(ENTRY, None, replace(stands, seen=True), later, THERE, NOW) == Silence(Reason.SEEN)


def test_what_hides_behind_a_cause_keeps_its_time_and_what_is_gone_loses_it() -> None:
    before = (Standing("Paper", "bad", 5.0, seen=True), Standing("Paper", "gone", 5.0), Standing("Other", "bad", 5.0))
    after = follow_shown(before, "Paper", {"bad": replace(ENTRY, hidden=True)}, NOW)

    assert after == (before[2], before[0])
    assert follow_shown((), "Paper", {"bad": replace(ENTRY, visible=False)}, NOW) == ()
    assert follow_shown((), "Paper", {"bad": replace(ENTRY, recalled=True)}, NOW)[0].since == ENTRY.since.wall


def test_what_turns_out_to_be_a_consequence_ends_without_a_word() -> None:
    memory = Memory(told_there=(TOLD,))
    on_its_way = {"Phone": TargetDelivery(on_its_way=(SENT,))}
    memory, deliveries = take_changes(memory, on_its_way, [Hidden(ENTRY)], "Paper", {"Phone": THERE}, {}, NOW)

    assert (memory.told_there, memory.waiting) == ((), ())
    assert deliveries["Phone"].on_its_way == (replace(SENT, gone=True),)
    arrived, _, _ = take_outcome(memory, "Phone", deliveries["Phone"], TargetAnswer(SendOutcome.TAKEN, ""), NOW)
    assert arrived.told_there == ()


def test_the_oldest_goes_where_there_is_no_room_and_other_targets_lose_nothing() -> None:
    other = replace(WAITING, target="Mail")
    waiting: tuple[WaitingNotice, ...] = (other,)
    for number in range(MOST_FOR_TARGET + 1):
        waiting = with_waiting(waiting, replace(WAITING, at=float(number)))

    assert waiting[0] == other
    assert [one.at for one in waiting[1:]] == [float(number) for number in range(1, MOST_FOR_TARGET + 1)]


def test_a_message_says_how_late_it_is_only_when_it_is_late() -> None:
    assert of_waiting(WAITING, NOW.later(30)).aged == "It is over."
    assert of_waiting(WAITING, NOW.later(840)).aged == "This was 14 min ago: It is over."


def test_of_several_notices_the_gravest_gives_the_kind_and_ends_none() -> None:
    over = News((WAITING,), Severity.INFO, "Over", "It is over.", over=True)
    bad = News((SENT,), Severity.WARNING, "It is bad", "Bad.", ("Mend it.",))

    assert message_from([over]) == TargetMessage("Over", "It is over.", "success")
    assert message_from([bad]) == TargetMessage("It is bad", "Bad.\n1. Mend it.", "warning")
    assert message_from([over, bad]) == TargetMessage(
        "Over (and 1 more)", "Over\nIt is over.\n\nIt is bad\nBad.", "warning"
    )


def test_an_end_of_which_nothing_more_is_known_is_no_success() -> None:
    unseen = replace(WAITING, title=not_seen("It is bad"), ended="It is bad")

    assert message_from([of_waiting(unseen, NOW)]).kind == "info"
    assert message_from([of_waiting(WAITING, NOW)]).kind == "success"


def test_what_cannot_work_as_it_is_configured_is_tried_rarely() -> None:
    answer = TargetAnswer(SendOutcome.UNUSABLE, "no key store")
    _, delivery, _ = take_outcome(Memory(), "Phone", TargetDelivery(on_its_way=(SENT,)), answer, NOW)

    assert delivery.next_at == NOW.monotonic + LONGEST_RETRY
    assert (delivery.failures, delivery.failing_since, delivery.answer) == (1, NOW.wall, answer)


def test_what_arrived_is_known_there_and_waits_no_longer() -> None:
    end = replace(WAITING, key="Paper/bad")
    delivery = TargetDelivery(on_its_way=(WAITING, replace(SENT, end=end)), failures=3, failing_since=5.0)
    memory, after, _ = take_outcome(
        Memory(waiting=(WAITING,)), "Phone", delivery, TargetAnswer(SendOutcome.TAKEN, "HTTP 200 OK"), NOW
    )

    assert memory.waiting == (end,)
    assert memory.told_there == ()
    assert (after.failures, after.failing_since, after.on_its_way, after.outcomes) == (0, None, (), {"taken": 1})
