"""The host of a connection does not answer or refuses: another computer, or this one under another address."""

from agent.core.clock import took
from agent.core.evidence.place import Whereabouts, place_of, seen_as, virtual_network
from agent.core.evidence.processes import listener_at, outcome, port_of
from agent.core.evidence.words import app_name
from agent.core.facts import Facts, Listener
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Outcome
from agent.core.text import shortened
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.shared import grace
from agent.problems.shared.ends import answers, when
from agent.problems.shared.obstacles import BoundElsewhere, NoAnswer
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import HOST_ROOM, host_of, outside, owner_of, sentence
from agent.tws.hosts import is_impossible

_HERE = (Whereabouts.HERE, Whereabouts.LOOPBACK)


def _check(facts: Facts) -> Verdict:
    match how_far(facts):
        case NoAnswer():
            return _remote(facts)
        case BoundElsewhere(listener=listener):
            return _bound_elsewhere(facts, listener)
        case reach:
            return not_tried(reach, NoAnswer)


def _remote(facts: Facts) -> Present:
    host, port = host_of(facts), str(port_of(facts))
    attempt = facts.session.attempt
    if is_impossible(facts.connection.host):
        seen = f"{host} is no address that a computer can have: it is mistyped."
        line = f"no connection to {host}, port {port}, came about"
    elif outcome(facts) is Outcome.REFUSED:
        seen = f"{host} refuses connections on port {port}: nothing listens there."
        line = f"the connection to {host}, port {port}, was refused"
    else:
        seen = f"{host} does not answer on port {port}: it is off, not reachable, or a firewall is in between."
        waited = f" within {took(attempt.elapsed)}" if attempt is not None else ""
        line = f"no answer from {host}, port {port}{waited}"
    where = place_of(facts)
    lines = [line, *_where(facts, where, host)]
    around = outside(facts)
    if around is not None and where not in _HERE:
        lines.append(around.line)
    args = {
        "what": f"No answer from {host}",
        "host": host,
        "port": port,
        "seen": seen,
        "first_step": _first_step(facts, where, host, port),
        "address": seen_as(facts).address,
        "firewall": "the firewall there"
        if around is None or where is not Whereabouts.OUTSIDE
        else f"the firewall of {around.outer}",
    }
    if around is not None and where is Whereabouts.OUTSIDE:
        args["firewall"] = f"the firewall of {around.outer}"
    return Present(args, tuple(lines), _case(facts, where))


def _bound_elsewhere(facts: Facts, listener: Listener) -> Present:
    """The port is open on this computer, and not at the address that the host means."""
    host, port, owner = host_of(facts), str(port_of(facts)), owner_of(listener)
    address = shortened(listener.address or "another address", HOST_ROOM)
    lines = [f"{owner} listens on {address}, port {port}, and nothing listens there on {host}"]
    if outcome(facts) is Outcome.REFUSED:
        lines.append(f"the connection to {host}, port {port}, was refused")
    args = {
        "what": f"Port {port} is not open at {host}, only at another address",
        "host": host,
        "port": port,
        "seen": f"{sentence(owner)} listens on port {port} at {address} only, and this connection goes to {host}.",
        "first_step": f"Either set **Host** of this connection in Gatelight’s Settings, and the host in your own "
        f"programs, to {address}, or let {owner} listen on {host} as well.",
        "address": seen_as(facts).address,
        "firewall": "the firewall there",
    }
    return Present(args, tuple(lines), "here")


def _grace(facts: Facts) -> float:
    # Where the port is open elsewhere, an application that is about to start may still open it here.
    return grace.absence(facts) if isinstance(how_far(facts), BoundElsewhere) else grace.handshake(facts)


def _case(facts: Facts, where: Whereabouts) -> str:
    """Which steps of the guide fit."""
    if where in _HERE or is_impossible(facts.connection.host):
        return "here"
    return "beside" if where is Whereabouts.BESIDE else "elsewhere"


def _where(facts: Facts, where: Whereabouts, host: str) -> tuple[str, ...]:
    """For the evidence: where the host is, where that is known."""
    network = virtual_network(facts)
    match where:
        case Whereabouts.HERE | Whereabouts.LOOPBACK:
            owner = listener_at(facts.machine, port_of(facts))
            seen = () if owner is None else (f"{owner_of(owner)} listens on {port_of(facts)}, not at this address",)
            return f"{host} is this computer itself", *seen
        case Whereabouts.INSIDE if network is not None:
            return (f"{host} is in the network of {network.product} on this computer",)
        case Whereabouts.BESIDE:
            return (f"{host} is in the network of this container",)
        case Whereabouts.PUBLIC:
            return (f"{host} is an address of the Internet",)
        case _:
            return ()


def _first_step(facts: Facts, where: Whereabouts, host: str, port: str) -> str:
    around, network = outside(facts), virtual_network(facts)
    if is_impossible(facts.connection.host):
        return (
            f"Set **Computer** of this connection in Gatelight’s Settings, and the host in your own programs, to the "
            f"address of the computer with {app_name(facts)}: 127.0.0.1 is this computer itself."
        )
    match where:
        case Whereabouts.HERE | Whereabouts.LOOPBACK:
            owner = listener_at(facts.machine, port_of(facts))
            if facts.connection.loopback and owner is not None:
                return (
                    f"Let {owner_of(owner)} listen on 127.0.0.1: it has another address of this computer, where "
                    f"programs that use 127.0.0.1 do not find it."
                )
            return (
                f"Set **Computer** of this connection to 127.0.0.1 in Gatelight’s Settings: {host} is this computer "
                f"itself."
            )
        case Whereabouts.OUTSIDE if around is not None:
            return f"Look at {around.outer}, outside {around.inside}: {host} means that one."
        case Whereabouts.INSIDE if network is not None:
            return (
                f"Make sure that the virtual machine or container of {network.product} runs and that {host} is its "
                f"address now: it may get another one at each start."
            )
        case Whereabouts.BESIDE:
            return (
                "Use the port inside the other container, in most images 4003 for live and 4004 for paper. The one "
                "that is published for the computer outside means nothing here."
            )
        case Whereabouts.PUBLIC:
            return (
                f"Set up a VPN or an SSH tunnel to the network behind {host}, and set **Computer** of this connection "
                f"to the address inside it in Gatelight’s Settings. {host} belongs to a router: reached directly, it "
                f"would have to forward port {port}, open to everyone."
            )
        case _:
            return f"Make sure that {host} is the right address and that the computer there is switched on."


HOST_UNREACHABLE = Problem(
    code="host-unreachable",
    title="{what}",
    text="{seen} Programs cannot connect to TWS or IB Gateway at this address.",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("{host} answers", "It gave no answer for {lasted}.", when(answers)),),
    hidden_by=(NETWORK_DOWN,),
    visible_after=_grace,
)
