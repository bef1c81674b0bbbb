"""The connection is accepted and the handshake never answered: a prompt, a dialog, or a hang."""

from agent.core.evidence.place import SeenAs, Whereabouts, place_of, seen_as
from agent.core.evidence.processes import outcome, port_of
from agent.core.evidence.words import app_name, size
from agent.core.facts import Facts, Listener, Process
from agent.core.problem import GoodNews, Present, Problem, Severity, Verdict
from agent.core.session_facts import Outcome
from agent.core.text import shortened
from agent.problems.shared import grace
from agent.problems.shared.ends import answers, when
from agent.problems.shared.obstacles import Silent
from agent.problems.shared.queue import no_answer, waiting_at
from agent.problems.shared.reach import how_far, not_tried
from agent.problems.shared.relays import behind
from agent.problems.shared.words import HOST_ROOM, host_of, listening, owner_of

_BUSY = 0.9
"""Share of one core from which on an application is too busy to answer: it normally idles at a few hundredths."""
_MEMORY_FULL = 0.9
"""Share of the memory limit (-Xmx) from which on Java spends its time clearing up."""

_PROMPT = "it asks on its screen whether to accept the connection"
_RELAY = "{app} {where} hangs, takes no more connections, or asks on its screen whether to accept this one"
_CPU = "it is too busy to answer"
_MEMORY = "its memory is full"
_QUEUE = "it hangs"
_DIALOG = "a window of it waits for an answer, or it hangs"


def _check(facts: Facts) -> Verdict:
    reach = how_far(facts)
    if not isinstance(reach, Silent):
        return not_tried(reach, Silent)
    port, host = port_of(facts), host_of(facts)
    seen = seen_as(facts, None if reach.process is not None else reach.owner)
    relay = reach.owner if reach.process is None and reach.owner is not None and reach.owner.relay else None
    queue = waiting_at(facts, port)
    causes = _likely_causes(facts, reach.process, reach.owner, seen, stalled=queue is not None and queue.full)
    elapsed = facts.session.attempt.elapsed if facts.session.attempt is not None else 0.0
    owner = _owner_line(port, reach.process, reach.owner)
    return Present(
        {
            "app": app_name(facts),
            "who": app_name(facts) if relay is None else shortened(owner_of(relay), HOST_ROOM),
            "port": str(port),
            "how": _how(facts, port, relay),
            "cause": causes[0][0],
            "address": seen.address,
            "where": "there" if relay is None else behind(relay),
        },
        (
            *owner,
            no_answer(facts, host, port, elapsed),
            *(() if queue is None else (queue.words,)),
            *_in_words(causes),
            *(() if place_of(facts) is Whereabouts.LOOPBACK and reach.process is not None else seen.lines),
        ),
        _case(facts, relay),
    )


def _case(facts: Facts, relay: Listener | None) -> str:
    """Which steps of the guide fit: those for the application, for one behind a relay, or for the relay itself."""
    if relay is None:
        return "direct"
    return "relay" if outcome(facts) is Outcome.UNREACHABLE else "relayed"


def _how(facts: Facts, port: int, relay: Listener | None) -> str:
    if relay is not None and outcome(facts) is not Outcome.UNREACHABLE:
        return f"accepts connections on port {port}, and no answer comes from behind it"
    if outcome(facts) is Outcome.UNREACHABLE:
        return f"listens on port {port} and no longer accepts connections"
    return f"accepts connections on port {port} and then does not answer"


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
    facts: Facts, process: Process | None, owner: Listener | None, seen: SeenAs, *, stalled: bool
) -> list[tuple[str, str]]:
    """The causes that fit, likeliest first, each with what speaks for it."""
    causes: list[tuple[str, str]] = []
    where = place_of(facts)
    if where is not Whereabouts.LOOPBACK:
        there = (
            f"this computer is reached as {host_of(facts)}" if where is Whereabouts.HERE else "Gatelight runs elsewhere"
        )
        causes.append((_PROMPT, f" ({there}; it sees {seen.address})"))
    elif process is None and owner is not None and owner.relay and outcome(facts) is not Outcome.UNREACHABLE:
        causes.append((_RELAY.format(app=app_name(facts), where=behind(owner)), ""))
    if process is not None:
        limit = process.application.heap_limit
        if process.memory is not None and limit and process.memory >= _MEMORY_FULL * limit:
            causes.append((_MEMORY, f" (it holds {size(process.memory)}, its limit is {size(limit)})"))
        if process.cpu is not None and process.cpu >= _BUSY:
            causes.append((_CPU, f" (it keeps {max(1, round(process.cpu))} processor core(s) busy)"))
        causes.append((_QUEUE if stalled else _DIALOG, ""))
    elif owner is None or not owner.relay:
        causes.append((_DIALOG, ""))
    elif not causes:
        causes.append((_QUEUE, ""))
    return causes


API_SILENT = Problem(
    code="api-silent",
    title="The API of {app} does not answer",
    text="{who} {how}. Most likely {cause}.",
    severity=Severity.ERROR,
    check=_check,
    over=(GoodNews("The API of {app} answers", "It did not answer for {lasted}.", when(answers)),),
    visible_after=grace.handshake,
    fix="focus-app",
)
