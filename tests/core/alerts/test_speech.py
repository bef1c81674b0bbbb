from dataclasses import replace

import pytest

from agent.core.alerts.announce import QuietRules
from agent.core.alerts.ending import Ending
from agent.core.alerts.ledger import Appeared, Changed, Cleared, Entry, Hidden, Ledger
from agent.core.alerts.speech import (
    BEHIND_CAUSE,
    SEEN_OVER,
    belated_end,
    nothing_to_do,
    notice_key,
    recall,
    speak,
    steps_told,
    told_of,
)
from agent.core.clock import Moment
from agent.core.effects import Announce, Effect, Happened, MarkKind, Record, Withdraw
from agent.core.memory import Memory, Told
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity
from agent.core.settings import NotificationSettings
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, Notice
from tests.problems.scene import NOW, facts

PROBLEM = Problem("api-silent", "{app} is silent", "{app} says nothing.", Severity.ERROR, lambda _: Absent())
SEEN = Present({"app": "TWS"}, ("TWS listens on 7497", "no answer"))
ENTRY = Entry(PROBLEM, SEEN, since=NOW, visible_at=NOW.monotonic, visible=True)
HEARD = replace(PROBLEM, over=(GoodNews("{app} speaks again", "{app} was silent.", lambda *_: {"app": "TWS"}),))
ENDING = Ending("TWS speaks again", "{app} was silent for {lasted}.", {"app": "TWS"})
SAID = replace(ENTRY, announced=True, announced_at=NOW.monotonic, announced_wall=NOW.wall)
BEGAN = replace(SAID, began=True)
POLITE = QuietRules(NotificationSettings(), local_minute=0)
PAUSED = replace(POLITE, paused=True)
STEPS: dict[str, tuple[str, ...]] = {"api-silent": ("Open TWS.",)}
KEY = "Paper/api-silent"


def ledger(*entries: Entry) -> Ledger:
    return Ledger({e.key: e for e in entries})


def said(effects: tuple[Effect, ...]) -> list[tuple[str, bool, str]]:
    return [(e.notice.key, e.notice.over, e.notice.title) for e in effects if isinstance(e, Announce)]


def test_a_notice_carries_words_and_steps() -> None:
    after, effects = speak("Paper", ledger(ENTRY), (Appeared(ENTRY),), STEPS, POLITE, NOW)
    record, announce = effects

    line = "Paper: TWS is silent (api-silent): TWS listens on 7497; no answer"
    assert record == Record(Severity.ERROR, line, connection="Paper", code="api-silent")
    assert isinstance(announce, Announce)
    assert announce.notice.key == KEY == notice_key("Paper", "api-silent")
    assert (announce.notice.title, announce.notice.text) == ("TWS is silent", "TWS says nothing.")
    assert (announce.notice.severity, announce.notice.steps) == (Severity.ERROR, ("Open TWS.",))
    assert after == ledger(SAID)


def test_what_is_back_from_behind_its_cause_is_said_once_more_and_then_not_again() -> None:
    back = replace(SAID, back_since=NOW.later(900).monotonic)
    once, effects = speak("Paper", ledger(back), (), STEPS, POLITE, NOW.later(1000))
    more, silent = speak("Paper", once, (), STEPS, POLITE, NOW.later(1010))

    assert [(e.notice.key, e.notice.once_more) for e in effects if isinstance(e, Announce)] == [(KEY, True)]
    assert (more, silent) == (once, ())


def test_a_problem_that_is_kept_quiet_is_in_the_log_with_the_reason() -> None:
    after, effects = speak("Paper", ledger(ENTRY), (Appeared(ENTRY),), STEPS, PAUSED, NOW)
    record, silent = effects

    assert isinstance(record, Record)
    assert record.text.endswith("[not announced: paused]")
    assert silent == Happened(MarkKind.SILENT, "Paper", "api-silent", "paused")
    assert after == ledger(ENTRY)


