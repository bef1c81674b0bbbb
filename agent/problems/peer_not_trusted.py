"""The connection is accepted and closed before the handshake is answered: its address is not trusted."""

from agent.core.clock import took
from agent.core.evidence.api_settings import as_told, last_told, tick
from agent.core.evidence.place import Whereabouts, place_of, seen_as
from agent.core.evidence.processes import port_of
from agent.core.evidence.words import app_name, listed
from agent.core.facts import Facts
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.ends import answers, when
from agent.problems.shared.obstacles import TurnedAway
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import host_of, listening
from agent.tws.api_settings_table import SETTINGS

_LOCALHOST_ONLY = next(s for s in SETTINGS if s.name == "allow_localhost_only")
_FROM_HERE = "a window of it waits for an answer, or {address} was taken off its Trusted IPs"
_FROM_HERE_AS_ANOTHER = "it trusts this computer as 127.0.0.1 only: use that as the host"
_FROM_ELSEWHERE = "it does not trust {address}"
_WHY = {Whereabouts.LOOPBACK: _FROM_HERE, Whereabouts.HERE: _FROM_HERE_AS_ANOTHER}
_CASE = {Whereabouts.LOOPBACK: "loopback", Whereabouts.HERE: "here", Whereabouts.PUBLIC: "public"}
"""Which steps of the guide fit."""
_FIRST_STEP = {
    Whereabouts.HERE: "Set **Computer** of this connection in Gatelight’s Settings, and the host in your own programs, "
    "to 127.0.0.1: {host} is this computer itself.",
    Whereabouts.PUBLIC: "Reach the network behind {host} through a VPN or an SSH tunnel: the router there forwards the "
    "port to everyone, and nothing on it is encrypted.",
}


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, TurnedAway):
        return not_tried(reach, TurnedAway)
    host, port = host_of(facts), port_of(facts)
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    owner = () if reach.process is None else (listening(reach.process),)
    seen, where = seen_as(facts), place_of(facts)
    why = _WHY.get(where, _FROM_ELSEWHERE).format(address=seen.address)
    return Present(
        {
            "app": app_name(facts),
            "host": host,
            "port": str(port),
            "address": seen.address,
            "why": why,
            "first_step": _FIRST_STEP.get(where, "").format(host=host),
        },
        (
            *owner,
            f"{host}, port {port}, accepted the connection and closed it after {took(elapsed)}, before any answer",
            *seen.lines,
            *_where(where, host),
            *_as_told(facts),
        ),
        _CASE.get(where, "elsewhere"),
    )


def _where(where: Whereabouts, host: str) -> tuple[str, ...]:
    match where:
        case Whereabouts.HERE:
            return (f"{host} is this computer itself, but reached there it is not seen as 127.0.0.1, which is trusted",)
        case Whereabouts.PUBLIC:
            return (f"{host} is an address of the Internet: a router there forwards the connection",)
        case _:
            return ()


def _as_told(facts: Facts) -> tuple[str, ...]:
    """The addresses that the application trusted when it was last asked, while it still accepted our session."""
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
    over=(GoodNews("{app} accepts this computer", "It turned it away for {lasted}.", when(answers)),),
    visible_after=grace.handshake,
    fix="copy-address",
)
