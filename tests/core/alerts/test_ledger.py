from dataclasses import replace

from agent.core.alerts.diagnosis import Diagnosis, Found
from agent.core.alerts.ledger import Appeared, Change, Changed, Cleared, Entry, Hidden, Ledger, update
from agent.core.clock import Moment
from agent.core.facts import Facts, MachineFacts
from agent.core.problem import Absent, Present, Problem, Severity
from agent.core.session_facts import Phase, SessionFacts
from tests.problems.scene import NOW, facts


def patience(_: Facts) -> float:
    return 10.0


SLOW = Problem("slow", "Slow", "text", Severity.ERROR, lambda _: Absent(), visible_after=patience)
QUICK = Problem("quick", "Quick", "text", Severity.ERROR, lambda _: Absent())
OF_SESSION = replace(QUICK, code="of-session", needs_session=True)
HERE = Present({"port": "4002"}, ("seen",))


def at(seconds: float, base: Facts | None = None) -> Facts:
    return replace(base or facts(), now=NOW.later(seconds))


def found(*problems: Problem) -> Diagnosis:
    return Diagnosis(found=tuple(Found(p, HERE) for p in problems))


def entered(problem: Problem, seconds: float = 0.0) -> Ledger:
    return update(Ledger(), found(problem), at(seconds))[0]


def kinds(changes: tuple[Change, ...]) -> list[tuple[type[Change], str]]:
    return [(type(c), c.entry.key) for c in changes]


def test_a_problem_without_patience_appears_at_once() -> None:
    ledger, changes = update(Ledger(), found(QUICK), at(0))
    entry = Entry(QUICK, HERE, since=NOW, visible_at=NOW.monotonic, visible=True)

    assert ledger.entries == {"quick": entry}
    assert changes == (Appeared(entry),)
    assert ledger.next_due is None


def test_a_problem_whose_beginning_is_known_is_as_old_as_it_is() -> None:
    sixty_seconds_old = Found(QUICK, replace(HERE, since=NOW.monotonic - 60.0))
    (entry,) = update(Ledger(), Diagnosis(found=(sixty_seconds_old,)), at(0))[0].entries.values()

    assert entry.since == NOW.later(-60.0)
    assert entry.visible_at == NOW.monotonic


def test_a_problem_appears_when_its_time_has_come_and_keeps_its_beginning() -> None:
    ledger, changes = update(Ledger(), found(SLOW), at(0))

    assert changes == ()
    assert ledger.next_due == NOW.monotonic + 10.0

    ledger, changes = update(ledger, found(SLOW), at(9.9))

    assert changes == ()

    ledger, changes = update(ledger, found(SLOW), at(10.0))

    assert kinds(changes) == [(Appeared, "slow")]
    assert ledger.entries["slow"].since == NOW


def test_a_problem_that_heals_before_its_time_was_never_visible() -> None:
    ledger, changes = update(entered(SLOW), Diagnosis(), at(5))

    assert ledger.entries == {}
    assert [(type(c), c.entry.visible) for c in changes] == [(Cleared, False)]


def test_a_problem_that_comes_back_begins_anew() -> None:
    ledger, _ = update(entered(QUICK), Diagnosis(), at(5))
    ledger, _ = update(ledger, found(QUICK), at(8))

    assert ledger.entries["quick"].since == NOW.later(8)


def test_other_values_are_a_change_and_other_evidence_is_none() -> None:
    more = Present({"port": "4002"}, ("seen", "again"))
    other = Present({"port": "4001"}, ("seen",))
    ledger, changes = update(entered(QUICK), Diagnosis(found=(Found(QUICK, more),)), at(1))

    assert changes == ()
    assert ledger.entries["quick"].present == more

    ledger, changes = update(ledger, Diagnosis(found=(Found(QUICK, other),)), at(2))

    assert kinds(changes) == [(Changed, "quick")]


def test_a_visible_problem_that_turns_out_a_consequence_is_hidden_and_comes_back() -> None:
    behind = Diagnosis(found=(Found(SLOW, HERE),), hidden=(Found(QUICK, HERE),))
    ledger, changes = update(entered(QUICK), behind, at(1))

    assert kinds(changes) == [(Hidden, "quick")]
    assert not ledger.entries["quick"].shown

    ledger, changes = update(ledger, found(QUICK), at(2))

    assert kinds(changes) == [(Appeared, "quick"), (Cleared, "slow")]
    assert ledger.entries["quick"].since == NOW


