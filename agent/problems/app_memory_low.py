"""The application has nearly filled the memory its command line allows it, or will within hours."""

import math

from agent.core.evidence.processes import chosen
from agent.core.evidence.words import size
from agent.core.facts import Facts, Unknown
from agent.core.problem import Absent, GoodNews, Present, Problem, Severity, Undecided, Verdict
from agent.problems.shared.ends import when

NEARLY_FULL = 0.95
"""Share of the -Xmx limit that resident memory has reached when we warn.

A judgement. Resident memory counts the heap and, on top of it, a few hundred MiB of the Java machine's own, so the heap
has some room left at this point; TWS grows slow well before it is full, and a restart takes planning.
"""
HORIZON = 3 * 3600.0
"""Seconds ahead that growth is carried forward: time enough to restart at a quiet moment (a judgement)."""
_STEP = 0.05
"""Share of the limit by which the memory that is told grows."""
WORTH_WATCHING = 0.6
"""Growth is carried forward only above this share of the limit: below it, filling up is what a heap does."""


def _check(facts: Facts) -> Verdict:
    if facts.connection.local and isinstance(facts.machine.processes, Unknown):
        return Undecided(facts.machine.processes.reason)
    process = chosen(facts)
    if process is None:
        return Absent()
    memory, limit = process.memory, process.application.heap_limit
    if memory is None:
        return Undecided(f"the system does not tell how much memory {process.label} holds")
    if not limit:
        return Undecided(f"the command line of {process.label} does not tell its memory limit (-Xmx)")
    most = max(memory, process.memory_peak or 0)
    left = limit * NEARLY_FULL - most
    evidence = [f"{process.label} holds {size(memory)}; its limit (-Xmx) is {size(limit)}: {memory / limit:.0%}"]
    growth = process.memory_growth
    if growth is not None and growth > 0:
        evidence.append(f"it has been growing by {size(growth * 3600)} per hour")
    if left <= 0:
        outlook = "nearly all it may have"
    elif growth is not None and growth > 0 and most >= limit * WORTH_WATCHING and left / growth <= HORIZON:
        within = f"within {math.ceil(left / growth / 3600)} h"
        outlook = f"and at this pace it is full {within}"
        evidence.append(f"at this pace it reaches the limit {within}")
    else:
        return Absent()
    # In steps: what ticks would be told as a change at every look.
    held = f"more than {size(math.floor(most / limit / _STEP) * _STEP * limit)}"
    args = {"app": process.kind.title, "memory": held, "limit": size(limit), "outlook": outlook}
    return Present(args, tuple(evidence))


def _has_room(facts: Facts) -> bool:
    process = chosen(facts)
    if process is None or process.memory is None or not process.application.heap_limit:
        return False
    return max(process.memory, process.memory_peak or 0) < process.application.heap_limit * NEARLY_FULL


APP_MEMORY_LOW = Problem(
    code="app-memory-low",
    title="{app} is running out of memory",
    text=(
        "{app} holds {memory} of memory, {outlook}; its limit is {limit}. "
        "When the limit is reached, it becomes slow and stops answering API programs."
    ),
    severity=Severity.WARNING,
    check=_check,
    over=(GoodNews("{app} is below its memory limit again", "It was short of memory for {lasted}.", when(_has_room)),),
)
