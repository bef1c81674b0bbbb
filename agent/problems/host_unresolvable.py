"""The host name of a remote connection means nothing."""

from agent.core.evidence.place import surroundings
from agent.core.facts import Facts, SurroundingsKind
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.network_down import NETWORK_DOWN
from agent.problems.shared import grace
from agent.problems.shared.ends import answers, when
from agent.problems.shared.obstacles import NameUnknown
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import host_of


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, NameUnknown):
        return not_tried(reach, NameUnknown)
    host = host_of(facts)
    lines = [f"no address was found for the host name {host}"]
    first_step = "Check how **Computer** of this connection is written in Gatelight’s Settings."
    if facts.connection.here:
        lines.append(f"{host} is the name of this computer itself")
        first_step = (
            f"Set **Computer** of this connection to 127.0.0.1 in Gatelight’s Settings: {host} is the name of this "
            f"computer itself."
        )
    around = surroundings(facts)
    if around is not None and around.kind is SurroundingsKind.CONTAINER and not facts.connection.here:
        lines.append("Gatelight runs inside a container, which knows the containers of its own networks by name")
        first_step = (
            f"If {host} is a container, put this one into the same network (`networks` in the compose file), and set "
            f"**Computer** of this connection to the name of its service in Gatelight’s Settings."
        )
    case = "here" if facts.connection.here else "elsewhere"
    return Present({"host": host, "first_step": first_step}, tuple(lines), case)


HOST_UNRESOLVABLE = Problem(
    code="host-unresolvable",
    title="The name {host} is unknown",
    text="No computer called {host} can be found from here, so TWS or IB Gateway there cannot be reached. The name may "
    "be mistyped, or belong to a network that is not connected.",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("The name {host} is known", "It was unknown for {lasted}.", when(answers)),),
    hidden_by=(NETWORK_DOWN,),
    visible_after=grace.handshake,
)
