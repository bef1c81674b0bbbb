import pytest

from agent.core.problem import Absent, Present
from agent.core.timing import Timing
from agent.problems.data_lines_exhausted import DATA_LINES_EXHAUSTED
from tests.problems.conftest import Judge
from tests.problems.scene import connected, facts, notice


@pytest.mark.parametrize(
    ("code", "text", "what"),
    [
        (101, "Max number of tickers has been reached", "market data lines"),
        (309, "Max number (3) of market depth requests has been reached", "market depth requests"),
        (10190, "Max number of tick-by-tick requests has been reached", "tick-by-tick requests"),
        (322, "Error processing request:Max number of tick-by-tick requests has been reached", "tick-by-tick requests"),
    ],
)
def test_it_says_which_allowance_is_used_up(judge: Judge, code: int, text: str, what: str) -> None:
    verdict = judge(DATA_LINES_EXHAUSTED, facts(session=connected(notices=(notice(code, text),))))

    assert isinstance(verdict, Present)
    assert verdict.args == {"what": what, "codes": str(code)}


def test_all_allowances_at_once_fit_a_notice(judge: Judge) -> None:
    notices = tuple(notice(code, "Max number of tick-by-tick requests") for code in (101, 309, 10190, 322))

    verdict = judge(DATA_LINES_EXHAUSTED, facts(session=connected(notices=notices)))

    assert isinstance(verdict, Present)
    assert verdict.args["what"] == "market data lines and 2 more"


@pytest.mark.parametrize(
    ("code", "text", "ago"),
    [
        (322, "Error processing request:Duplicate ticker id", 5.0),
        (102, "Duplicate ticker ID", 5.0),
        (101, "Max number of tickers has been reached", Timing().notice_lasting),
    ],
)
def test_other_failures_and_old_ones_do_not_count(judge: Judge, code: int, text: str, ago: float) -> None:
    assert judge(DATA_LINES_EXHAUSTED, facts(session=connected(notices=(notice(code, text, ago=ago),)))) == Absent()
