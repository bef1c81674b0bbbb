"""The application started a short while ago and has not opened its API port yet."""

from agent.core.clock import lasting
from agent.core.facts import Facts
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared.ends import port_open, when
from agent.problems.shared.login import login_cause, login_evidence
from agent.problems.shared.obstacles import Starting
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.restart import is_automatic_restart
from agent.problems.shared.words import listening, runs_since, started_at


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, Starting):
        return otherwise(reach)
    process = reach.process
    evidence = [runs_since(facts, process), listening(process)]
    if is_automatic_restart(facts, process):
        evidence.append("it was started by its own automatic restart")
    evidence += login_evidence(facts, process)
    cause, normal = login_cause(facts, process), f"That is normal for up to {lasting(reach.grace)}."
    args = {"app": process.kind.title, "since": started_at(facts, process)}
    if cause is None:
        return Present({**args, "then": normal}, tuple(evidence))
    return Present({**args, **cause.args, "then": cause.sentence}, tuple(evidence), case=cause.case)


APP_STARTING = Problem(
    code="app-starting",
    title="{app} is starting",
    text="{app} was started at {since} and has not opened its API port yet. {then}",
    severity=Severity.INFO,
    check=_check,
    over=(GoodNews("{app} has started", "Its start took {lasted}.", when(port_open)),),
)
