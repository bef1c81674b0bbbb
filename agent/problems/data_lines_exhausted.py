"""Every market data line of this user is taken, or the allowance of depth or tick-by-tick requests."""

from agent.core.evidence.notices import recent, told_all
from agent.core.evidence.words import listed
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import unheard
from agent.problems.shared.relayed import refused_lately, refused_lines

_LINES = "market data lines"
_ALLOWANCES = {309: "market depth requests", 322: "tick-by-tick requests", 10190: "tick-by-tick requests"}
"""What a notice says is used up; any other one: the lines themselves."""
_CODES = frozenset({101, *_ALLOWANCES})
_TITLE_ROOM = 45
"""Characters of the title that the names of the allowances may take."""


def _check(facts: Facts) -> Verdict:
    found, relayed = recent(facts, "data-lines-exhausted"), refused_lately(facts, _CODES)
    codes = [*(notice.code for notice in found), *(refusal.code for refusal in relayed)]
    if not codes:
        return Absent()
    args = {
        "what": listed((_ALLOWANCES.get(code, _LINES) for code in codes), room=_TITLE_ROOM),
        "codes": listed((str(code) for code in codes), room=30),
    }
    return Present(args, (*told_all(facts, found), *refused_lines(facts, relayed)))


DATA_LINES_EXHAUSTED = Problem(
    code="data-lines-exhausted",
    title="All {what} are in use",
    text=(
        "IB refused a request because all {what} of this user are in use (notice {codes}). "
        "Watchlists and charts in TWS count as well as all API programs."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(unheard("The limit was not reported as reached again"),),
    needs_session=True,
    fades=True,
)
