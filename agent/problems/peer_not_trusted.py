"""The connection is accepted and closed before the handshake is answered: its address is not trusted."""

from agent.core.evidence.api_settings import as_told, last_told, tick
from agent.core.evidence.processes import port_of
from agent.core.evidence.words import app_name, listed
from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.obstacles import TurnedAway
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import host_of, is_this_machine, listening, quickly
from agent.tws.api_settings_table import SETTINGS

_LOCALHOST_ONLY = next(s for s in SETTINGS if s.name == "allow_localhost_only")
_LOOPBACK = "127.0.0.1"
"""Where our own connections to this machine come from; trusted unless the user changed that."""
_FROM_HERE = f"a window of it waits for an answer, or {_LOOPBACK} was taken off its Trusted IPs"
_FROM_ELSEWHERE = "it does not trust the address they come from"


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, TurnedAway):
        return not_tried(reach, TurnedAway)
    host, port = host_of(facts), port_of(facts)
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    owner = () if reach.process is None else (listening(reach.process),)
    came_from, address, why = _where_from(facts, host)
    return Present(
        {
            "app": app_name(facts),
            "host": host,
            "port": str(port),
            "address": address,
            "why": why,
        },
        (
            *owner,
            f"{host}, port {port}, accepted the connection and closed it after {quickly(elapsed)}, before any answer",
            came_from,
            *_as_told(facts),
        ),
    )


def _where_from(facts: Facts, host: str) -> tuple[str, str, str]:
    """What our connection came from, the address to be trusted, and why it most likely is not."""
    if facts.connection.local:
        came_from = f"our connection came from {_LOOPBACK}, an address that is normally trusted"
        return came_from, _LOOPBACK, _FROM_HERE
    if is_this_machine(facts):
        came_from = f"{host} is this computer itself, but reached there it is not seen as {_LOOPBACK}, which is trusted"
        return came_from, host, f"it trusts this computer as {_LOOPBACK} only: use that as the host"
    came_from = f"our connection came from another computer than {host}"
    return came_from, "the address of this computer, as the other one sees it", _FROM_ELSEWHERE


def _as_told(facts: Facts) -> tuple[str, ...]:
    """Whom the application let in when it was last asked, while it still let us in."""
    told = last_told(facts)
    if told is None:
        return ()
    only, trusted = told.settings.allow_localhost_only, told.settings.trusted_ips
    lines = [] if only is None else [f"{tick(_LOCALHOST_ONLY, only)}, {as_told(facts)}"]
    lines += [] if trusted is None else [f"“Trusted IPs” held {listed(trusted)}, {as_told(facts)}"]
    return tuple(lines)


PEER_NOT_TRUSTED = Problem(
    code="peer-not-trusted",
    title="{app} turns this computer away",
    text="{app} at {host} accepts connections on port {port} and closes them at once. Most likely {why}.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.handshake,
    fix="copy-address",
)
