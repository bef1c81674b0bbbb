"""A remote host does not answer or refuses; or "this machine" is inside WSL or a container and TWS is outside."""

from agent.core.facts import Facts, Outcome, Surroundings, SurroundingsKind
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.core.reading import outcome, port_of
from agent.core.telling import shortened
from agent.problems import patience
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.obstacles import NoAnswer, OuterMachine
from agent.problems.reach import how_far, not_tried
from agent.problems.words import HOST_ROOM, host_of, quickly, sentence

_INSIDE = {
    SurroundingsKind.PLAIN: "this computer",
    SurroundingsKind.WSL: "WSL",
    SurroundingsKind.CONTAINER: "this container",
}
_OUTSIDE = {
    SurroundingsKind.PLAIN: "the other computer",
    SurroundingsKind.WSL: "Windows",
    SurroundingsKind.CONTAINER: "the computer that runs the container",
}


def _check(facts: Facts) -> Verdict:
    match how_far(facts):
        case NoAnswer():
            return _remote(facts)
        case OuterMachine(surroundings=surroundings):
            return _outer(facts, surroundings)
        case reach:
            return not_tried(reach, NoAnswer)


def _remote(facts: Facts) -> Present:
    host, port = host_of(facts), str(port_of(facts))
    attempt = facts.session.attempt
    if outcome(facts) is Outcome.REFUSED:
        seen = f"{host} refuses connections on port {port}: nothing listens there."
        line = f"the connection to {host}, port {port}, was refused"
    else:
        seen = f"{host} does not answer on port {port}: it is off, not reachable, or a firewall is in between."
        waited = f" within {quickly(attempt.elapsed)}" if attempt is not None else ""
        line = f"no answer from {host}, port {port}{waited}"
    return Present(
        {
            "host": host,
            "port": port,
            "seen": seen,
            "first_step": f"Make sure that {host} is the right address and that this computer is switched on.",
        },
        (line,),
    )


def _outer(facts: Facts, surroundings: Surroundings) -> Present:
    host, port = host_of(facts), str(port_of(facts))
    inside, outside = _INSIDE[surroundings.kind], _OUTSIDE[surroundings.kind]
    known = surroundings.host_address
    address = shortened(known, HOST_ROOM) if known else f"the address of {outside}"
    return Present(
        {
            "host": host,
            "port": port,
            "seen": f"No TWS or IB Gateway runs inside {inside}, where {host} leads. {sentence(outside)} is {address}.",
            "first_step": f"Where TWS or IB Gateway runs outside {inside}, set `host` of this connection to {address}.",
        },
        (
            f"Gatelight runs inside {inside}, where {host} is {inside} itself",
            f"nobody accepts connections on port {port} there",
            "no process of TWS or IB Gateway was found there",
        ),
    )


HOST_UNREACHABLE = Problem(
    code="host-unreachable",
    title="No answer from {host}",
    text="{seen} Programs cannot connect to TWS or IB Gateway at this address.",
    severity=Severity.ERROR,
    check=_check,
    hidden_by=(NETWORK_DOWN,),
    visible_after=patience.handshake,
)
