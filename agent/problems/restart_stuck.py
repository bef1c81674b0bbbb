"""The application restarted by itself and its API port did not come back in time."""

from agent.core.clock import lasting
from agent.core.evidence.processes import age
from agent.core.evidence.words import appointment
from agent.core.facts import Facts, Process
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import port_open, when
from agent.problems.shared.login import (
    login_cause,
    login_evidence,
    own_outage,
    reset_evidence,
    weekly_expiry,
)
from agent.problems.shared.obstacles import StuckAfterRestart
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.restart import allowance
from agent.problems.shared.words import listening, outage_reason, runs_since, started_at


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, StuckAfterRestart):
        return otherwise(reach)
    process = reach.process
    given, lasted = allowance(facts, process), age(facts, process)
    cause = login_cause(facts, process)
    args = {"app": process.kind.title, "since": started_at(facts, process)}
    if cause is not None:
        args |= {**cause.args, "which": cause.brief or _NO_CAUSE, "then": cause.sentence}
    else:
        args |= {"which": _NO_CAUSE, "then": _likely(facts, process)}
    late = f", more than {lasting(given)} after its start" if lasted >= given else ""
    evidence = [
        runs_since(facts, process),
        "it was started by its own automatic restart",
        f"{listening(process)}{late}",
        "it has a connection to IB’s servers" if process.upstream else "it has no connection to IB’s servers",
        *login_evidence(facts, process),
    ]
    expired = weekly_expiry(facts, process)
    if expired is not None:
        when = appointment(facts, expired)
        evidence.append(f"IB ended all log-ins at {when} local time (Sunday 01:00 in New York), before this restart")
    evidence += reset_evidence(facts)
    return Present(args, tuple(evidence), case=cause.case if cause is not None else "")


_NO_CAUSE = " from its restart"


def _likely(facts: Facts, process: Process) -> str:
    """What is likely where launcher.log tells nothing, as with TWS."""
    outage, expired = own_outage(facts), weekly_expiry(facts, process)
    if expired is not None:
        return "Most likely the weekly log-in is due: bring its window to the front, and log in by hand."
    if outage is not None:
        until = appointment(facts, outage.ends)
        return f"It may still come back: {outage_reason(facts, outage)} lasts until {until}. If not, start it once."
    return "Most likely it will not recover: close it, start it once and log in by hand."


RESTART_STUCK = Problem(
    code="restart-stuck",
    title="{app} did not come back{which}",
    text="{app} restarted by itself at {since} and has not opened its API port since. {then}",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("{app} is back", "Its API port was missed for {lasted}.", when(port_open)),),
    fix="start-app",
)