def test_what_was_announced_before_it_hid_behind_a_cause_is_known_to_be_back() -> None:
    behind = Diagnosis(found=(Found(SLOW, HERE),), hidden=(Found(QUICK, HERE),))
    said = replace(entered(QUICK).entries["quick"], announced=True, announced_at=NOW.monotonic)
    hides = update(Ledger({"quick": said}), behind, at(5))[0]
    comes_back = update(hides, found(QUICK), at(9))[0]
    stays = update(comes_back, found(QUICK), at(12))[0]
    hides_again = update(stays, behind, at(15))[0]

    since = [one.entries["quick"].back_since for one in (hides, comes_back, stays, hides_again)]
    assert since == [None, at(9).now.monotonic, at(9).now.monotonic, None]
    unsaid = update(update(entered(QUICK), behind, at(5))[0], found(QUICK), at(9))[0]
    assert unsaid.entries["quick"].back_since is None


def test_what_seemed_to_give_way_and_did_not_is_known_to_be_back() -> None:
    said = replace(entered(QUICK).entries["quick"], announced=True, announced_at=NOW.monotonic)
    gives_way, changes = update(Ledger({"quick": said}), found(SLOW), at(5))
    back = update(gives_way, found(SLOW, QUICK), at(7))[0].entries["quick"]

    assert kinds(changes) == [(Hidden, "quick")]
    assert back.shown
    assert back.back_since == at(7).now.monotonic


def test_what_only_a_session_tells_is_not_said_once_more_with_each_session() -> None:
    said = replace(entered(OF_SESSION).entries["of-session"], announced=True, announced_at=NOW.monotonic)
    without = at(5, facts(session=SessionFacts(phase=Phase.BACKING_OFF)))
    away = update(Ledger({"of-session": said}), Diagnosis(), without)[0]
    back = update(away, found(OF_SESSION), at(9))[0]

    assert away.entries["of-session"].hidden
    assert back.entries["of-session"].shown
    assert back.entries["of-session"].back_since is None


def test_a_hidden_problem_does_not_become_visible_by_waiting() -> None:
    ledger, _ = update(Ledger(), Diagnosis(hidden=(Found(SLOW, HERE),)), at(0))

    assert ledger.next_due is None

    ledger, changes = update(ledger, Diagnosis(hidden=(Found(SLOW, HERE),)), at(60))

    assert changes == ()
    assert not ledger.entries["slow"].visible


def test_not_having_looked_is_no_cure() -> None:
    before = entered(QUICK)
    ledger, changes = update(before, Diagnosis(undecided=((QUICK, "no look"),)), at(5))

    assert ledger.entries == before.entries
    assert changes == ()


def test_what_only_a_session_tells_is_set_aside_while_there_is_none() -> None:
    before = entered(OF_SESSION)
    without = at(5, facts(session=SessionFacts(phase=Phase.BACKING_OFF)))
    ledger, changes = update(before, Diagnosis(), without)

    assert kinds(changes) == [(Hidden, "of-session")]

    ledger, changes = update(ledger, found(OF_SESSION), at(9))

    assert kinds(changes) == [(Appeared, "of-session")]

    ledger, changes = update(ledger, Diagnosis(), at(12))

    assert kinds(changes) == [(Cleared, "of-session")]


def recalled(problem: Problem) -> Ledger:
    """As an agent begins: the problem was shown by an earlier one."""
    entry = Entry(problem, HERE, NOW.later(-600), NOW.monotonic, visible=True, recalled=True)
    return Ledger({problem.code: entry})


def test_what_was_shown_before_the_agent_began_stands_until_it_is_judged() -> None:
    before = recalled(QUICK)
    unseen = replace(facts(session=SessionFacts(phase=Phase.IDLE)), machine=MachineFacts())
    untried = facts(session=SessionFacts(phase=Phase.CONNECTING))

    for scene in (unseen, untried):
        after, nothing = update(before, Diagnosis(), replace(scene, now=NOW))
        assert (after.entries, nothing) == (before.entries, ())
    assert kinds(update(before, Diagnosis(), at(1))[1]) == [(Cleared, "quick")]

    ledger, changes = update(before, found(QUICK), at(1))

    assert changes == ()
    assert (ledger.entries["quick"].recalled, ledger.entries["quick"].since) == (False, NOW.later(-600))


def test_what_only_a_session_told_stands_until_there_is_one_or_something_takes_its_place() -> None:
    before = recalled(OF_SESSION)
    without = facts(session=SessionFacts(phase=Phase.IDLE))
    ledger, changes = update(before, found(SLOW), at(5, without))

    assert changes == ()
    assert ledger.entries["of-session"].shown

    ledger, changes = update(ledger, found(SLOW), at(15, without))

    assert kinds(changes) == [(Appeared, "slow"), (Hidden, "of-session")]
    assert not ledger.entries["of-session"].shown


def test_what_another_problem_takes_the_place_of_ends_without_a_word() -> None:
    ledger, changes = update(recalled(QUICK), found(SLOW), at(5))

    assert changes == ()

    ledger, changes = update(ledger, found(SLOW), at(15))

    assert kinds(changes) == [(Appeared, "slow"), (Hidden, "quick")]
    assert set(ledger.entries) == {"slow"}


