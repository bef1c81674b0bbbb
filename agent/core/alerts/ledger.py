"""Since when each problem has been there, and whether anyone should know yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from agent.core.alerts.diagnosis import Diagnosis, Found
from agent.core.alerts.ending import Ending, ending_of
from agent.core.clock import Moment
from agent.core.facts import Facts, Purpose
from agent.core.problem import Present, Problem, Severity
from agent.core.session_facts import Phase


@dataclass(frozen=True, slots=True)
class Entry:
    """One problem of one connection, over time."""

    problem: Problem
    present: Present
    since: Moment
    """When it began or was first seen; kept while evidence changes, and while it hides behind a cause."""
    visible_at: float
    """Monotonic time from which on it is shown."""
    visible: bool = False
    hidden: bool = False
    behind: bool = False
    """It was announced, and hides behind its cause, or seemed to give way to other trouble: its notice went."""
    announced: bool = False
    announced_at: float | None = None
    """Monotonic time of the latest announcement."""
    announced_wall: float = 0.0
    """Epoch seconds of the same: the monotonic clock may have stood still since `since`."""
    giving_way: bool = False
    """It is not there any more, and another problem may be about to take its place."""
    unshown: bool = False
    """It was announced, and no service could show the notice."""
    tried_at: float | None = None
    """Monotonic time at which it was last tried once more, where no service could show it."""
    repeats: int = 0
    taken_back: bool = False
    """See `memory.Told.taken_back`."""
    back_since: float | None = None
    """Monotonic time since which it is shown again, where it was `behind`."""
    recalled: bool = False
    """It was shown before the agent began, and has not been judged since."""
    began: bool = False
    """It began at `since`: the check tells so, or an earlier diagnosis did not find it. False: first seen then."""

    @property
    def key(self) -> str:
        """See `Found.key`."""
        return Found(self.problem, self.present).key

    @property
    def shown(self) -> bool:
        """Whether people see it."""
        return self.visible and not self.hidden


@dataclass(frozen=True, slots=True)
class Appeared:
    """A problem became visible."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Changed:
    """What was seen of a visible problem changed."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Hidden:
    """A visible problem turned out to be the consequence of another."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Cleared:
    """A problem is over; `entry` is as it last was."""

    entry: Entry
    ending: Ending | None = None
    """What is true now; None: nothing is known that would say it."""
    gave_way: bool = False
    """Another problem of the connection came up in its place."""


Change: TypeAlias = Appeared | Changed | Hidden | Cleared