def test_the_log_names_gatelight_for_what_is_about_no_connection() -> None:
    changes = (Appeared(ENTRY), Changed(ENTRY), Cleared(ENTRY))
    _, effects = speak("", ledger(ENTRY), changes, STEPS, PAUSED, NOW)
    lines = [e.text for e in effects if isinstance(e, Record)]

    assert len(lines) == 3
    assert all(line.startswith("Gatelight: ") for line in lines)


def test_what_was_kept_quiet_is_said_when_the_pause_ends() -> None:
    _, effects = speak("Paper", ledger(ENTRY), (), STEPS, POLITE, NOW.later(3600))

    assert said(effects) == [(KEY, False, "TWS is silent")]


def test_with_several_connections_a_notice_says_which_one_it_is_about() -> None:
    (alone,) = [e.notice for e in speak("Paper", ledger(ENTRY), (), STEPS, POLITE, NOW)[1] if isinstance(e, Announce)]
    _, effects = speak("Paper", ledger(ENTRY), (), STEPS, POLITE, NOW, about="Paper")
    (one_of_two,) = [e.notice for e in effects if isinstance(e, Announce)]

    assert one_of_two == replace(alone, text=f"Paper: {alone.text}")


def test_a_repeat_counts() -> None:
    after, effects = speak("Paper", ledger(SAID), (), STEPS, POLITE, NOW.later(1800))

    assert said(effects) == [(KEY, False, "TWS is silent")]
    assert after.entries["api-silent"].repeats == 1
    assert after.entries["api-silent"].announced_at == NOW.monotonic + 1800


def test_a_change_is_for_the_log_only() -> None:
    assert speak("Paper", ledger(SAID), (Changed(SAID),), STEPS, POLITE, NOW)[1] == (
        Record(
            Severity.INFO,
            "Paper: api-silent now: TWS listens on 7497; no answer",
            connection="Paper",
            code="api-silent",
        ),
    )


def test_a_notice_of_what_hides_now_is_taken_back() -> None:
    hidden = replace(SAID, hidden=True)

    behind = Happened(MarkKind.ENDED, "Paper", "api-silent", BEHIND_CAUSE)

    assert speak("Paper", ledger(hidden), (Hidden(hidden),), STEPS, POLITE, NOW)[1] == (behind, Withdraw(KEY))

    unsaid = replace(ENTRY, hidden=True)

    assert speak("Paper", ledger(unsaid), (Hidden(unsaid),), STEPS, POLITE, NOW)[1] == (behind,)


def test_the_end_is_said_with_its_duration() -> None:
    _, effects = speak("Paper", Ledger(), (Cleared(BEGAN, ENDING),), STEPS, POLITE, NOW.later(192))

    assert effects[:3] == (
        Record(Severity.INFO, "Paper: over after 3 min: TWS is silent", connection="Paper", code="api-silent"),
        Happened(MarkKind.ENDED, "Paper", "api-silent", SEEN_OVER),
        Withdraw(KEY),
    )
    assert effects[3:] == (
        Announce(
            Notice(
                KEY, Severity.INFO, "TWS speaks again", "TWS was silent for 3 min.", over=True, ended="TWS is silent"
            )
        ),
    )


def test_the_end_of_what_was_there_when_it_was_first_seen_lasted_at_least_that_long() -> None:
    (*_, announce) = speak("Paper", Ledger(), (Cleared(SAID, ENDING),), STEPS, POLITE, NOW.later(192), about="Paper")[1]

    assert isinstance(announce, Announce)
    assert announce.notice.text == "Paper: TWS was silent for at least 3 min."


def test_an_end_that_came_while_no_agent_looked_has_no_duration() -> None:
    recalled = Cleared(replace(SAID, recalled=True), ENDING)
    (*_, announce) = speak("Paper", Ledger(), (recalled,), STEPS, POLITE, NOW.later(192))[1]

    assert isinstance(announce, Announce)
    assert announce.notice.title == "TWS speaks again"
    assert announce.notice.text == "“TWS is silent” was told before Gatelight was started again."


