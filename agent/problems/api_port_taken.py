"""A program that is neither TWS, IB Gateway nor a relay to one owns the configured port."""

from agent.core.clock import took
from agent.core.evidence.processes import known_free, port_of
from agent.core.evidence.words import app_name, quoted
from agent.core.facts import Facts
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Attempt, Outcome
from agent.problems.shared import grace
from agent.problems.shared.ends import reached, when
from agent.problems.shared.obstacles import PortTaken
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import answer_began, owner_of


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
            return f"it closed the connection after {took(attempt.elapsed)} without a TWS API answer"
        case Outcome.SILENT:
            return f"it gave no TWS API answer within {took(attempt.elapsed)}"
        case Outcome.UNREACHABLE:
            return f"it took no connection within {took(attempt.elapsed)}"
        case _:
            began = answer_began(attempt)
            as_what = " as a web server" if began.startswith("HTTP") else " with something that is not the TWS API"
            return f"it answered{as_what}{f': the answer begins with {quoted(began)}' if began else ''}"


def _port_is_free(facts: Facts) -> bool:
    return facts.connection.local and known_free(facts, port_of(facts))


API_PORT_TAKEN = Problem(
    code="api-port-taken",
    title="Port {port} belongs to another program",
    text="API port {port} belongs to {owner}, which does not speak the TWS API. While it does, {app} cannot use this "
    "port and programs that connect to it reach the wrong one.",
    severity=Severity.ERROR,
    check=_check,
    over=(
        GoodNews(
            "The API of {app} answers on port {port}", "Another program had the port for {lasted}.", when(reached)
        ),
        GoodNews("Port {port} is free again", "Another program had it for {lasted}.", when(_port_is_free)),
    ),
    visible_after=grace.handshake,
)
