"""Notice 10167: market data comes delayed, because there is no subscription for real-time data."""

from agent.core.evidence.notices import recent, told_all
from agent.core.facts import Facts
from agent.core.problem import Absent, Present, Problem, Severity, Verdict
from agent.problems.data_not_subscribed import DATA_NOT_SUBSCRIBED
from agent.problems.server_link_lost import SERVER_LINK_LOST
from agent.problems.shared.ends import unheard


def _check(facts: Facts) -> Verdict:
    found = recent(facts, "data-delayed")
    # One missing subscription can bring both notices: then the refusal tells it.
    if not found or recent(facts, DATA_NOT_SUBSCRIBED.code):
        return Absent()
    return Present({}, told_all(facts, found))


DATA_DELAYED = Problem(
    code="data-delayed",
    title="Market data is delayed",
    text=(
        "IB sends delayed market data, 15 to 20 minutes old, because this user has no real-time subscription "
        "for it (notice 10167). Programs that trade on quotes should not trade on these."
    ),
    severity=Severity.INFO,
    check=_check,
    over=(unheard("Delayed market data was not reported again"),),
    needs_session=True,
    fades=True,
    hidden_by=(SERVER_LINK_LOST,),
)
