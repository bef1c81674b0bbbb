"""A remote host does not answer or refuses; or "this machine" is inside WSL or a container and TWS is outside."""

from agent.core.evidence.processes import outcome, port_of
from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.core.session_facts import Outcome
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.shared import grace
from agent.problems.shared.obstacles import NoAnswer
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import host_of, is_this_machine, outside, quickly


def _check(facts: Facts) -> Verdict:
    match how_far(facts):
        case NoAnswer():
            return _remote(facts)
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
    first_step = f"Make sure that {host} is the right address and that this computer is switched on."
    lines = [line]
    around = outside(facts)
    if is_this_machine(facts):
        lines.append(f"{host} is this computer itself")
        first_step = f"Set `host` of this connection to 127.0.0.1: {host} is this computer itself."
    elif around is not None:
        lines.append(f"Gatelight runs inside {around.inside}; {around.outer} is {around.address} from there")
        first_step = f"Where TWS or IB Gateway runs outside {around.inside}, set `host` to {around.address}."
    return Present({"host": host, "port": port, "seen": seen, "first_step": first_step}, tuple(lines))


HOST_UNREACHABLE = Problem(
    code="host-unreachable",
    title="No answer from {host}",
    text="{seen} Programs cannot connect to TWS or IB Gateway at this address.",
    severity=Severity.ERROR,
    check=_check,
    hidden_by=(NETWORK_DOWN,),
    visible_after=grace.handshake,
)
