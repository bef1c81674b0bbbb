"""Which process a fix is about."""

from agent.core.evidence.processes import awaited, chosen, owner_at
from agent.core.facts import Facts, Process
from agent.core.session_facts import Phase


def target_process(facts: Facts) -> Process | None:
    """The application of this connection: the one that serves it, else the one that is missed on a fixed port.

    None where it is another user's: that one decides what is done with it.
    """
    session, connection = facts.session, facts.connection
    process = awaited(facts)
    if connection.local and session.phase is Phase.CONNECTED and session.port is not None:
        process = owner_at(facts.machine, session.port) or chosen(facts)
    return None if process is None or process.foreign else process
