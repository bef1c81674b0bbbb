"""A program that is neither TWS, IB Gateway nor a relay to one owns the configured port."""

from agent.core.evidence.processes import port_of
from agent.core.evidence.words import app_name, quoted
from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.core.session_facts import Attempt, Outcome
from agent.problems.shared import grace
from agent.problems.shared.obstacles import PortTaken
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import answer_began, owner_of, quickly


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, PortTaken):
        return not_tried(reach, PortTaken)
    owner, port = owner_of(reach.owner), port_of(facts)
    attempt = facts.session.attempt
    answer = () if attempt is None else (_answer(attempt),)
    return Present(
        {"owner": owner, "port": str(port), "app": app_name(facts)},
        (f"{owner} listens on {port}", *answer),
    )


def _answer(attempt: Attempt) -> str:
    """How the owner of the port took our hello."""
    match attempt.outcome:
        case Outcome.CLOSED:
            return f"it closed the connection after {quickly(attempt.elapsed)} without a TWS API answer"
        case Outcome.SILENT:
            return f"it gave no TWS API answer within {quickly(attempt.elapsed)}"
        case Outcome.UNREACHABLE:
            return f"it took no connection within {quickly(attempt.elapsed)}"
        case _:
            began = answer_began(attempt)
            as_what = " as a web server" if began.startswith("HTTP") else " with something that is not the TWS API"
            return f"it answered{as_what}{f': the answer begins with {quoted(began)}' if began else ''}"


API_PORT_TAKEN = Problem(
    code="api-port-taken",
    title="Port {port} belongs to another program",
    text="API port {port} belongs to {owner}, which does not speak the TWS API. While it does, {app} cannot use this "
    "port and programs that connect to it reach the wrong one.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.handshake,
)
