from dataclasses import replace

from agent.core.evidence.notices import link_down, live, notice_line, recent, told_all
from agent.core.facts import Purpose
from agent.core.session_facts import Outcome, Phase, ServerLink, SessionFacts
from agent.core.timing import Timing
from tests.problems.scene import NOW, attempt, connected, facts, notice


def test_the_notices_of_one_problem_come_latest_first() -> None:
    old, new = notice(162, "pacing violation", ago=9.0), notice(420, "pacing violation", ago=3.0)
    others = (notice(354, ago=1.0), notice(162, "query cancelled", ago=2.0))

    assert recent(facts(session=connected(notices=(old, *others, new))), "pacing-violation") == (new, old)


def test_a_notice_counts_for_a_while() -> None:
    lasting = Timing().notice_lasting
    young, old = notice(100, ago=lasting - 1), notice(100, "again", ago=lasting)

    assert recent(facts(session=connected(notices=(young, old))), "message-rate-exceeded") == (young,)


def test_false_alarms_of_an_outage_do_not_count_while_it_lasts() -> None:
    noise, real = notice(354), notice(10089)
    down = connected(server_link=ServerLink.DOWN, notices=(noise, real))

    assert recent(facts(session=down), "data-not-subscribed") == (real,)
    assert link_down(facts(session=down))


def test_without_a_session_nothing_counts() -> None:
    lost = replace(connected(server_link=ServerLink.DOWN, notices=(notice(100),)), phase=Phase.BACKING_OFF)

    assert recent(facts(session=lost, doctor=False), "message-rate-exceeded") == ()
    assert not link_down(facts(session=replace(lost, attempt=attempt(Outcome.CLOSED))))


def test_the_session_of_doctor_lives_on_until_it_is_judged() -> None:
    ended = SessionFacts(attempt=attempt(Outcome.READY))
    failed = SessionFacts(attempt=attempt(Outcome.CLOSED))

    assert live(facts(session=ended, doctor=True))
    assert not live(facts(session=failed, doctor=True))
    assert facts(session=ended).purpose is Purpose.WATCH
    assert not live(facts(session=ended))


def test_a_notice_is_told_with_its_time_its_number_and_its_words() -> None:
    repeated = replace(notice(420, "Invalid  query", count=3), first=NOW.monotonic - 60)

    assert notice_line(facts(), repeated) == "notice 420 at 13:59:55, 3 times since 13:59:00: “Invalid query”"
    assert notice_line(facts(), notice(100)) == "notice 100 at 13:59:55"


def test_many_notices_are_counted_after_the_first_few() -> None:
    lines = told_all(facts(), [notice(100, str(n)) for n in range(8)])

    assert len(lines) == 6
    assert lines[-1] == "3 more notices of this kind"
