"""This machine has no network route to anywhere."""

from agent.core.facts import Facts, Unknown
from agent.core.problem import Absent, Present, Problem, Severity, Undecided, Verdict
from agent.core.session_facts import Phase, ServerLink
from agent.problems.shared import grace


def _check(facts: Facts) -> Verdict:
    session = facts.session
    if session.phase is Phase.CONNECTED and session.server_link is ServerLink.UP:
        return Absent()
    if isinstance(facts.machine.network, Unknown):
        return Undecided(facts.machine.network.reason)
    if facts.machine.network.value:
        return Absent()
    return Present({}, ("this computer has no route to any address beyond itself",))


NETWORK_DOWN = Problem(
    code="network-down",
    title="This computer has no network",
    text="This computer has no network route to anywhere. TWS and IB Gateway cannot reach IB's servers without one.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.network,
)
