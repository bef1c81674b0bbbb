"""A container's relay accepts the connection and closes it: the Gateway inside does not listen."""

from agent.core.evidence.processes import port_of
from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.obstacles import RelayCloses
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import host_of, owner_of, quickly

_TUNNELS = frozenset({"ssh", "sshd", "sshd-session", "autossh", "plink", "putty", "stunnel", "stunnel4", "kubectl"})
"""Relays that lead to another machine rather than into a container of this one."""


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, RelayCloses):
        return not_tried(reach, RelayCloses)
    port = port_of(facts)
    tunnel = reach.relay is not None and (reach.relay.program or "").lower().split(".")[0] in _TUNNELS
    if reach.relay is None:
        owner = f"the container's relay at {host_of(facts)}"
        known = f"{port} is a port on which the relay inside a container listens"
    else:
        owner = owner_of(reach.relay)
        known = f"{owner} listens on {port}"
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    return Present(
        {"owner": owner, "port": str(port), "where": "at the end of the tunnel" if tunnel else "in the container"},
        (known, f"the connection was accepted and closed after {quickly(elapsed)}, before any answer"),
    )


CONTAINER_NOT_READY = Problem(
    code="container-not-ready",
    title="The IB Gateway {where} is not ready",
    text="On port {port}, {owner} accepts connections and closes them at once: the IB Gateway behind it does not "
    "listen. It may still be starting, or wait for its log-in.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.handshake,
)
