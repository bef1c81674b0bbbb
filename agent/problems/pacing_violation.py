"""IB refused historical data or real-time bars because they were asked for too often (pacing violation)."""

from agent.core.evidence.notices import LINK_IS_DOWN, link_down, recent, told_all
from agent.core.evidence.words import listed
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import unheard


def _check(facts: Facts) -> Verdict:
    found = recent(facts, "pacing-violation")
    if not found:
        return Absent()
    if link_down(facts):
        return LINK_IS_DOWN
    return Present({"codes": listed(str(n.code) for n in found)}, told_all(facts, found))


PACING_VIOLATION = Problem(
    code="pacing-violation",
    title="Pacing violation: too many data requests",
    text=(
        "A program asked for historical data or real-time bars faster than IB allows, and was refused "
        "(notice {codes}). If it goes on, IB may drop the connection."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(unheard("A pacing violation was not reported again"),),
    needs_session=True,
    fades=True,
)
