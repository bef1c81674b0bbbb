"""What is seen that answers the questions of the set-up in advance."""

from agent.core.evidence.processes import applications, chosen, mode_hint
from agent.core.facts import Facts, Known
from agent.core.session_facts import Phase
from agent.core.setup.answers import SeenForAnswers
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.client_programs import CLIENT_PROGRAMS, program_named


def seen_for_answers(facts: Facts) -> SeenForAnswers:
    """The answers that what runs gives; empty where nothing tells, or several applications tell different things."""
    kinds = {p.kind for p in applications(facts.machine)} - {ApplicationKind.UNKNOWN}
    process = chosen(facts)
    mode = TradingMode.UNKNOWN if process is None else mode_hint(process)
    if facts.session.phase is Phase.CONNECTED:
        mode = facts.session.trading_mode
    return SeenForAnswers(
        application=kinds.pop().value if len(kinds) == 1 else "",
        trading_mode="" if mode is TradingMode.UNKNOWN else mode.value,
        program=_program(facts),
    )


def _program(facts: Facts) -> str:
    """ID of a known program that is on an API port, else of one that runs."""
    sockets, processes = facts.machine.sockets, facts.machine.processes
    on_port = [c.name for c in sockets.value.clients if not c.own] if isinstance(sockets, Known) else []
    running = [p.name for p in processes.value.programs] if isinstance(processes, Known) else []
    for names in (on_port, running):
        found = {known.id for name in names if name is not None and (known := program_named(name)) is not None}
        if found:
            return next(program.id for program in CLIENT_PROGRAMS if program.id in found)
    return ""
