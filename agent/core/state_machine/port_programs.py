"""Follows the programs on the API port of one connection, look by look: who was cut off, and who does not come back.

A program is cut off where it goes together with the API port, or with our own session. One that leaves while the port
stands has left by itself, and is missed only at hours at which it is usually connected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent.core.evidence.processes import port_of
from agent.core.evidence.programs import ProgramKey, programs_on, same_server, server_of
from agent.core.facts import ApiClient, Facts, Known
from agent.core.memory import PortKept, ProgramId, ProgramKept
from agent.core.session_facts import Phase, ServerLink
from agent.core.state_machine.timetable import (
    QUARTER,
    counted,
    expected,
    never_then,
    quarter_of,
    surely_expected,
    usually,
)

MOST_PROGRAMS = 24
"""Programs that are remembered of one port; of more, those that were connected least are forgotten."""
_TOGETHER = 60.0
"""Seconds within which programs and port go together: an application that ends closes one after the other."""
_STEADY = 5.0
"""Seconds by which both clocks may differ from look to look; more is a sleep, or a clock that was set."""
_MOST_BETWEEN = 12
"""Quarters between two looks at most that count."""
_LEFT = 900.0
"""Seconds that a program which left by itself must be away: it may be starting anew."""
_LONG_AGO = 6 * 3600.0
"""Seconds after which it makes no difference any more that a program left by itself: another day of it has begun."""
_SHORT = 1800.0
"""Seconds; within a restart of this length hardly a working day ends."""
_SLOWER = 1.5
"""A program is missed this many times later than it has needed to come back."""
_SLOWEST = 3600.0
"""Seconds; a program that came back after a day was not slow, it was started."""

_Seen = Mapping[ProgramKey, tuple[ProgramId, ApiClient]]
Left = tuple[tuple[ProgramKey, float], ...]
"""Programs by key, with the epoch seconds at which they left."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted from look to look, and not kept over a restart of the agent."""

    taken: float | None = None
    """Monotonic time of the latest look that counted; None: there was none."""
    wall: float = 0.0
    """Epoch seconds of it."""
    session: float | None = None
    """Monotonic time at which the session began that stood then; None: there was none."""
    quarter: int = 0
    whole: bool = False
    """The quarter was seen from its begin until then, with the port served."""
    there: frozenset[ProgramKey] = frozenset()
    """The programs that were connected throughout it so far."""
    here: frozenset[ProgramKey] = frozenset()
    """The programs that were connected at the latest look."""
    left: Left = ()
    """Programs that left while the port stood."""


def follow_programs(kept: PortKept, tally: Tally, facts: Facts) -> tuple[PortKept, Tally]:
    """What is kept of a port after one more look at it; the same where there was none."""
    session, sockets = facts.session, facts.machine.sockets
    if not facts.connection.local or not session.wanted:
        return kept, Tally()
    up = session.phase is Phase.CONNECTED
    began = session.since if up else None
    if tally.taken == facts.machine.taken and tally.session == began:
        return kept, tally
    if not isinstance(sockets, Known) or not facts.machine.taken or (tally.taken is None and not up):
        # Before the first session nothing is known of what became of those that were there.
        return kept, replace(tally, whole=False)
    if began is not None and facts.machine.taken < began:
        # The look is older than the session: it shows the port before.
        return kept, tally
    seen, port = programs_on(facts), session.port if session.port is not None else port_of(facts)
    server = server_of(facts, port) if up else kept.server
    restarted = tally.taken is None and not same_server(kept.server, server)
    cut = restarted or (tally.taken is not None and (tally.session != began or not up))
    kept, left = _moved(kept, tally, seen, facts, cut=cut)
    kept = replace(_with_new(kept, seen, facts), port=port if up else kept.port, server=server)
    kept, tally = _counted(kept, tally, seen, facts, whole=up and not cut)
    tally = replace(tally, taken=facts.machine.taken, wall=facts.now.wall, session=began, left=left)
    return _judged(kept, seen, facts, dict(left)), tally


def _moved(kept: PortKept, tally: Tally, seen: _Seen, facts: Facts, *, cut: bool) -> tuple[PortKept, Left]:
    """Enter who came back, who was cut off and who left by itself."""
    wall = facts.now.wall
    left = {key: at for key, at in tally.left if key not in seen and wall - at < _LONG_AGO}
    programs = []
    for program in kept.programs:
        key, found = program.id.key, seen.get(program.id.key)
        if found is not None:
            if program.lost_at is not None and facts.session.phase is Phase.CONNECTED:
                took = min(max(0.0, wall - facts.now.wall_of(facts.session.since)), _SLOWEST)
                program = replace(program, slowest=max(took, program.slowest / 2))
            program = replace(program, there=True, pid=found[1].pid, lost_at=None, missing_since=None)
        elif cut and (program.there or wall - left.get(key, float("-inf")) <= _TOGETHER):
            left.pop(key, None)
            program = replace(program, there=False, lost_at=wall, lost_port=kept.port)
        elif program.there:
            left[key] = wall
            program = replace(program, there=False)
        programs.append(program)
    return _with(kept, tuple(programs)), tuple(left.items())


