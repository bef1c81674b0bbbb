"""This machine has no network route to anywhere."""

from agent.core.facts import Facts, Known, Unknown
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.core.session_facts import Phase, ServerLink
from agent.problems.shared import grace
from agent.problems.shared.ends import link_up, when


def _check(facts: Facts) -> Verdict:
    session = facts.session
    if session.phase is Phase.CONNECTED and session.server_link is ServerLink.UP:
        return Absent()
    if isinstance(facts.machine.network, Unknown):
        return Undecided(facts.machine.network.reason)
    if facts.machine.network.value:
        return Absent()
    return Present({}, ("this computer has no route to any address beyond itself",))


def _has_network(facts: Facts) -> bool:
    return facts.machine.network == Known(True) or link_up(facts)


NETWORK_DOWN = Problem(
    code="network-down",
    title="This computer has no network",
    text="This computer has no network connection. TWS and IB Gateway cannot reach IB’s servers without one.",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("This computer has a network", "It had none for {lasted}.", when(_has_network)),),
    visible_after=grace.network,
)
