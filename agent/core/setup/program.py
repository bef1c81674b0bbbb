"""The last step of the set-up: a program of the user's connects, and is greeted by its name."""

from dataclasses import replace

from agent.core.evidence.processes import clients_of, port_of
from agent.core.facts import ApiClient, Facts, Known, Unknown
from agent.core.session_facts import Outcome
from agent.core.setup.setup import SetupScene, SetupStep, StepAct, StepState, Typed
from agent.tws.client_programs import plain_name, program_named, program_of

_FIRST_ID = 11
"""The lowest client ID that is offered: programs come with 0 to 10 as their own default."""


def program_connects(scene: SetupScene, earlier: tuple[SetupStep, ...]) -> SetupStep:
    """Whether a program besides Gatelight is on the API port now."""
    step = SetupStep("program", "Your program connects", StepState.DONE)
    facts = scene.facts
    clients = clients_of(facts)
    if not all(s.state.good for s in earlier if s.id in ("connect", "mode")):
        open_one = next(s.id for s in earlier if s.id in ("connect", "mode") and not s.state.good)
        return replace(step, state=StepState.WAITING, waits_for=open_one)
    if clients:
        return replace(step, seen=tuple(dict.fromkeys(greeted(client) for client in clients)))
    if "program" in scene.beside.answers.looked:
        return replace(step, seen=("you have looked: your program is connected",))
    program = program_of(scene.beside.answers.program)
    host, port = host_for_programs(facts), port_of(facts) if facts.session.port is None else facts.session.port
    first, second = free_ids(facts)
    typed = [Typed("Host", host), Typed("Port", str(port))]
    if program.asks_id:
        typed.append(Typed("Client ID", str(first)))
    step = replace(step, typed=tuple(typed), steps=program.steps_for(host, port, first, second))
    name = program.yours
    if (why := _unseen(facts)) is not None:
        text = f"{name} is to connect now. Gatelight cannot see whether it does: {why}."
        return replace(step, state=StepState.UNKNOWN, text=text, acts=(StepAct.LOOKED,))
    text = f"{name} is not connected yet. Let it connect; it is seen here within seconds, and has to stay that long."
    return replace(step, state=StepState.TO_DO, text=text)


def _unseen(facts: Facts) -> str | None:
    """Why a program on the API port may not be seen; None where it would be."""
    if not facts.connection.local:
        return "the application runs on another computer"
    sockets = facts.machine.sockets
    return sockets.reason if isinstance(sockets, Unknown) else sockets.value.unseen


def greeted(client: ApiClient) -> str:
    """That a program is connected, by its name where the system tells it."""
    if client.name is None:
        where = f" on {client.peer}" if client.peer is not None else f" (pid {client.pid})" if client.pid else ""
        return f"A program{where} is connected"
    known, name = program_named(client.name), plain_name(client.name)
    whose = f"pid {client.pid}" if client.pid is not None else ""
    if known is None:
        return f"{name} ({whose}) is connected" if whose else f"{name} is connected"
    inside = ", ".join(filter(None, (name, whose)))
    return f"{known.title} is connected ({inside})"


def host_for_programs(facts: Facts) -> str:
    """The host to type into a program on this computer."""
    return "127.0.0.1" if facts.connection.local else facts.connection.host


def free_ids(facts: Facts) -> tuple[int, int]:
    """Two client IDs of which nothing is known to use either: Gatelight's own, configured ones and the master client ID
    are left out, and those that were refused. Which IDs other programs use cannot be seen."""
    session, told = facts.session, facts.api_settings.configuration
    taken = {session.client_id, facts.connection.client_id, *(c.client_id for c in facts.other_connections)}
    if session.attempt is not None and session.attempt.outcome is Outcome.ID_IN_USE:
        taken.add(session.attempt.client_id)
    if isinstance(told, Known):
        taken.add(told.value.settings.master_client_id)
    # Each program that is connected already has an ID, most likely the one that was offered for it.
    start = _FIRST_ID + len(clients_of(facts))
    first, second, *_ = (number for number in range(start, start + len(taken) + 2) if number not in taken)
    return first, second
