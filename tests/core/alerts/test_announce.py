from dataclasses import replace

import pytest

from agent.core.alerts.announce import (
    BACK_AFTER,
    BACK_APART,
    UNSHOWN_AGAIN,
    QuietRules,
    Reason,
    Say,
    Silence,
    decide,
    keep_quiet,
    retry_at,
    severity_of,
    text_of,
    title_of,
)
from agent.core.alerts.ledger import Entry
from agent.core.problem import Absent, Present, Problem, Severity
from agent.core.settings import MinimumSeverity, NotificationSettings, QuietHours
from tests.problems.scene import NOW

PROBLEM = Problem("api-silent", "{app} is silent", "{app} says nothing.", Severity.ERROR, lambda _: Absent())
ENTRY = Entry(PROBLEM, Present({"app": "TWS"}), since=NOW, visible_at=NOW.monotonic, visible=True)
SAID = replace(ENTRY, announced=True, announced_at=NOW.monotonic)
SETTINGS = NotificationSettings()
POLITE = QuietRules(SETTINGS, local_minute=14 * 60)
QUIET = (
    (replace(POLITE, snoozed=frozenset({"api-silent"})), Reason.SNOOZED),
    (replace(POLITE, paused=True), Reason.PAUSED),
    (replace(POLITE, settings=replace(SETTINGS, quiet_hours=(QuietHours(13 * 60, 15 * 60),))), Reason.QUIET_HOURS),
    (replace(POLITE, unstable_covers=60.0), Reason.UNSTABLE),
)


def test_what_is_visible_is_said_once() -> None:
    assert decide(ENTRY, POLITE, NOW) == Say(again=False)
    assert decide(SAID, POLITE, NOW.later(60)) == Silence(Reason.ALREADY_SAID)


def test_what_is_not_shown_is_not_said() -> None:
    for entry in (replace(ENTRY, visible=False), replace(ENTRY, hidden=True)):
        assert decide(entry, POLITE, NOW) == Silence(Reason.NOT_SHOWN)


@pytest.mark.parametrize(("rules", "reason"), QUIET)
def test_there_are_reasons_for_silence(rules: QuietRules, reason: Reason) -> None:
    assert decide(ENTRY, rules, NOW) == Silence(reason)
    assert keep_quiet(ENTRY, POLITE, NOW) is None


@pytest.mark.parametrize(("rules", "reason"), QUIET)
def test_some_problems_are_never_silenced(rules: QuietRules, reason: Reason) -> None:
    grave = replace(ENTRY, problem=replace(PROBLEM, never_silenced=True))

    assert decide(grave, rules, NOW) == Say(again=False), reason


def test_an_unstable_connection_speaks_for_the_others_and_not_for_itself() -> None:
    unstable = replace(ENTRY, problem=replace(PROBLEM, code="connection-unstable"))

    assert decide(unstable, replace(POLITE, unstable_covers=60.0), NOW) == Say(again=False)


def test_a_cause_that_stays_is_told_although_the_connection_is_unstable() -> None:
    unstable = replace(POLITE, unstable_covers=60.0)

    assert decide(ENTRY, unstable, NOW.later(59)) == Silence(Reason.UNSTABLE)
    assert decide(ENTRY, unstable, NOW.later(60)) == Say(again=False)


def test_what_only_a_session_tells_is_news_on_an_unstable_connection_too() -> None:
    link_lost = replace(ENTRY, problem=replace(PROBLEM, code="server-link-lost", needs_session=True))

    assert decide(link_lost, replace(POLITE, unstable_covers=60.0), NOW) == Say(again=False)


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("minimum", MinimumSeverity)
def test_what_is_below_the_minimum_is_not_said(severity: Severity, minimum: MinimumSeverity) -> None:
    rules = replace(POLITE, settings=replace(SETTINGS, minimum_severity=minimum))
    entry = replace(ENTRY, present=Present(severity=severity))
    order = ["info", "warning", "error"]
    enough = order.index(severity.value) >= order.index(minimum.value)

    assert severity_of(entry) is severity
    assert decide(entry, rules, NOW) == (Say(again=False) if enough else Silence(Reason.BELOW_SEVERITY))


