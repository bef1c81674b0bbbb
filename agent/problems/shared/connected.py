"""What a standing session still leaves to object to: it may lead to the wrong application."""

from agent.core.evidence.processes import chosen, fits, owner_at
from agent.core.facts import Facts, Known
from agent.problems.shared.obstacles import ListensElsewhere, NoObstacle, OtherKindRuns, Reach


def connected_to(facts: Facts) -> Reach:
    """A session stands: what is left to object to is that it leads to the other application.

    With both running, the one that is meant listens on another port than the one that is used.
    """
    processes = facts.machine.processes
    if facts.connection.local and isinstance(processes, Known) and facts.session.port is not None:
        owner = owner_at(facts.machine, facts.session.port)
        if owner is not None and not fits(facts.connection, owner) and not facts.connection.implicit:
            meant = chosen(facts)
            if meant is None or not meant.api_ports:
                return OtherKindRuns(owner)
            if facts.session.port not in meant.api_ports and facts.connection.port != "auto":
                return ListensElsewhere(meant)
    return NoObstacle()
