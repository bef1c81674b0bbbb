"""The API never answers and half-closed sockets pile up on its port: only a restart of the application helps."""

from agent.core.evidence.processes import port_of
from agent.core.facts import Facts
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.obstacles import Wedged
from agent.problems.shared.queue import no_answer, waiting_at
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import host_of, listening


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, Wedged):
        return not_tried(reach, Wedged)
    process, port = reach.process, port_of(facts)
    queue = waiting_at(facts, port)
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    return Present(
        {"app": process.kind.title, "port": str(port), "count": str(reach.sockets)},
        (
            listening(process),
            no_answer(facts, host_of(facts), port, elapsed),
            *(() if queue is None else (queue.words,)),
            f"{reach.sockets} sockets on port {port} are in CLOSE_WAIT: {process.kind.title} never closed its end",
        ),
    )


API_WEDGED = Problem(
    code="api-wedged",
    title="The API of {app} is blocked by dead connections",
    text="{app} no longer answers on port {port}: {count} connections of programs that went away were never closed "
    "there. Only a restart of {app} clears them.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.handshake,
)
