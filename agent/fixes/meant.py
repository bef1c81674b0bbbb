"""Which process a fix is about."""

from agent.core.facts import Facts, Phase, Process
from agent.core.reading import candidates, chosen, owner_at


def meant(facts: Facts) -> Process | None:
    """The application of this connection: the one that serves it, else the one that is missed on a fixed port."""
    session, connection = facts.session, facts.connection
    if connection.local and session.phase is Phase.CONNECTED and session.port is not None:
        return owner_at(facts.machine, session.port) or chosen(facts)
    process = chosen(facts)
    if process is None or connection.port == "auto" or connection.port in process.api_ports:
        return process
    # With a live and a paper application, the one that listens already is not the one that is missed.
    found = candidates(connection, facts.machine, facts.other_connections)
    return next((p for p in found if not p.api_ports), process)