def _with_new(kept: PortKept, seen: _Seen, facts: Facts) -> PortKept:
    """Remember programs that have held a connection for a while."""
    known = {p.id.key for p in kept.programs}
    now = quarter_of(facts.now.wall, facts.machine.zone)
    new = tuple(
        ProgramKept(who, now, there=True, pid=client.pid)
        for key, (who, client) in seen.items()
        if key not in known and facts.now.wall - client.since >= facts.timing.program_lasting
    )
    if not new:
        return kept
    programs = (*kept.programs, *new)
    if len(programs) > MOST_PROGRAMS:
        rank = {p.id.key: (p.ignored, p.there or p.lost_at is not None, len(p.days), p.first) for p in programs}
        most = sorted(programs, key=lambda p: rank[p.id.key], reverse=True)[:MOST_PROGRAMS]
        programs = tuple(p for p in programs if p in most)
    return replace(kept, programs=programs)


def _counted(kept: PortKept, tally: Tally, seen: _Seen, facts: Facts, *, whole: bool) -> tuple[PortKept, Tally]:
    """Count the quarters of an hour that were seen throughout: one session stood, and the machine did not sleep."""
    wall, zone = facts.now.wall, facts.machine.zone
    quarter = quarter_of(wall, zone)
    on = False
    if whole and tally.taken is not None:
        on = abs((wall - tally.wall) - (facts.machine.taken - tally.taken)) <= _STEADY
    there = frozenset(seen)
    if quarter == tally.quarter:
        return kept, replace(tally, whole=tally.whole and on, there=tally.there & there, here=there)
    # Of a longer time between two looks, what was so at both is taken to have been so.
    both = tally.here & there
    for one in range(max(tally.quarter, quarter - _MOST_BETWEEN), quarter) if on else ():
        if one > tally.quarter or tally.whole:
            kept = counted(kept, one, tuple(tally.there & there if one == tally.quarter else both))
    soon = zone.shown(wall) - quarter * QUARTER < _TOGETHER
    begun = there if soon else both
    return kept, replace(tally, quarter=quarter, whole=on or (whole and soon), there=begun, here=there)


def _judged(kept: PortKept, seen: _Seen, facts: Facts, left: Mapping[ProgramKey, float]) -> PortKept:
    """Decide who is missed: not before programs had time to come back to a port that serves them."""
    session, wall = facts.session, facts.now.wall
    if session.phase is not Phase.CONNECTED or session.frozen or session.server_link is ServerLink.DOWN:
        return kept
    since = session.since
    if session.server_link is ServerLink.UP and session.link_since is not None:
        since = max(since, session.link_since)
    served = wall - facts.now.wall_of(since)
    quarter = quarter_of(wall, facts.machine.zone)
    programs = tuple(
        p if p.there or p.id.key in seen else _missed(kept, p, quarter, facts, served, left.get(p.id.key))
        for p in kept.programs
    )
    return _with(kept, programs)


def _missed(
    kept: PortKept, program: ProgramKept, quarter: int, facts: Facts, served: float, left: float | None
) -> ProgramKept:
    """One that is not connected. `served`: seconds for which the port has served; `left`: when it left by itself."""
    if program.ignored:
        return replace(program, lost_at=None, missing_since=None)
    if served < max(facts.timing.program_return, _SLOWER * program.slowest):
        return program
    missing = facts.now.wall if program.missing_since is None else program.missing_since
    if program.lost_at is not None:
        due = expected(kept, program, quarter)
        if due is False:
            # Its working day is over.
            return replace(program, lost_at=None, missing_since=None)
        away = facts.now.wall - served - program.lost_at
        unsure = due is None and program.missing_since is None
        if unsure and (away > _SHORT or never_then(kept, program, quarter)):
            # Of a program whose hours are not known, an outage may have seen the end.
            return program
        return replace(program, missing_since=missing)
    if program.missing_since is not None:
        over = usually(kept, program, quarter) is False
        return replace(program, missing_since=None) if over else program
    if left is not None and facts.now.wall - left < _LEFT:
        return program
    # One that left by itself was probably ended by its user.
    sure = surely_expected(kept, program, quarter, always=left is not None)
    return replace(program, missing_since=missing) if sure else program


def _with(kept: PortKept, programs: tuple[ProgramKept, ...]) -> PortKept:
    return kept if programs == kept.programs else replace(kept, programs=programs)


def with_ignored(kept: PortKept, label: str, *, ignored: bool) -> PortKept:
    """The port with the programs of this name (`ProgramId.label`) not watched, or watched again."""
    changed = {"ignored": ignored, **({"lost_at": None, "missing_since": None} if ignored else {})}
    programs = (replace(p, **changed) if p.id.label == label else p for p in kept.programs)  # type: ignore[arg-type]
    return _with(kept, tuple(programs))


def without_moved(kept: PortKept, port: int | None) -> PortKept:
    """The port without those that were cut off because it moved: the user has seen that."""
    programs = tuple(
        replace(p, lost_at=None, missing_since=None) if p.lost_at is not None and p.lost_port != port else p
        for p in kept.programs
    )
    return _with(kept, programs)
