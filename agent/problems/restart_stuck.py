"""The application restarted by itself and its API port did not come back in time."""

from agent.core.evidence.words import lasting
from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared.obstacles import StuckAfterRestart
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.restart import allowance
from agent.problems.shared.words import listening, runs_since, started_at


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, StuckAfterRestart):
        return otherwise(reach)
    process = reach.process
    allowed = lasting(allowance(facts, process))
    return Present(
        {"app": process.kind.title, "since": started_at(facts, process)},
        (
            runs_since(facts, process),
            "it was started by its own automatic restart",
            f"{listening(process)}, more than {allowed} after its start",
            "it has a connection to IB's servers" if process.upstream else "it has no connection to IB's servers",
        ),
    )


RESTART_STUCK = Problem(
    code="restart-stuck",
    title="{app} did not come back from its restart",
    text="{app} restarted by itself at {since} and has not opened its API port since. Most likely it will "
    "not recover: close it, start it once and log in by hand.",
    severity=Severity.ERROR,
    check=_check,
    fix="start-app",
)
