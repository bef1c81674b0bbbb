"""The application runs, but no user is logged in: a log-in screen, or a second factor that was not confirmed."""

from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Undecided, Verdict
from agent.problems.app_starting import APP_STARTING
from agent.problems.shared import grace
from agent.problems.shared.obstacles import AtLogin, LinkUnsettled
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.words import last_mode, listening, runs_since, started_at


def _check(facts: Facts) -> Verdict:
    match how_far(facts):
        case AtLogin(process=process):
            return Present(
                {"app": process.kind.title, "since": started_at(facts, process)},
                (
                    runs_since(facts, process),
                    listening(process),
                    "it has no connection to IB's servers",
                    *last_mode(process),
                ),
            )
        case LinkUnsettled(process=process):
            return Undecided(f"the connection of {process.label} to IB's servers is too young to prove a log-in")
        case reach:
            return otherwise(reach)


LOGIN_PENDING = Problem(
    code="login-pending",
    title="{app} waits for a log-in",
    text="{app} has been running since {since} and nobody is logged in, so its API port is closed. If you missed the "
    "two-factor push on your phone, start the log-in again.",
    severity=Severity.WARNING,
    check=_check,
    hidden_by=(APP_STARTING,),
    visible_after=grace.login,
    fix="focus-app",
)
