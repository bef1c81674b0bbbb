"""The application is too old: its server version is below what the API client needs."""

from agent.core.evidence.processes import chosen, port_of, standing_outcome
from agent.core.evidence.words import app_name, at
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Outcome
from agent.problems.shared.ends import answers, when

OLDEST_SERVER_VERSION = 157
"""Lowest server version that ib_async 2.1 accepts (its `client.MinClientVersion`)."""
OLDEST_BUILD = "972"
"""The application's version that brought it, in the words of ib_async's own message."""


def _check(facts: Facts) -> Verdict:
    attempt = facts.session.attempt
    if attempt is None or standing_outcome(facts) is not Outcome.OUTDATED:
        return Absent()
    port = port_of(facts)
    spoken = "an older server version" if attempt.server_version is None else f"server version {attempt.server_version}"
    evidence = [
        f"port {port} answered {at(facts, attempt.at)} with {spoken}",
        f"at least server version {OLDEST_SERVER_VERSION} is needed (TWS or IB Gateway {OLDEST_BUILD})",
    ]
    process = chosen(facts)
    if process is not None:
        evidence.append(f"{process.label} runs")
    return Present({"app": app_name(facts), "spoken": spoken, "needed": str(OLDEST_SERVER_VERSION)}, tuple(evidence))


APP_OUTDATED = Problem(
    code="app-outdated",
    title="{app} is too old for the API",
    text=(
        "{app} offers {spoken} of the API, and at least {needed} is needed. "
        "Programs built on a current API library cannot use it either."
    ),
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("{app} is new enough for the API", "It was too old for {lasted}.", when(answers)),),
)
