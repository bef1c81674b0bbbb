"""The port answers, but not with the TWS API, and its owner cannot be named."""

from agent.core.evidence.processes import port_of
from agent.core.evidence.words import quoted
from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.obstacles import NotTheApi
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import answer_began, host_of, listening, owner_of
from agent.tws.ports import CLIENT_PORTAL_PORT


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, NotTheApi):
        return not_tried(reach, NotTheApi)
    host, port = host_of(facts), port_of(facts)
    evidence = [f"{host}, port {port}, answered with something that is not the TWS API"]
    if facts.session.attempt is not None and facts.session.attempt.detail:
        evidence.append(f"the answer begins with {quoted(answer_began(facts.session.attempt))}")
    cause = "another program is there, or one in between"
    if reach.process is not None:
        cause = (
            f"{reach.process.kind.title} itself is there, so it is damaged or hangs, or a program in between interferes"
        )
        evidence.append(listening(reach.process))
    elif reach.owner is not None:
        evidence.append(f"{owner_of(reach.owner)} listens on {port}")
    if port == CLIENT_PORTAL_PORT:
        evidence.append(f"{port} is the usual port of the Client Portal Gateway, which has no TWS API")
    return Present({"host": host, "port": str(port), "cause": cause}, tuple(evidence))


NOT_TWS = Problem(
    code="not-tws",
    title="Port {port} does not speak the TWS API",
    text="{host} answers on port {port}, but not with the TWS API: {cause}. "
    "Programs that connect to it cannot reach TWS or IB Gateway.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.handshake,
)