def test_repeats_come_after_half_an_hour_an_hour_two_hours() -> None:
    for repeats, minutes in enumerate((30, 60, 120, 240)):
        entry = replace(SAID, repeats=repeats)

        assert decide(entry, POLITE, NOW.later(minutes * 60 - 1)) == Silence(Reason.ALREADY_SAID)
        assert decide(entry, POLITE, NOW.later(minutes * 60)) == Say(again=True)


def test_repeats_can_be_switched_off_and_information_is_never_repeated() -> None:
    never = replace(POLITE, settings=replace(SETTINGS, repeat_after=None))
    info = replace(POLITE, settings=replace(SETTINGS, minimum_severity=MinimumSeverity.INFO))
    harmless = replace(SAID, present=Present(severity=Severity.INFO))

    assert decide(SAID, never, NOW.later(10**6)) == Silence(Reason.ALREADY_SAID)
    assert decide(harmless, info, NOW.later(10**6)) == Silence(Reason.ALREADY_SAID)


def test_what_no_service_could_show_is_tried_again_until_one_does() -> None:
    unshown = replace(SAID, unshown=True)
    tried = replace(unshown, tried_at=NOW.monotonic + UNSHOWN_AGAIN)

    assert decide(unshown, POLITE, NOW.later(UNSHOWN_AGAIN - 1)) == Silence(Reason.ALREADY_SAID)
    assert decide(unshown, POLITE, NOW.later(UNSHOWN_AGAIN)) == Say(again=False, once_more=True)
    assert decide(tried, POLITE, NOW.later(2 * UNSHOWN_AGAIN - 1)) == Silence(Reason.ALREADY_SAID)
    assert decide(tried, POLITE, NOW.later(2 * UNSHOWN_AGAIN)) == Say(again=False, once_more=True)
    assert decide(unshown, replace(POLITE, paused=True), NOW.later(UNSHOWN_AGAIN)) == Silence(Reason.PAUSED)
    assert retry_at(ENTRY) is None


def test_what_was_taken_back_for_a_new_start_is_shown_once_more_at_once() -> None:
    back = replace(SAID, taken_back=True)

    assert decide(back, POLITE, NOW.later(5)) == Say(again=False, once_more=True)
    assert decide(back, replace(POLITE, paused=True), NOW.later(5)) == Silence(Reason.PAUSED)
    assert decide(replace(back, recalled=True), POLITE, NOW.later(5)) == Silence(Reason.NOT_JUDGED)
    # A repeat that is due shows it as well.
    assert decide(back, POLITE, NOW.later(30 * 60)) == Say(again=True)
    # Where no service can show it, it is tried as seldom as any.
    assert decide(replace(back, unshown=True), POLITE, NOW.later(5)) == Silence(Reason.ALREADY_SAID)


def test_what_comes_back_from_behind_a_cause_is_said_once_more_when_it_stays() -> None:
    began = NOW.later(BACK_APART)
    back = replace(SAID, back_since=began.monotonic)

    assert decide(back, POLITE, began.later(BACK_AFTER - 1)) == Silence(Reason.ALREADY_SAID)
    assert decide(back, POLITE, began.later(BACK_AFTER)) == Say(again=False, once_more=True)
    assert retry_at(back) == began.later(BACK_AFTER).monotonic
    assert decide(back, replace(POLITE, paused=True), began.later(BACK_AFTER)) == Silence(Reason.PAUSED)
    # A repeat that is due shows it as well.
    assert decide(back, POLITE, NOW.later(30 * 60)) == Say(again=True)


def test_what_hides_and_comes_back_again_and_again_is_said_no_more_often_than_that() -> None:
    back = replace(SAID, back_since=NOW.later(BACK_AFTER).monotonic)
    said = replace(back, tried_at=NOW.later(BACK_APART).monotonic)

    assert decide(back, POLITE, NOW.later(BACK_APART - 1)) == Silence(Reason.ALREADY_SAID)
    assert decide(back, POLITE, NOW.later(BACK_APART)) == Say(again=False, once_more=True)
    assert decide(said, POLITE, NOW.later(2 * BACK_APART - 1)) == Silence(Reason.ALREADY_SAID)


def test_words_are_filled_in() -> None:
    assert (title_of(ENTRY), text_of(ENTRY)) == ("TWS is silent", "TWS says nothing.")
