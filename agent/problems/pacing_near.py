"""Programs behind a relay have sent nearly as many historical requests as IB takes in ten minutes."""

from agent.core.facts import Facts
from agent.core.problem import GoodNews, Problem, Severity, Verdict
from agent.problems.pacing_violation import PACING_VIOLATION
from agent.problems.shared.relayed import Limited, far_from, judge_near

_REQUESTS = Limited(
    "historical requests of ten minutes", lambda counts: counts.history, lambda program: program.history
)


def _check(facts: Facts) -> Verdict:
    return judge_near(facts, _REQUESTS)


PACING_NEAR = Problem(
    code="pacing-near",
    title="Historical requests are nearly used up",
    text=(
        "Programs have sent nearly the {of} historical requests that IB takes in ten minutes; {most} sent most."
        "{joined} More than that is a pacing violation, and is refused."
    ),
    severity=Severity.WARNING,
    check=_check,
    hidden_by=(PACING_VIOLATION,),
    over=(
        GoodNews(
            "There is room for historical requests again",
            "Programs were close to the limit for {lasted}.",
            far_from(_REQUESTS),
        ),
    ),
)