@dataclass(frozen=True, slots=True)
class Ledger:
    """The problems of one connection, by key, in the order of the diagnosis."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    undecided: frozenset[str] | None = None
    """Codes that the latest diagnosis could not decide; None before the first one."""

    @property
    def next_due(self) -> float | None:
        """Monotonic time at which the next entry becomes visible; None when none is waiting."""
        waiting = [e.visible_at for e in self.entries.values() if not e.visible and not e.hidden]
        return min(waiting, default=None)


def update(
    ledger: Ledger, diagnosis: Diagnosis, facts: Facts, *, hold_until: float | None = None
) -> tuple[Ledger, tuple[Change, ...]]:
    """Enter one diagnosis.

    A problem that cannot be decided stays as it was: not having looked is no cure. A problem that only a session can
    tell is set aside while no session answers. Nothing becomes visible before `hold_until` (monotonic), the grace
    after sleep. What was shown before the agent began stands until it is seen to be over, or until what took its place
    is shown.
    """
    now = facts.now
    diagnosis = _without_what_is_past(diagnosis, facts)
    entries: dict[str, Entry] = {}
    changes: list[Change] = []
    for found, hidden in [(f, False) for f in diagnosis.found] + [(f, True) for f in diagnosis.hidden]:
        old = ledger.entries.get(found.key)
        entry = _enter(old, found, facts, hidden, ledger.undecided)
        if not entry.visible and not hidden and now.monotonic >= max(entry.visible_at, hold_until or 0.0):
            entry = replace(entry, visible=True)
        entries[found.key] = entry
        changes.extend(_compare(old, entry))
    came_up, coming = _other_trouble(entries, ledger)
    undecided = {problem.code for problem, _ in diagnosis.undecided}
    grave = [e for e in entries.values() if (e.present.severity or e.problem.severity) is not Severity.INFO]
    shown, coming = any(e.shown for e in grave), any(not e.visible and not e.hidden for e in grave)
    for key, old in ledger.entries.items():
        if key in entries:
            continue
        if old.recalled and not shown and (coming or _still_unknown(old, facts)):
            entries[key] = old
        elif old.problem.needs_session and facts.session.phase is not Phase.CONNECTED:
            entries[key] = replace(old, hidden=True, recalled=False)
            changes.extend(_compare(old, entries[key]))
        elif old.problem.code in undecided:
            entries[key] = old
        elif old.recalled and shown:
            changes.append(Hidden(old))
        else:
            if (coming or (old.giving_way and _awaited(entries))) and not came_up and old.visible:
                # Whether this is an end, or another problem begins in its place, is known once the other one has come
                # or is gone.
                entries[key] = replace(old, hidden=True, giving_way=True, behind=old.announced)
                changes.extend(_compare(old, entries[key]))
            else:
                changes.append(Cleared(old, ending_of(old.problem, old.present.instance, facts), came_up))
    return Ledger(entries, frozenset(undecided)), tuple(changes)


def _still_unknown(old: Entry, facts: Facts) -> bool:
    """Whether an agent that has just begun cannot know yet that this is over."""
    session = facts.session
    if old.problem.needs_session and session.phase is not Phase.CONNECTED:
        return True
    unseen = facts.connection.local and not facts.machine.taken
    untried = session.phase is Phase.CONNECTING and session.attempt is None
    if (unseen or untried) and not old.problem.of_program:
        return True
    by_history = old.problem.fades or old.problem.by_history
    return by_history and facts.now.monotonic - old.visible_at < facts.timing.notice_lasting


def _without_what_is_past(diagnosis: Diagnosis, facts: Facts) -> Diagnosis:
    """Hide what a session told before it stopped answering: it is no news of now."""
    if not facts.session.frozen:
        return diagnosis
    past = tuple(f for f in diagnosis.found if f.problem.needs_session and not f.problem.outlasts_answers)
    if not past:
        return diagnosis
    found = tuple(f for f in diagnosis.found if f not in past)
    return replace(diagnosis, found=found, hidden=(*diagnosis.hidden, *past))


def _other_trouble(entries: Mapping[str, Entry], before: Ledger) -> tuple[bool, bool]:
    """Whether trouble became visible just now, and whether new trouble is about to."""
    trouble = [(key, e) for key, e in entries.items() if _is_trouble(e) and not e.hidden]
    seen = {key for key, e in before.entries.items() if e.visible}
    came_up = any(e.visible and key not in seen for key, e in trouble)
    return came_up, any(not e.visible and key not in before.entries for key, e in trouble)


def _awaited(entries: Mapping[str, Entry]) -> bool:
    return any(_is_trouble(e) and not e.visible and not e.hidden for e in entries.values())


def _is_trouble(entry: Entry) -> bool:
    """Whether an entry is trouble, and not only information, such as that an application is starting."""
    return entry.problem.expected or (entry.present.severity or entry.problem.severity) is not Severity.INFO


def _enter(
    old: Entry | None, found: Found, facts: Facts, hidden: bool, undecided_before: frozenset[str] | None
) -> Entry:
    if old is not None:
        entry = replace(old, problem=found.problem, present=found.present, hidden=hidden)
        back = facts.now.monotonic if old.behind and not hidden else None if hidden else old.back_since
        return replace(entry, behind=hidden and old.announced, back_since=back, giving_way=False, recalled=False)
    grace = 0.0 if facts.purpose is Purpose.DOCTOR else found.problem.visible_after(facts)
    began = found.present.since
    return Entry(
        problem=found.problem,
        present=found.present,
        since=facts.now if began is None else Moment(began, facts.now.wall_of(began)),
        began=began is not None or (undecided_before is not None and found.problem.code not in undecided_before),
        visible_at=facts.now.monotonic + grace,
        hidden=hidden,
    )


def _compare(old: Entry | None, new: Entry) -> tuple[Change, ...]:
    before = old is not None and old.shown
    if new.shown and not before:
        return (Appeared(new),)
    if before and not new.shown:
        return (Hidden(new),)
    if new.shown and old is not None and old.present.args != new.present.args:
        return (Changed(new),)
    return ()
