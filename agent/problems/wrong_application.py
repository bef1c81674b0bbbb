"""The application this connection is meant for does not run; the other one does."""

from agent.core.evidence.words import app_name
from agent.core.facts import Facts
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.ends import runs, when
from agent.problems.shared.obstacles import OtherKindRuns
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.words import listening, runs_since


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, OtherKindRuns):
        return otherwise(reach)
    process, wanted = reach.process, app_name(facts)
    return Present(
        {"wanted": wanted, "other": process.kind.title},
        (
            f"this connection is meant for {wanted}, of which no process was found",
            runs_since(facts, process),
            listening(process),
        ),
    )


WRONG_APPLICATION = Problem(
    code="wrong-application",
    title="{other} runs instead of {wanted}",
    text="This connection is meant for {wanted}, which does not run on this computer; {other} does. The two have "
    "settings of their own, and usually different API ports: programs set up for {wanted} may not connect.",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("{app} is running", "Another application ran in its place for {lasted}.", when(runs)),),
    visible_after=grace.absence,
    fix="use-application",
)
