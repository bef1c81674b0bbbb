"""Which change deserves which announcement, or the reason for silence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from agent.core.alerts.ledger import Entry
from agent.core.clock import Moment
from agent.core.guide import fill
from agent.core.problem import Severity
from agent.core.settings import NotificationSettings


class Reason(StrEnum):
    """Why something is not said."""

    NOT_SHOWN = "not visible"
    NOT_JUDGED = "not judged since the start"
    ALREADY_SAID = "already said"
    BELOW_SEVERITY = "less grave than notices are wanted for"
    SNOOZED = "snoozed"
    PAUSED = "paused"
    QUIET_HOURS = "quiet hours"
    NOT_LONG_ENOUGH = "it may still be seen on this computer"
    SEEN = "the user has seen it on this computer"
    UNSTABLE = "covered by the notice that the connection keeps breaking"


@dataclass(frozen=True, slots=True)
class Say:
    """Say it."""

    again: bool
    """It is a repeat of something said before."""
    once_more: bool = False
    """It was said, and no service could show it, or its notice went: for an update, or with a cause that is over."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing."""

    reason: Reason


Decision: TypeAlias = Say | Silence

UNSHOWN_AGAIN = 30.0
"""Seconds after which a notice that no service could show is tried again: a desktop may have come up."""
BACK_AFTER, BACK_APART = 60.0, 600.0
"""Seconds for which a problem is shown again, after its cause was over, until it is said once more: most are over with
it. Seconds between two notices of one that hides and comes back again and again."""
REPEAT_GROWTH = 2.0
"""Each repeat waits this much longer than the one before."""


@dataclass(frozen=True, slots=True)
class QuietRules:
    """What keeps the agent quiet at this moment, for one connection."""

    settings: NotificationSettings
    local_minute: int
    """Minutes after local midnight."""
    paused: bool = False
    snoozed: frozenset[str] = frozenset()
    """Problem codes."""
    unstable_covers: float = 0.0
    """Seconds for which a shown connection-unstable covers what a single loss brings about; 0: it is not shown."""


def decide(entry: Entry, rules: QuietRules, now: Moment) -> Decision:
    """Whether to say now that a problem is there."""
    if not entry.shown:
        return Silence(Reason.NOT_SHOWN)
    if entry.recalled:
        return Silence(Reason.NOT_JUDGED)
    repeats = not entry.unshown and _repeat_due(entry, rules.settings, now)
    once_more = not repeats and (_retry_due(entry, now) or (entry.taken_back and not entry.unshown))
    if entry.announced and not (repeats or once_more):
        return Silence(Reason.ALREADY_SAID)
    silence = keep_quiet(entry, rules, now)
    return Silence(silence) if silence is not None else Say(entry.announced and repeats, once_more=once_more)


def keep_quiet(entry: Entry, rules: QuietRules, now: Moment) -> Reason | None:
    """The reason to be silent about a problem, whatever it does; None when there is none."""
    severity = severity_of(entry)
    if entry.problem.never_silenced:
        return None
    if entry.problem.code in rules.snoozed:
        return Reason.SNOOZED
    reason = hushed(severity, rules)
    if reason is not None:
        return reason
    young = now.monotonic - entry.since.monotonic < rules.unstable_covers
    if young and entry.problem.code != "connection-unstable" and not entry.problem.needs_session:
        # connection-unstable replaces the notices of single losses. What a session tells (TWS has lost IB's servers,
        # say) is other news, and so is a cause that stays.
        return Reason.UNSTABLE
    return None


def hushed(severity: Severity, rules: QuietRules) -> Reason | None:
    """The reason to be silent about anything of this severity now; None when there is none."""
    if severity.rank < Severity(rules.settings.minimum_severity.value).rank:
        return Reason.BELOW_SEVERITY
    if rules.paused:
        return Reason.PAUSED
    if any(hours.covers(rules.local_minute) for hours in rules.settings.quiet_hours):
        return Reason.QUIET_HOURS
    return None


def retry_at(entry: Entry) -> float | None:
    """Monotonic time from which on a notice is said once more that no service could show, or that went with a cause
    that is over; None: there is none."""
    said = entry.announced_at if entry.tried_at is None else entry.tried_at
    if said is None or not (entry.unshown or entry.back_since is not None):
        return None
    return said + UNSHOWN_AGAIN if entry.back_since is None else max(entry.back_since + BACK_AFTER, said + BACK_APART)


def _retry_due(entry: Entry, now: Moment) -> bool:
    due = retry_at(entry)
    return due is not None and now.monotonic >= due


def _repeat_due(entry: Entry, settings: NotificationSettings, now: Moment) -> bool:
    if settings.repeat_after is None or entry.announced_at is None or severity_of(entry) is Severity.INFO:
        return False
    return now.monotonic - entry.announced_at >= settings.repeat_after * REPEAT_GROWTH**entry.repeats


def severity_of(entry: Entry) -> Severity:
    """The severity that counts: the verdict's own, else the declared one."""
    return entry.present.severity or entry.problem.severity


def title_of(entry: Entry) -> str:
    """The title, filled in."""
    return fill(entry.problem.title, entry.present.args)


def text_of(entry: Entry) -> str:
    """The text, filled in."""
    return fill(entry.problem.text, entry.present.args)
