"""The application is logged in and has no API port at all."""

from agent.core.evidence.words import clock
from agent.core.facts import Facts, Known, Process
from agent.core.problem import GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.problems.login_pending import LOGIN_PENDING
from agent.problems.shared import grace
from agent.problems.shared.ends import port_open, when
from agent.problems.shared.obstacles import ApiOff, LinkUnsettled
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.words import listening, runs_since
from agent.tws.applications import ApplicationKind

_SWITCHED_OFF = "“Enable ActiveX and Socket Clients” is most likely not ticked"
_FIX_CTCI = "“FIX CTCI” was chosen on its log-in screen, which has no API"
_HANGS = "it hangs, or “FIX CTCI” was chosen on its log-in screen"


def _check(facts: Facts) -> Verdict:
    match how_far(facts):
        case ApiOff(process=process):
            cause = _cause(process)
            return Present({"app": process.kind.title, "cause": cause}, _evidence(facts, process))
        case LinkUnsettled(process=process):
            return Undecided(f"the connection of {process.label} to IB’s servers is too young to prove a log-in")
        case reach:
            return otherwise(reach)


def _fix_chosen(process: Process) -> bool:
    return isinstance(process.hints, Known) and process.hints.value.api_only is False


def _cause(process: Process) -> str:
    if process.kind is not ApplicationKind.GATEWAY:
        return _SWITCHED_OFF
    return _FIX_CTCI if _fix_chosen(process) else _HANGS


def _evidence(facts: Facts, process: Process) -> tuple[str, ...]:
    lines = [runs_since(facts, process), listening(process)]
    if process.upstream is not None and process.upstream_since is not None:
        since = clock(facts, process.upstream_since)
        lines.append(f"it has been connected to IB’s servers ({process.upstream}) since {since}: it is logged in")
    if process.kind is ApplicationKind.GATEWAY and _fix_chosen(process):
        lines.append("jts.ini: ApiOnly is false, so “FIX CTCI” was chosen at log-in")
    return tuple(lines)


API_DISABLED = Problem(
    code="api-disabled",
    title="{app} is logged in, but its API is off",
    text="{app} is logged in and has not opened an API port, so no program can connect: {cause}.",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("The API of {app} is on", "It was off for {lasted}.", when(port_open)),),
    hidden_by=(LOGIN_PENDING,),
    visible_after=grace.api_port,
    fix="enable-api",
)
