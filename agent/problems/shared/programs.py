"""Programs that are not back on the API port, in words: by name, and whether their processes still run."""

from agent.core.evidence.words import appointment
from agent.core.facts import Facts, Missing


def cut_off_by_move(facts: Facts) -> tuple[Missing, ...]:
    """The programs that were cut off because the API port moved, as long as the user has not seen that it did."""
    if not any(change.what == "port" for change in facts.changes):
        return ()
    return tuple(m for m in facts.missing if m.port_before is not None)


def last_seen(facts: Facts, missing: Missing) -> str:
    """For the evidence: until when a program was connected, or that it usually is, and what became of its process."""
    who = missing.label if missing.pid is None else f"{missing.label}, pid {missing.pid},"
    if missing.lost_at is None:
        told = f"{missing.label} is usually connected at this hour"
    else:
        port = "" if missing.port_before is None else f" to port {missing.port_before}"
        told = f"{who} was connected{port} until {_second(facts, missing.lost_at)}"
    if missing.runs is None:
        return f"{told}; whether its process still runs is not known"
    return f"{told}; its process {'still runs' if missing.runs else 'has ended'}"


def _second(facts: Facts, wall: float) -> str:
    """A time for the evidence, like "23:45:02", with its day where that is not today."""
    return f"{appointment(facts, wall)}{facts.machine.zone.local(wall).strftime(':%S')}"
