"""Looks that tell nothing new: of a connection that is well nothing follows from them, and it is not judged anew.

A few things have no time of their own and are decided by the clock with the next look, like a program that does not
come back. So a look is judged now and then, whatever it tells.
"""

from dataclasses import replace

from agent.core.facts import Fact, Known, MachineFacts, Processes
from agent.core.state_machine.state import Settled
from agent.core.state_machine.watched import Watched

JUDGED_EVERY = 40.0
"""Seconds: the first look of each such stretch of time is judged. Programs that go within a minute of each other are
taken to have gone together (`port_programs`), and looks are ten or twenty seconds apart as a rule."""


def decides_nothing(before: MachineFacts, machine: MachineFacts) -> bool:
    """Whether a look tells what the one before it told, and is not to be judged all the same."""
    return (
        not machine.thorough
        and before.taken // JUDGED_EVERY == machine.taken // JUDGED_EVERY
        and tells_nothing_new(before, machine)
    )


def tells_nothing_new(before: MachineFacts, machine: MachineFacts) -> bool:
    """Whether a look tells what the one before it told."""
    if before.taken == 0.0:
        return False
    processes = _lasting(before.processes)
    same = replace(before, processes=processes, taken=machine.taken, cost=machine.cost, thorough=False)
    return same == replace(machine, processes=_lasting(machine.processes))


def _lasting(processes: Fact[Processes]) -> Fact[Processes]:
    """The process table without what differs from look to look; whatever is made of that takes minutes."""
    if not isinstance(processes, Known):
        return processes
    applications = tuple(
        replace(one, memory=None, memory_peak=None, memory_growth=None, cpu=None)
        for one in processes.value.applications
    )
    return Known(replace(processes.value, applications=applications))


def is_undisturbed(watched: Watched, settled: Settled) -> bool:
    """Whether a connection stands, answers, and has no problem: then a look that tells nothing new decides nothing."""
    answers = settled.facts.session.heartbeat_unanswered == 0
    return watched.connected and watched.wanted and answers and not watched.ledger.entries
