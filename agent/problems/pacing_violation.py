"""IB refused historical data or real-time bars because they were asked for too often (pacing violation)."""

from agent.core.evidence.notices import LINK_IS_DOWN, link_down, recent, told_all
from agent.core.evidence.words import listed
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import unheard
from agent.problems.shared.relayed import refused_lately, refused_lines

_CODES = frozenset({162, 420})


def _check(facts: Facts) -> Verdict:
    found, relayed = recent(facts, "pacing-violation"), refused_lately(facts, _CODES)
    if not found and not relayed:
        return Absent()
    if link_down(facts):
        return LINK_IS_DOWN
    evidence = (*told_all(facts, found), *refused_lines(facts, relayed))
    codes = (*(notice.code for notice in found), *(refusal.code for refusal in relayed))
    return Present({"codes": listed(map(str, codes))}, evidence)


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
