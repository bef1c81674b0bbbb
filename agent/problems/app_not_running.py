"""The connection is local, no application of the wanted kind runs, and no TWS API answers on the port."""

from agent.core.evidence.api_settings import last_told
from agent.core.evidence.processes import applications, listener_at, port_of
from agent.core.evidence.words import app_name, clock
from agent.core.facts import Facts, Known
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.log_off import RESTART, SetEnd, ended_by, log_offs
from agent.problems.shared.obstacles import NotRunning, OuterMachine
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.words import listening, outside, owner_of


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, NotRunning | OuterMachine):
        return otherwise(reach)
    app, around = app_name(facts), outside(facts)
    told = last_told(facts)
    lock_and_exit = told.lock_and_exit if told is not None else None
    ended = ended_by(facts, lock_and_exit)
    then = f"Programs can connect again once {app} runs and is logged in."
    if isinstance(reach, OuterMachine) and around is not None:
        then = f"Where it runs outside {around.inside}, use {around.address} as the host."
    elif ended is not None:
        came = "did not come back" if ended.what == RESTART else "ended then"
        then = f"It was set to {ended.what} {ended.when}, and {came}. Start it and log in."
    set_to = log_offs(facts, lock_and_exit) if ended is None else (ended,)
    return Present({"app": app, "port": str(port_of(facts)), "then": then}, _evidence(facts, set_to))


def _evidence(facts: Facts, log_offs: tuple[SetEnd, ...]) -> tuple[str, ...]:
    port = port_of(facts)
    lines = [f"no process of {app_name(facts)} was found for this connection"]
    if facts.sight.last_pid is not None and facts.sight.gone_since is not None:
        gone = clock(facts, facts.sight.gone_since)
        lines.append(f"the process seen before (pid {facts.sight.last_pid}) has been gone since {gone}")
    lines += [log_off.line for log_off in log_offs]
    lines += [f"{listening(p)} and belongs to another connection" for p in applications(facts.machine)]
    if isinstance(facts.machine.sockets, Known):
        owner = listener_at(facts.machine, port)
        lines.append(f"nothing listens on {port}" if owner is None else f"{owner_of(owner)} listens on {port}")
    if isinstance(facts.machine.installed, Known):
        found = [f"{x.kind.title} {x.version or ''}".rstrip() for x in facts.machine.installed.value]
        where = f"installed: {', '.join(sorted(found))}" if found else "neither was found in the usual folders"
        lines.append(where)
    around = outside(facts)
    if around is not None:
        lines.append(f"Gatelight runs inside {around.inside}; {around.outer} is {around.address} from there")
    return tuple(lines)


APP_NOT_RUNNING = Problem(
    code="app-not-running",
    title="{app} is not running",
    text="{app} does not run on this computer, and no TWS API answers on port {port}. {then}",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.absence,
    fix="start-app",
)
