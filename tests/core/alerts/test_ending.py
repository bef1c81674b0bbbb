from agent.core.alerts.ending import ending_of, not_seen
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Problem, Severity
from agent.core.shown.display import TITLE_LIMIT
from tests.problems.scene import backing_off, facts


def is_farm(_: Facts, instance: str) -> dict[str, str] | None:
    return {"kind": instance} if instance else None


PROBLEM = Problem(
    "farm-gone",
    "The farm is gone",
    "It is gone.",
    Severity.ERROR,
    lambda _: Absent(),
    over=(
        GoodNews("The {kind} farm is back", "The {kind} farm was gone for {lasted}.", is_farm),
        GoodNews("{app} runs", "It took {lasted}.", lambda seen, _: {"app": "TWS"} if seen.session.accounts else None),
    ),
)


def test_the_first_good_news_that_is_true_is_told_with_how_long_it_took() -> None:
    end = ending_of(PROBLEM, "chart", facts())

    assert end is not None
    assert (end.title, end.after("13 s")) == ("The chart farm is back", "The chart farm was gone for 13 s.")


def test_what_is_not_true_is_passed_over() -> None:
    end = ending_of(PROBLEM, "", facts())

    assert end is not None
    assert (end.title, end.after("13 s")) == ("TWS runs", "It took 13 s.")


def test_where_nothing_is_true_there_is_none() -> None:
    assert ending_of(PROBLEM, "", facts(session=backing_off())) is None


def test_an_end_of_which_nothing_more_is_known_names_the_problem() -> None:
    assert not_seen("The farm is gone") == "No longer seen: The farm is gone"
    assert not_seen("") == "A problem is no longer seen"
    assert len(not_seen("Word " * 12 + "end")) <= TITLE_LIMIT
