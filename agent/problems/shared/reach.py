"""How far a connection gets before it meets an obstacle: one decision, so that no two problems claim the same fault.

`how_far` follows the order in which a person would look: is the application there, has it logged in, does it listen,
on the configured port, and what does it answer. Each obstacle belongs to exactly one problem. Where to look differs by
place: `this_machine`, `another_machine`, and `connected` once a session stands.
"""

from agent.core.facts import Facts
from agent.core.problem import Absent, Undecided
from agent.core.session_facts import Phase
from agent.problems.shared.another_machine import on_another_machine
from agent.problems.shared.connected import connected_to
from agent.problems.shared.obstacles import NotTried, Reach, Restarting, Unseen
from agent.problems.shared.this_machine import on_this_machine


def how_far(facts: Facts) -> Reach:
    """The first obstacle on the way of this connection."""
    if facts.session.phase is Phase.CONNECTED:
        return connected_to(facts)
    return on_this_machine(facts) if facts.connection.local else on_another_machine(facts)


def otherwise(reach: Reach, about: str = "the application") -> Absent | Undecided:
    """The verdict of a problem whose obstacle `reach` is not."""
    match reach:
        case Unseen(why=why):
            return Undecided(f"{about} cannot be judged: {why}")
        case Restarting(process=process):
            return Undecided(f"{process.label} is about to restart, as it does every day at this time")
        case _:
            return Absent()


def not_tried(reach: Reach, obstacle: type) -> Absent | Undecided:
    """The same for a problem that only an attempt to connect can tell."""
    if isinstance(reach, NotTried):
        return Undecided("no attempt to connect has ended yet") if obstacle in reach.may_be else Absent()
    return otherwise(reach, "the API port")
