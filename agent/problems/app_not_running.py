"""The connection is local, no application of the wanted kind runs, and no TWS API answers on the port."""

from agent.core.evidence.api_settings import last_told
from agent.core.evidence.processes import applications, known_free, listener_at, port_of
from agent.core.evidence.words import app_name, clock
from agent.core.facts import Facts, Known
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.log_off import RESTART, SetEnd, ended_by, log_offs
from agent.problems.shared.obstacles import NotRunning, OuterMachine
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.words import OuterComputer, listening, outside, owner_of
from agent.tws.hosts import spelled_host


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, NotRunning | OuterMachine):
        return otherwise(reach)
    app, around = app_name(facts), outside(facts)
    told = last_told(facts)
    lock_and_exit = told.lock_and_exit if told is not None else None
    ended = ended_by(facts, lock_and_exit)
    then, first_step = f"Programs can connect again once {app} runs and is logged in.", ""
    if isinstance(reach, OuterMachine) and around is not None:
        then, first_step = _outside_step(facts, app, around)
    elif ended is not None:
        came = "did not come back" if ended.what == RESTART else "ended then"
        then = f"It was set to {ended.what} {ended.when}, and {came}. Start it and log in."
    args = {
        "app": app,
        "port": str(port_of(facts)),
        "missing": _missing(facts, app),
        "then": then,
        "first_step": first_step,
    }
    set_to = log_offs(facts, lock_and_exit) if ended is None else (ended,)
    return Present(args, _evidence(facts, set_to), case="outside" if first_step else "local")


def _missing(facts: Facts, app: str) -> str:
    """What is not there, as far as it would be seen."""
    port, processes = port_of(facts), facts.machine.processes
    hidden = isinstance(processes, Known) and processes.value.unseen is not None
    gone = f"{app} has ended" if hidden else f"{app} does not run on this computer"
    answers = listener_at(facts.machine, port) is None and not known_free(facts, port)
    return gone if answers else f"{gone}, and no TWS API answers on port {port}"


def _outside_step(facts: Facts, app: str, around: OuterComputer) -> tuple[str, str]:
    """Where to look first, and what to do there, when the application is likelier outside of what we run in."""
    if spelled_host(around.address) == spelled_host(facts.connection.dialled):
        there = f"{around.outer} and {around.inside} share their network here."
        return f"{around.outer} shares this address: {app} may run there.", f"Start {app} on {around.outer}: {there}"
    then = f"Where it runs outside {around.inside}, use {around.address} as the host."
    return then, f"If {app} runs on {around.outer}, outside {around.inside}, set `host` to {around.address}."


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
        if owner is not None:
            lines.append(f"{owner_of(owner)} listens on {port}")
        elif known_free(facts, port):
            lines.append(f"nothing listens on {port}")
    if isinstance(facts.machine.installed, Known):
        found = [f"{x.kind.title} {x.version or ''}".rstrip() for x in facts.machine.installed.value]
        where = f"installed: {', '.join(sorted(found))}" if found else "neither was found in the usual folders"
        lines.append(where)
    around = outside(facts)
    if around is not None:
        lines.append(around.line)
    return tuple(lines)


APP_NOT_RUNNING = Problem(
    code="app-not-running",
    title="{app} is not running",
    text="{missing}. {then}",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.absence,
    fix="start-app",
)
