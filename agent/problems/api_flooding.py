"""Our API session is sent far more messages than it asks for, for longer than a burst."""

from agent.core.clock import lasting
from agent.core.evidence.notices import NO_SESSION, live
from agent.core.evidence.words import app_name, clock
from agent.core.facts import Facts
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Verdict
from agent.core.state_machine.session import BUSY_RATE, FLOODS_AFTER
from agent.problems.shared.ends import answers, when


def _check(facts: Facts) -> Verdict:
    if not live(facts):
        return NO_SESSION
    flood = facts.session.flood
    if flood is None or not flood.present:
        return Absent()
    app, rate = app_name(facts), rounded(flood.rate)
    evidence = [
        f"from {clock(facts, flood.since)} on, at least {rate} messages a second came over the session on "
        f"port {facts.session.port}, which asks for the time and for nothing else",
        f"more than {BUSY_RATE:.0f} a second for {lasting(FLOODS_AFTER)} count as a flood",
    ]
    if flood.held:
        evidence.append("reading was paused again and again, so the true number is higher")
    args = {"app": app, "rate": rate, "port": str(facts.session.port)}
    return Present(args, tuple(evidence), since=flood.since)


def rounded(rate: float) -> str:
    """A rate by its order, so that it is no news whenever it changes a little: "100", "1000"."""
    power = 1
    while power * 10 <= rate:
        power *= 10
    return str(power)


def _calm(facts: Facts) -> bool:
    return answers(facts) and (facts.session.flood is None or not facts.session.flood.present)


API_FLOODING = Problem(
    code="api-flooding",
    title="{app} floods the API connection",
    text=(
        "{app} sends {rate} messages a second and more to Gatelight, which asks for next to nothing. Gatelight reads "
        "them slowly, so news about this connection comes late. Your programs may be flooded as well."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(GoodNews("The flood of messages from {app} has stopped", "It lasted {lasted}.", when(_calm)),),
    needs_session=True,
    outlasts_answers=True,
)
