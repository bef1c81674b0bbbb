"""The connection is local, no application of the wanted kind runs, and no TWS API answers on the port."""

from agent.core.facts import Facts, Known
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.core.reading import applications, listener_at, port_of
from agent.core.telling import app_name, clock
from agent.problems import patience
from agent.problems.obstacles import NotRunning
from agent.problems.reach import how_far, otherwise
from agent.problems.words import listening, owner_of


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, NotRunning):
        return otherwise(reach)
    return Present({"app": app_name(facts), "port": str(port_of(facts))}, _evidence(facts))


def _evidence(facts: Facts) -> tuple[str, ...]:
    port = port_of(facts)
    lines = [f"no process of {app_name(facts)} was found for this connection"]
    if facts.sight.last_pid is not None and facts.sight.gone_since is not None:
        gone = clock(facts, facts.sight.gone_since)
        lines.append(f"the process seen before (pid {facts.sight.last_pid}) has been gone since {gone}")
    lines += [f"{listening(p)} and belongs to another connection" for p in applications(facts.machine)]
    if isinstance(facts.machine.sockets, Known):
        owner = listener_at(facts.machine, port)
        lines.append(f"nothing listens on {port}" if owner is None else f"{owner_of(owner)} listens on {port}")
    if isinstance(facts.machine.installed, Known):
        found = [f"{x.kind.title} {x.version or ''}".rstrip() for x in facts.machine.installed.value]
        where = f"installed: {', '.join(sorted(found))}" if found else "neither was found in the usual folders"
        lines.append(where)
    return tuple(lines)


APP_NOT_RUNNING = Problem(
    code="app-not-running",
    title="{app} is not running",
    text="{app} does not run on this computer, and no TWS API answers on port {port}. Programs can connect again once "
    "{app} runs and is logged in.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=patience.absence,
    fix="start-app",
)
