"""The connection is local, no application of the wanted kind runs, and no TWS API answers on the port."""

from agent.core.evidence.api_settings import as_told, daily_time, last_told
from agent.core.evidence.processes import applications, listener_at, port_of
from agent.core.evidence.words import app_name, clock
from agent.core.facts import Facts, Known
from agent.core.memory import Served
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.core.session_facts import Outcome
from agent.problems.shared import grace
from agent.problems.shared.obstacles import NotRunning, OuterMachine, RelayGone
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.relays import case_of, missed
from agent.problems.shared.words import listening, outside, owner_of


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if isinstance(reach, RelayGone):
        return _relay_gone(facts, reach.served)
    if not isinstance(reach, NotRunning | OuterMachine):
        return otherwise(reach)
    app, around = app_name(facts), outside(facts)
    then = f"Programs can connect again once {app} runs and is logged in."
    if isinstance(reach, OuterMachine) and around is not None:
        then = f"Where it runs outside {around.inside}, use {around.address} as the host."
    lead = f"{app} does not run on this computer"
    args = {"app": app, "port": str(port_of(facts)), "what": f"{app} is not running", "lead": lead, "then": then}
    return Present({**args, "case": "local"}, _evidence(facts))


def _relay_gone(facts: Facts, served: Served) -> Present:
    """What led to the application is gone: it is called by its kind, and nothing else is missed here."""
    app, port, what = app_name(facts), port_of(facts), missed(served)
    name = "a program that this system did not show" if served.program is None else served.program
    pid = "" if served.pid is None else f" (pid {served.pid})"
    attempt = facts.session.attempt
    refused = attempt is not None and attempt.port == port and attempt.outcome is Outcome.REFUSED
    return Present(
        {
            "app": app,
            "port": str(port),
            "what": f"{what} on port {port} is gone",
            "lead": f"{what} that led to {app} is gone" if served.program else f"What led to {app} is gone",
            "then": "Programs can connect again once it has been started again.",
            "case": case_of(served.program),
        },
        (
            f"{name}{pid} answered on {port} while the latest session stood",
            f"nothing listens on {port}",
            *((f"a connection to {port} is refused",) if refused else ()),
            f"no process of {app} was found for this connection",
        ),
    )


def _evidence(facts: Facts) -> tuple[str, ...]:
    port = port_of(facts)
    lines = [f"no process of {app_name(facts)} was found for this connection"]
    if facts.sight.last_pid is not None and facts.sight.gone_since is not None:
        gone = clock(facts, facts.sight.gone_since)
        lines.append(f"the process seen before (pid {facts.sight.last_pid}) has been gone since {gone}")
    told = last_told(facts)
    if told is not None and told.lock_and_exit.restarts is False:
        when = daily_time(told.lock_and_exit)
        lines.append(f"it was set to “Auto logoff” every day{f' at {when}' if when else ''}, {as_told(facts)}")
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
    title="{what}",
    text="{lead}, and no TWS API answers on port {port}. {then}",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.absence,
    fix="start-app",
)
