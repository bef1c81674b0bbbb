"""Programs behind a relay have nearly used up the market data lines of their user."""

from agent.core.facts import Facts
from agent.core.problem import GoodNews, Problem, Severity, Verdict
from agent.problems.data_lines_exhausted import DATA_LINES_EXHAUSTED
from agent.problems.shared.relayed import Limited, far_from, judge_near

_LINES = Limited("market data lines", lambda counts: counts.lines, lambda program: program.lines)


def _check(facts: Facts) -> Verdict:
    return judge_near(facts, _LINES)


DATA_LINES_NEAR = Problem(
    code="data-lines-near",
    title="Market data lines are nearly used up",
    text=(
        "Programs have come close to the {of} market data lines of this user; {most} uses most.{joined} "
        "Once all are in use, IB refuses further ones."
    ),
    severity=Severity.WARNING,
    check=_check,
    hidden_by=(DATA_LINES_EXHAUSTED,),
    over=(
        GoodNews(
            "Market data lines are free again", "Programs were close to the limit for {lasted}.", far_from(_LINES)
        ),
    ),
)
