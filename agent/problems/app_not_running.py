"""The connection is local, no application of the wanted kind runs, and no TWS API answers on the port."""

from agent.core.evidence.api_settings import last_told
from agent.core.evidence.processes import applications, fits, known_free, listener_at, listener_elsewhere, port_of
from agent.core.evidence.words import app_name, clock
from agent.core.facts import Facts, Known
from agent.core.memory import Served
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Outcome
from agent.problems.shared import grace
from agent.problems.shared.ends import answers, runs, runs_again, when
from agent.problems.shared.log_off import RESTART, SetEnd, ended_by, log_offs
from agent.problems.shared.obstacles import NotRunning, OuterMachine, RelayGone
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.relays import case_of, missed
from agent.problems.shared.words import OuterComputer, listening, outside, owner_of
from agent.tws.hosts import spelled_host


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if isinstance(reach, RelayGone):
        return _relay_gone(facts, reach.served)
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
        "what": f"{app} is not running",
        "missing": _missing(facts, app),
        "then": then,
        "first_step": first_step,
    }
    set_to = log_offs(facts, lock_and_exit) if ended is None else (ended,)
    return Present(args, _evidence(facts, set_to), case="outside" if first_step else "local")


def _relay_gone(facts: Facts, served: Served) -> Present:
    """The relay, tunnel or container that led to the application is gone: the problem names it, and nothing else."""
    app, port, what = app_name(facts), port_of(facts), missed(served)
    name = "a program that this system did not show" if served.program is None else served.program
    pid = "" if served.pid is None else f" (pid {served.pid})"
    attempt = facts.session.attempt
    refused = attempt is not None and attempt.port == port and attempt.outcome is Outcome.REFUSED
    lead = f"{what} that led to {app} is gone" if served.program else f"What led to {app} is gone"
    args = {
        "app": app,
        "port": str(port),
        "what": f"{what} on port {port} is gone",
        "missing": f"{lead}, and no TWS API answers on port {port}",
        "then": "Programs can connect again once it has been started again.",
        "first_step": "",
    }
    evidence = (
        f"{name}{pid} answered on {port} while the latest session stood",
        f"nothing listens on {port}",
        *((f"a connection to {port} is refused",) if refused else ()),
        f"no process of {app} was found for this connection",
    )
    return Present(args, evidence, case=case_of(served.program))


def _missing(facts: Facts, app: str) -> str:
    """What is not there, as far as it would be seen."""
    port, processes = port_of(facts), facts.machine.processes
    hidden = isinstance(processes, Known) and processes.value.unseen is not None
    if any(fits(facts.connection, process) for process in applications(facts.machine)):
        # Of other connections, as the evidence says.
        gone = f"No {app} runs for this connection"
    else:
        gone = f"{app} has ended" if hidden else f"{app} does not run on this computer"
    answers = listener_at(facts.machine, port) is None and not known_free(facts, port)
    return gone if answers else f"{gone}, and no TWS API answers on port {port}"


def _outside_step(facts: Facts, app: str, around: OuterComputer) -> tuple[str, str]:
    """Where to look first, and what to do there, when the application is likelier outside of what we run in."""
    if spelled_host(around.address) == spelled_host(facts.connection.dialled):
        there = f"{around.outer} and {around.inside} share their network here."
        return f"{around.outer} shares this address: {app} may run there.", f"Start {app} on {around.outer}: {there}"
    then = f"Where it runs outside {around.inside}, use {around.address} as the host."
    place = f"{around.outer}, outside {around.inside}"
    host = f"set **Computer** of this connection to {around.address} in Gatelight’s Settings"
    return then, f"If {app} runs on {place}, {host}."


def _evidence(facts: Facts, log_offs: tuple[SetEnd, ...]) -> tuple[str, ...]:
    port = port_of(facts)
    lines = [f"no process of {app_name(facts)} was found for this connection"]
    if facts.sight.last_pid is not None and facts.sight.gone_since is not None:
        gone = clock(facts, facts.sight.gone_since)
        lines.append(f"the process seen before (pid {facts.sight.last_pid}) has been gone since {gone}")
    lines += [log_off.line for log_off in log_offs]
    lines += [f"{listening(p)} and belongs to another connection" for p in applications(facts.machine)]
    if isinstance(facts.machine.sockets, Known):
        owner, elsewhere = listener_at(facts.machine, port), listener_elsewhere(facts.machine, port)
        if owner is not None:
            lines.append(f"{owner_of(owner)} listens on {port}")
        elif elsewhere is not None:
            lines.append(f"{owner_of(elsewhere)} listens on {port} at {elsewhere.address}, not at 127.0.0.1")
        elif known_free(facts, port):
            lines.append(f"nothing listens on {port}")
    if isinstance(facts.machine.installed, Known):
        found = [f"{x.kind.title} {x.version or ''}".rstrip() for x in facts.machine.installed.value]
        where = (
            f"installed: {', '.join(sorted(found))}"
            if found
            else "neither TWS nor IB Gateway was found in the usual folders"
        )
        lines.append(where)
    around = outside(facts)
    if around is not None:
        lines.append(around.line)
    return tuple(lines)


APP_NOT_RUNNING = Problem(
    code="app-not-running",
    title="{what}",
    text="{missing}. {then}",
    severity=Severity.ERROR,
    check=_check,
    over=(
        GoodNews("{app} is running again", "It was away for {lasted}.", when(runs_again)),
        GoodNews("{app} is running", "It was not running for {lasted}.", when(runs)),
        GoodNews("The API of {app} answers", "It was away for {lasted}.", when(answers)),
    ),
    visible_after=grace.absence,
    fix="start-app",
)
