"""The application runs, but no user is logged in: a log-in screen, or a second factor that was not confirmed."""

from agent.core.facts import Facts, Process
from agent.core.problem import GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.problems.app_starting import APP_STARTING
from agent.problems.shared import grace
from agent.problems.shared.ends import logged_in, when
from agent.problems.shared.login import login_cause, login_evidence, reset_evidence
from agent.problems.shared.obstacles import AtLogin, LinkUnsettled
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.words import last_mode, listening, runs_since, started_at


def _check(facts: Facts) -> Verdict:
    match how_far(facts):
        case AtLogin(process=process):
            return _awaited(facts, process)
        case LinkUnsettled(process=process):
            return Undecided(f"the connection of {process.label} to IB’s servers is too young to prove a log-in")
        case reach:
            return otherwise(reach)


def _awaited(facts: Facts, process: Process) -> Present:
    cause = login_cause(facts, process)
    args = {"app": process.kind.title, "since": started_at(facts, process), "which": "", "awaited": _MISSED}
    if cause is not None:
        args |= {**cause.args, "which": cause.brief, "awaited": cause.sentence}
    upstream = "a connection to IB’s servers" if process.upstream else "no connection to IB’s servers"
    evidence = [runs_since(facts, process), listening(process), f"it has {upstream}"]
    evidence += [*login_evidence(facts, process), *last_mode(process), *reset_evidence(facts)]
    return Present(args, tuple(evidence), case=cause.case if cause is not None else "")


_MISSED = "If you missed the two-factor push on your phone, start the log-in again."

LOGIN_PENDING = Problem(
    code="login-pending",
    title="{app} waits for a log-in{which}",
    text="{app} has been running since {since} without a log-in, so its API port is closed. {awaited}",
    severity=Severity.WARNING,
    check=_check,
    over=(GoodNews("{app} is logged in", "It waited for the log-in for {lasted}.", when(logged_in)),),
    hidden_by=(APP_STARTING,),
    visible_after=grace.login,
    fix="focus-app",
)