def test_an_end_of_which_nothing_is_known_says_just_that() -> None:
    (*_, announce) = speak("Paper", Ledger(), (Cleared(BEGAN),), STEPS, POLITE, NOW.later(192))[1]

    assert isinstance(announce, Announce)
    assert announce.notice.title == "No longer seen: TWS is silent"
    assert announce.notice.text == "“TWS is silent” was shown for 3 min."


@pytest.mark.parametrize(
    ("problems", "title"),
    [
        ((HEARD,), "TWS speaks again"),
        ((PROBLEM,), "No longer seen: TWS is silent"),
        ((), "No longer seen: TWS is silent"),
    ],
    ids=["known to be well", "nothing is known", "an unknown problem"],
)
def test_an_end_after_a_restart_says_what_is_true_now(problems: tuple[Problem, ...], title: str) -> None:
    told = Told("Paper", "api-silent", NOW.wall, NOW.wall, title="TWS is silent")
    notice = belated_end(told, problems, facts(), "Paper").notice

    assert (notice.key, notice.title, notice.over) == (KEY, title, True)
    assert notice.text == "Paper: “TWS is silent” was told before Gatelight was started again."
    # What an earlier version kept had no title.
    assert belated_end(replace(told, title=""), (), facts(), "").notice.title == "A problem is no longer seen"


def test_the_end_of_what_nobody_heard_of_is_not_said() -> None:
    assert said(speak("Paper", Ledger(), (Cleared(ENTRY),), STEPS, POLITE, NOW)[1]) == []
    assert speak("Paper", Ledger(), (Cleared(replace(ENTRY, visible=False)),), STEPS, POLITE, NOW)[1] == ()


def test_the_end_of_what_was_said_is_quiet_while_paused_and_the_notice_goes() -> None:
    _, effects = speak("Paper", Ledger(), (Cleared(SAID),), STEPS, PAUSED, NOW)

    assert said(effects) == []
    assert Withdraw(KEY) in effects


def test_the_longest_title_of_an_end_fits() -> None:
    long = replace(ENDING, title="Word " * 13 + "end")
    ((_, _, title),) = said(speak("Paper", Ledger(), (Cleared(SAID, long),), STEPS, POLITE, NOW)[1])

    assert len(title) <= TITLE_LIMIT
    assert title.startswith("Word")
    assert title.endswith("…")


def test_what_was_told_is_remembered_and_recalled_after_a_restart() -> None:
    memory = Memory(
        told_of("Paper", ledger(replace(SAID, repeats=2), replace(ENTRY, problem=replace(PROBLEM, code="x"))))
    )

    assert memory.told == (Told("Paper", "api-silent", NOW.wall, NOW.wall, 2, "TWS is silent"),)

    later = Moment(50.0, NOW.wall + 600)
    new = replace(ENTRY, since=later, visible_at=50.0)
    back = recall(ledger(new), Ledger(), "Paper", memory, later).entries["api-silent"]

    told = replace(new, since=Moment(50.0 - 600, NOW.wall), announced=True, announced_at=50.0 - 600, repeats=2)
    assert back == replace(told, announced_wall=NOW.wall)


def test_what_was_told_after_a_sleep_is_no_older_for_the_next_run() -> None:
    woke = Moment(NOW.monotonic + 5.0, NOW.wall + 30_005.0, ((NOW.monotonic + 1.0, 30_000.0),))
    after, _ = speak("Paper", ledger(ENTRY), (), STEPS, POLITE, woke)
    (told,) = told_of("Paper", after)
    next_run = Moment(100.0, woke.wall + 60.0)
    recalled = recall(ledger(ENTRY), Ledger(), "Paper", Memory((told,)), next_run)

    assert told.at == woke.wall
    assert said(speak("Paper", recalled, (), STEPS, POLITE, next_run)[1]) == []