def test_information_takes_the_place_of_nothing() -> None:
    news = replace(QUICK, code="news", severity=Severity.INFO)
    without = facts(session=SessionFacts(phase=Phase.IDLE))

    assert update(recalled(OF_SESSION), found(news), at(5, without))[0].entries["of-session"].shown


def test_what_is_judged_from_what_happened_cannot_be_over_at_once() -> None:
    fading = replace(OF_SESSION, fades=True)
    history = replace(QUICK, code="history", by_history=True)
    lasting = facts().timing.notice_lasting

    for problem in (fading, history):
        assert update(recalled(problem), Diagnosis(), at(lasting - 1))[1] == ()
        assert kinds(update(recalled(problem), Diagnosis(), at(lasting))[1]) == [(Cleared, problem.code)]


def test_nothing_appears_within_the_grace_after_sleep() -> None:
    ledger, changes = update(Ledger(), found(QUICK), at(0), hold_until=NOW.monotonic + 20)

    assert changes == ()

    _, changes = update(ledger, found(QUICK), at(20), hold_until=NOW.monotonic + 20)

    assert kinds(changes) == [(Appeared, "quick")]


def test_the_doctor_is_told_at_once() -> None:
    _, changes = update(Ledger(), found(SLOW), at(0, facts(doctor=True)))

    assert kinds(changes) == [(Appeared, "slow")]


def test_the_next_due_time_is_the_earliest() -> None:
    slower = replace(SLOW, code="slower", visible_after=lambda _: 99.0)
    ledger, _ = update(Ledger(), found(slower, SLOW), at(0))

    assert ledger.next_due == NOW.monotonic + 10.0


def test_several_of_one_problem_are_kept_apart() -> None:
    both = Diagnosis(found=(Found(QUICK, Present(instance="a")), Found(QUICK, Present(instance="b"))))
    ledger, _ = update(Ledger(), both, at(0))

    assert list(ledger.entries) == ["quick:a", "quick:b"]
    assert Moment(NOW.monotonic, NOW.wall) == ledger.entries["quick:a"].since


def test_since_when_is_known_where_it_was_not_there_before_or_the_check_tells() -> None:
    def began(before: Ledger, diagnosis: Diagnosis) -> bool:
        return update(before, diagnosis, at(9))[0].entries["quick"].began

    well = update(Ledger(), Diagnosis(), at(0))[0]
    unseen = update(Ledger(), Diagnosis(undecided=((QUICK, "no look"),)), at(0))[0]

    assert not began(Ledger(), found(QUICK))
    assert not began(unseen, found(QUICK))
    assert began(well, found(QUICK))
    assert began(Ledger(), Diagnosis(found=(Found(QUICK, replace(HERE, since=NOW.monotonic)),)))
    assert not update(entered(QUICK), found(QUICK), at(9))[0].entries["quick"].began


def test_what_a_session_told_waits_while_that_is_not_answered() -> None:
    lasting = replace(OF_SESSION, code="lasting", outlasts_answers=True)
    before = update(Ledger(), found(OF_SESSION, lasting, QUICK), at(0))[0]
    frozen = facts(session=replace(facts().session, heartbeat_unanswered=2))
    ledger, changes = update(before, found(OF_SESSION, lasting, QUICK), at(5, frozen))
    after, again = update(ledger, found(OF_SESSION, lasting, QUICK), at(9))

    assert kinds(changes) == [(Hidden, "of-session")]
    assert {key for key, e in ledger.entries.items() if e.shown} == {"lasting", "quick"}
    assert kinds(again) == [(Appeared, "of-session")]
    assert after.entries["of-session"].since == NOW


def test_what_ends_as_another_comes_up_gave_way_to_it() -> None:
    other = replace(QUICK, code="other")
    starting = replace(other, severity=Severity.INFO)

    def gave_way(after: Problem) -> list[bool]:
        return [c.gave_way for c in update(entered(QUICK), found(after), at(5))[1] if isinstance(c, Cleared)]

    assert gave_way(other) == [True]
    assert gave_way(starting) == [False]
    assert gave_way(replace(starting, expected=True)) == [True]


def test_whether_it_is_an_end_is_told_when_what_may_take_its_place_is_there_or_gone() -> None:
    waiting, changes = update(entered(QUICK), found(SLOW), at(5))
    _, healed = update(waiting, Diagnosis(), at(9))
    _, replaced = update(waiting, found(SLOW), at(15))
    returned, _ = update(waiting, found(QUICK, SLOW), at(9))

    assert kinds(changes) == [(Hidden, "quick")]
    assert [(c.entry.key, c.gave_way) for c in healed if isinstance(c, Cleared) and c.entry.visible] == [
        ("quick", False)
    ]
    assert [c.gave_way for c in replaced if isinstance(c, Cleared)] == [True]
    assert returned.entries["quick"].shown
