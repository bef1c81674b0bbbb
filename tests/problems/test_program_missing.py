from dataclasses import replace

import pytest

from agent.core.alerts.ending import ending_of
from agent.core.facts import Facts, Missing
from agent.core.memory import ChangeKept
from agent.core.problem import Absent, Present, Undecided
from agent.problems.program_missing import PROGRAM_MISSING
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, backing_off, facts, machine

LOST = Missing("bot.py (python3)", NOW.wall - 600, 4312, lost_at=NOW.wall - 1000)


def missing(*found: Missing) -> Facts:
    return replace(facts(), missing=found)


def test_it_names_the_program_and_until_when_it_was_connected(judge: Judge) -> None:
    verdict = judge(PROGRAM_MISSING, missing(LOST))

    assert isinstance(verdict, tuple)
    (present,) = verdict
    assert present.args["programs"] == "bot.py (python3)"
    assert present.args["what"] == "was connected until 13:43"
    assert present.programs == ("bot.py (python3)",)
    assert present.since == NOW.monotonic - 600
    assert present.evidence[0] == (
        "bot.py (python3), pid 4312, was connected until 13:43:20; whether its process still runs is not known"
    )


@pytest.mark.parametrize(
    ("runs", "words", "then"),
    [
        (True, "its process still runs", "It still runs, without a connection."),
        (False, "its process has ended", "It does not run any more."),
    ],
)
def test_it_says_whether_the_process_still_runs(judge: Judge, runs: bool, words: str, then: str) -> None:
    verdict = judge(PROGRAM_MISSING, missing(replace(LOST, runs=runs)))

    assert isinstance(verdict, tuple)
    assert verdict[0].evidence[0].endswith(words)
    assert verdict[0].args["then"] == then


def test_one_that_usually_is_there_at_this_hour_is_told_as_such(judge: Judge) -> None:
    verdict = judge(PROGRAM_MISSING, missing(replace(LOST, lost_at=None)))

    assert isinstance(verdict, tuple)
    assert verdict[0].args["what"] == "is usually connected at this hour"


def test_those_that_are_missed_from_the_same_moment_on_are_one_piece_of_news(judge: Judge) -> None:
    later = replace(LOST, label="late", since=NOW.wall - 60)
    many = tuple(replace(LOST, label=f"{'p' * 60}{n}") for n in range(9))
    verdict = judge(PROGRAM_MISSING, missing(*many, later))

    assert isinstance(verdict, tuple)
    assert [len(present.programs) for present in verdict] == [9, 1]
    assert len({present.instance for present in verdict}) == 2


def test_those_that_a_moved_port_cut_off_are_told_with_the_change(judge: Judge) -> None:
    cut_off = replace(LOST, port_before=4001)
    moved = replace(missing(cut_off), changes=(ChangeKept("port", "4001", "4002", NOW.wall - 900),))

    assert judge(PROGRAM_MISSING, moved) == Absent()
    assert isinstance(judge(PROGRAM_MISSING, replace(moved, changes=())), tuple)


def test_nobody_is_missed_where_none_is(judge: Judge) -> None:
    assert judge(PROGRAM_MISSING, facts()) == Absent()


def test_without_a_session_it_cannot_be_judged(judge: Judge) -> None:
    alone = replace(facts(machine(), backing_off()), missing=(LOST,))

    assert isinstance(judge(PROGRAM_MISSING, alone), Undecided)


def test_its_end_is_that_nobody_is_missed() -> None:
    news = ending_of(PROGRAM_MISSING, "", facts())

    assert news is not None
    assert news.title == "No program is missed at IB Gateway any more"
    assert ending_of(PROGRAM_MISSING, "", missing(LOST)) is None


def test_presents() -> None:
    assert isinstance(PROGRAM_MISSING.check(missing(LOST)), tuple)
    assert Present().programs == ()
