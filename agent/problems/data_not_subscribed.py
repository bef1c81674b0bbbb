"""Market data was refused because this user has no subscription for it that covers the API."""

from agent.core.evidence.notices import recent, told_all
from agent.core.evidence.words import listed
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.problems.shared.ends import unheard


def _check(facts: Facts) -> Verdict:
    found = recent(facts, "data-not-subscribed")
    if not found:
        return Absent()
    return Present({"codes": listed((str(n.code) for n in found), room=40)}, told_all(facts, found))


DATA_NOT_SUBSCRIBED = Problem(
    code="data-not-subscribed",
    title="Market data is not subscribed",
    text=(
        "IB refused market data because this user has no subscription for it that covers the API (notice {codes}). "
        "Subscriptions belong to one user name: those of another user of the account do not count."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(unheard("A missing subscription was not reported again"),),
    needs_session=True,
    fades=True,
    hidden_by=(SERVER_LINK_LOST,),
)
