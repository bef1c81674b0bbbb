"""The process on which a fix acts."""

from agent.core.evidence.processes import awaited, chosen, owner_at
from agent.core.facts import Facts, Process
from agent.core.session_facts import Phase


def target_process(facts: Facts) -> Process | None:
    """The process on which a fix acts: the one that serves the connection, else the one expected on its fixed port.

    None where it is another user's: that user decides what is done with it.
    """
    session, connection = facts.session, facts.connection
    process = awaited(facts)
    if connection.local and session.phase is Phase.CONNECTED and session.port is not None:
        process = owner_at(facts.machine, session.port) or chosen(facts)
    return None if process is None or process.foreign else process
