"""A relay accepts the connection and closes it: behind it nothing listens, or the relay's address is turned away."""

from agent.core.clock import took
from agent.core.evidence.place import relayed_from
from agent.core.evidence.processes import port_of
from agent.core.evidence.words import app_name
from agent.core.facts import Facts, Listener
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.ends import answers, when
from agent.problems.shared.obstacles import RelayCloses
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.relays import behind, case_of
from agent.problems.shared.words import host_of, owner_of
from agent.tws.relays import RelayKind, relay_kind


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, RelayCloses):
        return not_tried(reach, RelayCloses)
    relay, port, elsewhere = reach.relay, port_of(facts), not facts.connection.local
    case = "container" if elsewhere else case_of(None if relay is None else relay.program)
    where = "in the container" if elsewhere else behind(relay)
    owner, known = _who(facts, relay, port)
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    kind = RelayKind.CONTAINER if elsewhere else relay_kind(None if relay is None else relay.program)
    return Present(
        {"owner": owner, "port": str(port), "app": app_name(facts), "where": where},
        (
            *known,
            f"the connection was accepted and closed after {took(elapsed)}, before any answer",
            f"one cause: nothing listens {where}",
            f"the other cause: the application there does not trust {relayed_from(kind or RelayKind.RELAY)}",
            *_trusted_before(facts, relay),
        ),
        case=case,
    )


def _who(facts: Facts, relay: Listener | None, port: int) -> tuple[str, tuple[str, ...]]:
    """Who closes the connections, and what speaks for a relay."""
    if relay is not None:
        strange = relay.relay is None and relay.program is not None
        behaves = ("it says nothing and hangs up, as a relay does that reaches no program",) if strange else ()
        return owner_of(relay), (f"{owner_of(relay)} listens on {port}", *behaves)
    if facts.connection.local:
        unseen = f"no program is seen to listen on {port}, and yet it answers: a container’s packet rules do that"
        return "a program that this system does not show", (unseen,)
    known = f"{port} is a port on which the relay inside a container listens"
    return f"the container’s relay at {host_of(facts)}", (known,)


def _trusted_before(facts: Facts, relay: Listener | None) -> tuple[str, ...]:
    served = facts.served
    program = None if relay is None else relay.program
    if served is None or served.application or (served.port, served.program) != (port_of(facts), program):
        return ()
    return ("it served a session before, so its address was trusted then: the first cause is the likelier one",)


CONTAINER_NOT_READY = Problem(
    code="container-not-ready",
    title="{app} {where} is not reached",
    text="On port {port}, {owner} accepts connections and closes them: {app} {where} does not listen (it is starting, "
    "or waits for its log-in), or it does not trust the address they come from.",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("The API of {app} answers", "It was not reached for {lasted}.", when(answers)),),
    visible_after=grace.handshake,
)
