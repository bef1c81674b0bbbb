"""The application listens on another port than the configured one, which is free or another application's."""

from agent.core.evidence.api_settings import as_told, last_told
from agent.core.evidence.processes import (
    helper_at,
    is_command_port,
    is_key_of,
    known_free,
    listener_elsewhere,
    mode_hint,
    owner_at,
    port_of,
)
from agent.core.facts import Facts, Process
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.core.settings import WantedMode
from agent.problems.shared import grace
from agent.problems.shared.ends import listens_there, reached, when
from agent.problems.shared.obstacles import ListensElsewhere
from agent.problems.shared.reach import how_far, otherwise
from agent.problems.shared.words import listening, owner_of
from agent.tws.applications import TradingMode


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, ListensElsewhere):
        return otherwise(reach)
    process, port = reach.process, port_of(facts)
    case, holder, told = _held_by(facts, port)
    return Present(
        {"app": process.kind.title, "actual": str(process.api_ports[0]), "port": str(port), "holder": holder},
        (
            listening(process),
            f"the configured API port is {port}",
            *told,
            *_as_told(facts, process),
            *_other_mode(facts, process),
        ),
        case=case,
    )


def _held_by(facts: Facts, port: int) -> tuple[str, str, tuple[str, ...]]:
    """The case of the guide's steps, who listens on the configured port, and the line that tells it."""
    helper = helper_at(facts.machine, port)
    if helper is not None:
        ibc = is_command_port(helper, port)
        holder = "IBC’s command server" if ibc else f"another part of {helper.kind.title}"
        return "helper", holder, (f"on {port}, {helper.label} listens for something else than the API",)
    other = owner_at(facts.machine, port)
    if other is not None:
        return "taken", other.label, (listening(other),)
    elsewhere = listener_elsewhere(facts.machine, port)
    if elsewhere is not None:
        line = f"{owner_of(elsewhere)} listens on {port} at {elsewhere.address}, not at 127.0.0.1"
        return "free", "no program at this address", (line,)
    if known_free(facts, port):
        return "free", "no program", (f"no program accepts connections on {port}",)
    return "free", "no program of yours", ()


def _as_told(facts: Facts, process: Process) -> tuple[str, ...]:
    told = last_told(facts)
    if told is None or told.settings.socket_port is None or not is_key_of(facts.api_settings.listener_key, process):
        return ()
    return (f"“Socket port” was {told.settings.socket_port}, {as_told(facts)}",)


def _other_mode(facts: Facts, process: Process) -> tuple[str, ...]:
    wanted, hint = facts.connection.trading_mode, mode_hint(process)
    if wanted is WantedMode.ANY or hint is TradingMode.UNKNOWN or hint.value == wanted.value:
        return ()
    return (f"careful: it looks like a {hint.value} log-in, and this connection is meant for {wanted.value}",)


_DIFFERED = "The API port of {app} and the one set for this connection differed for {lasted}."
"""Either of the two may have been changed, so that nothing was ever missed on the port that is right now."""

API_PORT_MISMATCH = Problem(
    code="api-port-mismatch",
    title="{app} listens on port {actual}, not on {port}",
    text="{app} listens on API port {actual}, but this connection is set to port {port}, where {holder} listens. "
    "Programs set up for port {port} do not reach {app}.",
    severity=Severity.ERROR,
    check=_check,
    over=(
        GoodNews("{app} is reached on port {port}", _DIFFERED, when(reached)),
        GoodNews("{app} listens on port {port}", _DIFFERED, when(listens_there)),
    ),
    visible_after=grace.handshake,
    fix="use-port",
)
