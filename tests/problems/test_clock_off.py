from dataclasses import replace

import pytest

from agent.core.problem import Absent, Present, Undecided
from agent.core.session_facts import Outcome
from agent.problems.clock_off import CLOCK_OFF, TOLERANCE
from tests.problems.conftest import Judge
from tests.problems.scene import backing_off, connected, facts


@pytest.mark.parametrize(
    ("offset", "told", "direction"),
    [(7.4, "7.4 s", "behind"), (-7200.0, "2 h", "ahead"), (86400.0 * 400, "400 days", "behind")],
)
def test_it_says_by_how_much_and_in_which_direction(judge: Judge, offset: float, told: str, direction: str) -> None:
    verdict = judge(CLOCK_OFF, facts(session=replace(connected(), clock_offset=offset)))

    assert isinstance(verdict, Present)
    assert verdict.args["offset"] == told
    assert verdict.args["direction"] == direction
    assert verdict.evidence[0].endswith(f"differ by {told}")


@pytest.mark.parametrize("offset", [0.0, TOLERANCE, -TOLERANCE])
def test_the_resolution_of_the_question_is_no_difference(judge: Judge, offset: float) -> None:
    assert judge(CLOCK_OFF, facts(session=replace(connected(), clock_offset=offset))) == Absent()


def test_before_the_first_answer_and_without_a_session_it_is_undecided(judge: Judge) -> None:
    assert isinstance(judge(CLOCK_OFF, facts(session=connected())), Undecided)
    assert isinstance(judge(CLOCK_OFF, facts(session=backing_off(Outcome.REFUSED))), Undecided)
