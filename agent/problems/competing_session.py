"""Another session of the same user is active, and IB serves market data to that one.

Known from notice 10197, and from the words of 162, 420 and 10189; these are translated on a TWS in another language,
where only 10197 counts.
"""

from agent.core.evidence.notices import LINK_IS_DOWN, link_down, recent, told_all
from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import unheard


def _check(facts: Facts) -> Verdict:
    found = recent(facts, "competing-session")
    if not found:
        return Absent()
    if link_down(facts):
        return LINK_IS_DOWN
    return Present({"app": app_name(facts)}, told_all(facts, found))


COMPETING_SESSION = Problem(
    code="competing-session",
    title="Another session of the same user is active",
    text=(
        "IB gives market data to one session per user name, and another one has it: a TWS elsewhere, the web portal "
        "or the mobile app. {app} gets no data meanwhile. A live session goes before a paper one."
    ),
    severity=Severity.ERROR,
    check=_check,
    over=(unheard("Another session was not reported again"),),
    needs_session=True,
    fades=True,
)
