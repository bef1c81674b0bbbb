"""Watch the kind of application that runs, not the one that does not run, in Gatelight's configuration."""

from agent.core.evidence.processes import applications, candidates_of, fits, listener_at, owner_at
from agent.core.facts import Facts, Process
from agent.core.fix import Fix, Offer
from agent.core.session_facts import Phase
from agent.core.settings import WantedApplication
from agent.fixes.shared import own_config
from agent.fixes.shared.own_config import Edit
from agent.fixes.use_port import other_mode


def _offer(facts: Facts) -> Offer | None:
    connection = facts.connection
    if not own_config.changeable(facts) or not connection.local or connection.application is WantedApplication.ANY:
        return None
    process = _other(facts)
    if process is None:
        return None
    edits = [Edit("application", connection.application.value, process.kind.value)]
    if _port_is_left(facts, process):
        edits.append(Edit("port", str(connection.port), str(process.api_ports[0])))
    return own_config.offer(
        facts,
        USE_APPLICATION.id,
        f"Use {process.kind.title}",
        f"Use {process.kind.title} for “{connection.name}”?",
        tuple(edits),
        other_mode(facts, process),
    )


def _other(facts: Facts) -> Process | None:
    """The application of another kind that serves this connection, else one that runs and fits no other connection."""
    connection, session = facts.connection, facts.session
    if session.phase is Phase.CONNECTED:
        owner = None if session.port is None else owner_at(facts.machine, session.port)
        return owner if owner is not None and not fits(connection, owner) else None
    if candidates_of(facts):
        return None
    for process in applications(facts.machine):
        elsewhere = any(other.local and fits(other, process) for other in facts.other_connections)
        if not fits(connection, process) and not elsewhere:
            return process
    return None


def _port_is_left(facts: Facts, process: Process) -> bool:
    """Whether the configured port is free and the application listens on another one."""
    port = facts.connection.port
    if port == "auto" or not process.api_ports or port in process.api_ports:
        return False
    return listener_at(facts.machine, port) is None


USE_APPLICATION = Fix("use-application", _offer, own_config.do)
