"""Notice 100: more API messages per second were sent than the application takes."""

from agent.core.evidence.notices import recent, told_all
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import unheard
from agent.problems.shared.relayed import refused_lately, refused_lines

_REFUSED = 100
"""The other notice about the rate, 0, only says that the limit is near."""


def _check(facts: Facts) -> Verdict:
    found = [n for n in recent(facts, "message-rate-exceeded") if n.code == _REFUSED]
    relayed = refused_lately(facts, frozenset({_REFUSED}))
    if not found and not relayed:
        return Absent()
    return Present({"app": app_name(facts)}, (*told_all(facts, found), *refused_lines(facts, relayed)))


MESSAGE_RATE_EXCEEDED = Problem(
    code="message-rate-exceeded",
    title="Too many API messages per second",
    text=(
        "More API messages per second were sent than {app} takes, and it refused some (notice 100). "
        "After three such refusals it ends the session of the program that sent them."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(unheard("Too many API messages were not reported again"),),
    needs_session=True,
    fades=True,
)
