"""The connection is accepted and the handshake never answered: a prompt, a dialog, or a hang."""

from agent.core.evidence.place import SeenAs, Whereabouts, place_of, seen_as
from agent.core.evidence.processes import port_of
from agent.core.evidence.words import app_name, size
from agent.core.facts import Facts, Listener, Process
from agent.core.problem import Present, Problem, Severity, Verdict
from agent.problems.shared import grace
from agent.problems.shared.obstacles import Silent
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.words import host_of, listening, owner_of, quickly

_BUSY = 0.9
"""Share of one core from which on an application is too busy to answer: it normally idles at a few hundredths."""
_MEMORY_FULL = 0.9
"""Share of the memory limit (-Xmx) from which on Java spends its time clearing up."""

_PROMPT = "it asks on its screen whether to accept the connection"
_RELAY = "the IB Gateway behind the relay hangs or has not finished its log-in"
_CPU = "it is too busy to answer"
_MEMORY = "its memory is full"
_DIALOG = "a window of it waits for an answer, or it hangs"


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, Silent):
        return not_tried(reach, Silent)
    port, host = port_of(facts), host_of(facts)
    seen = seen_as(facts, None if reach.process is not None else reach.owner)
    causes = _likely_causes(facts, reach.process, reach.owner, seen)
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    owner = _owner_line(port, reach.process, reach.owner)
    return Present(
        {"app": app_name(facts), "port": str(port), "cause": causes[0][0], "address": seen.address},
        (
            *owner,
            f"{host}, port {port}, accepted the connection and did not answer within {quickly(elapsed)}",
            *_in_words(causes),
            *(() if place_of(facts) is Whereabouts.LOOPBACK and reach.process is not None else seen.lines),
        ),
    )


def _in_words(causes: list[tuple[str, str]]) -> tuple[str, ...]:
    if len(causes) == 1:
        cause, seen = causes[0]
        return (f"the likely cause: {cause}{seen}",)
    return tuple(f"likely cause {n}: {cause}{seen}" for n, (cause, seen) in enumerate(causes, 1))


def _owner_line(port: int, process: Process | None, owner: Listener | None) -> tuple[str, ...]:
    if process is not None:
        return (listening(process),)
    return () if owner is None else (f"{owner_of(owner)} listens on {port}",)


def _likely_causes(
    facts: Facts, process: Process | None, owner: Listener | None, seen: SeenAs
) -> list[tuple[str, str]]:
    """The causes that fit, likeliest first, each with what speaks for it."""
    causes: list[tuple[str, str]] = []
    where = place_of(facts)
    if where is not Whereabouts.LOOPBACK:
        there = (
            f"we reach this computer as {host_of(facts)}" if where is Whereabouts.HERE else "we connect from elsewhere"
        )
        causes.append((_PROMPT, f" ({there}; it sees {seen.address})"))
    elif process is None and owner is not None and owner.relay:
        causes.append((_RELAY, ""))
    if process is not None:
        limit = process.application.heap_limit
        if process.memory is not None and limit and process.memory >= _MEMORY_FULL * limit:
            causes.append((_MEMORY, f" (it holds {size(process.memory)}, its limit is {size(limit)})"))
        if process.cpu is not None and process.cpu >= _BUSY:
            causes.append((_CPU, f" (it keeps {max(1, round(process.cpu))} processor core(s) busy)"))
    causes.append((_DIALOG, ""))
    return causes


API_SILENT = Problem(
    code="api-silent",
    title="The API of {app} does not answer",
    text="{app} accepts connections on port {port} and then never answers. Most likely {cause}.",
    severity=Severity.ERROR,
    check=_check,
    visible_after=grace.handshake,
    fix="focus-app",
)
