"""A container's relay accepts the connection and closes it: the Gateway inside does not listen."""

from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.core.reading import port_of
from agent.problems import patience
from agent.problems.obstacles import RelayCloses
from agent.problems.reach import how_far, not_tried
from agent.problems.words import host_of, owner_of, quickly


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, RelayCloses):
        return not_tried(reach, RelayCloses)
    port = port_of(facts)
    if reach.relay is None:
        owner = f"the container's relay at {host_of(facts)}"
        known = f"{port} is a port on which the relay inside a container listens"
    else:
        owner = owner_of(reach.relay)
        known = f"{owner} listens on {port}"
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    return Present(
        {"owner": owner, "port": str(port)},
        (known, f"the connection was accepted and closed after {quickly(elapsed)}, before any answer"),
    )


CONTAINER_NOT_READY = Problem(
    code="container-not-ready",
    title="The IB Gateway in the container is not ready",
    text="On port {port}, {owner} accepts connections and closes them at once: the IB Gateway behind it does not "
    "listen. It may still be starting, or wait for its log-in.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=patience.handshake,
)
