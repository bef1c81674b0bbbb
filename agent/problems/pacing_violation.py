"""IB refused historical data or real-time bars because they were asked for too often (pacing violation)."""

from agent.core.facts import Facts, NoticeSeen
from agent.core.noticed import link_down, recent, told_all
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.core.telling import listed

_CODES = frozenset({162, 420})
"""Refusals of history and of real-time bars, whatever the reason: the text tells."""


def _check(facts: Facts) -> Verdict:
    if link_down(facts):
        return Absent()
    found = recent(facts, _CODES, says_pacing)
    if not found:
        return Absent()
    return Present({"codes": listed(str(n.code) for n in found)}, told_all(facts, found))


def says_pacing(notice: NoticeSeen) -> bool:
    """Whether a notice tells of a pacing violation. "Pacing" stands in it in English only."""
    return notice.code in _CODES and "pacing" in notice.text.lower()


PACING_VIOLATION = Problem(
    code="pacing-violation",
    title="Pacing violation: too many data requests",
    text=(
        "A program asked for historical data or real-time bars faster than IB allows, and was refused "
        "(notice {codes}). If it goes on, IB may drop the connection."
    ),
    severity=Severity.WARNING,
    check=_check,
    needs_session=True,
)