def test_what_was_taken_back_is_shown_once_more_by_the_next_run_and_that_once() -> None:
    (told,) = told_of("Paper", ledger(SAID))
    memory = Memory((replace(told, taken_back=True),))
    recalled = recall(ledger(ENTRY), Ledger(), "Paper", memory, NOW.later(5))
    assert told_of("Paper", recalled) == memory.told

    shown, (announce,) = speak("Paper", recalled, (), STEPS, POLITE, NOW.later(5))
    assert isinstance(announce, Announce)
    assert (announce.notice.once_more, announce.notice.title) == (True, "TWS is silent")
    # When it was told, and how often, is as before.
    assert told_of("Paper", shown) == (told,)
    assert speak("Paper", shown, (), STEPS, POLITE, NOW.later(40))[1] == ()


def test_a_repeat_of_what_was_taken_back_counts_as_one() -> None:
    after, (announce,) = speak("Paper", ledger(replace(SAID, taken_back=True)), (), STEPS, POLITE, NOW.later(30 * 60))

    assert isinstance(announce, Announce)
    assert not announce.notice.once_more
    assert [(t.repeats, t.taken_back) for t in told_of("Paper", after)] == [(1, False)]


def test_what_is_known_already_or_was_told_of_another_connection_is_not_recalled() -> None:
    memory = Memory((Told("Paper", "api-silent", NOW.wall, NOW.wall),))
    now = ledger(ENTRY)

    assert recall(now, now, "Paper", memory, NOW) == now
    assert recall(now, Ledger(), "Live", memory, NOW) == now


def test_steps_that_fit_are_the_text_of_the_notice() -> None:
    notice = steps_told("Paper", ENTRY, ("Open **TWS**.", "Tick it."), ()).notice

    assert (notice.key, notice.severity, notice.title) == (KEY, Severity.ERROR, "TWS is silent")
    assert notice.text == "1. Open “TWS”.\n2. Tick it."


def test_the_steps_say_which_connection_they_are_for() -> None:
    assert steps_told("VPS", ENTRY, ("Open TWS.",), (), "VPS (live)").notice.text == "VPS (live):\n1. Open TWS."


def test_of_a_problem_that_is_not_shown_any_more_there_are_no_steps() -> None:
    notice = nothing_to_do("VPS", "api-silent", "VPS (live)").notice

    assert (notice.key, notice.text) == ("VPS/api-silent", "VPS (live): This problem is not shown any more.")


def test_of_steps_that_do_not_fit_as_many_as_there_is_room_for_and_where_all_are() -> None:
    steps = tuple(f"Open the window number {n} of TWS and tick the box." for n in range(9))
    text = steps_told("Paper", ENTRY, steps, ()).notice.text

    assert len(text) <= TEXT_LIMIT
    first, *_, last = text.split("\n")
    assert first == "1. Open the window number 0 of TWS and tick the box."
    assert last == "In a terminal, “gatelight status” prints all steps."


def test_what_gives_way_to_another_problem_ends_without_a_word() -> None:
    _, effects = speak("Paper", ledger(), (Cleared(SAID, gave_way=True),), STEPS, POLITE, NOW.later(60))

    assert said(effects) == []
    assert Withdraw(KEY) in effects


def test_what_no_service_could_show_is_told_once_more_as_it_is_then() -> None:
    changed = replace(SAID, present=replace(SEEN, args={"app": "IB Gateway"}), unshown=True)
    after, effects = speak("Paper", ledger(changed), (), STEPS, POLITE, NOW.later(60))
    (announce,) = effects

    assert isinstance(announce, Announce)
    assert (announce.notice.once_more, announce.notice.title) == (True, "IB Gateway is silent")
    # What is remembered of it stays: this was no repeat.
    assert told_of("Paper", after) == told_of("Paper", ledger(changed))


def test_the_end_of_what_no_service_could_show_is_told_to_those_who_heard_of_it() -> None:
    unshown = replace(SAID, unshown=True)
    (end,) = (
        e
        for e in speak("Paper", ledger(), (Cleared(unshown),), STEPS, POLITE, NOW.later(60))[1]
        if isinstance(e, Announce)
    )

    assert (end.notice.over, end.notice.beside_desktop) == (True, True)
