"""The end that is set: when the application logs off or restarts, who says so, and whether it has just done that."""

from dataclasses import dataclass

from agent.core.evidence.api_settings import as_told
from agent.core.evidence.processes import chosen
from agent.core.facts import Facts, Known, SettingsHints
from agent.tws.api_settings import LockAndExit
from agent.tws.time_zone import TimeZone

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RESTART = "restart"
_DAY = 86_400
_EARLY, _LATE = 60.0, 300.0
"""Seconds around the set time within which an end is that log-off: clocks differ, and a tidy end takes its time."""


@dataclass(frozen=True, slots=True)
class SetEnd:
    """One time at which the application ends."""

    minutes: int | None
    """After local midnight; None: not told in a known form."""
    weekday: int | None
    """Monday 0; None: every day."""
    what: str
    """What happens then: "log off", "be closed by IBC" or "restart"."""
    source: str
    """Who says so, for the evidence; before the time."""
    as_of: str = ""
    """When it was told, for the evidence; behind the time."""

    @property
    def when(self) -> str:
        """Like "every day at 23:45"."""
        day = "every day" if self.weekday is None else f"every {_DAYS[self.weekday]}"
        return day if self.minutes is None else f"{day} at {self.minutes // 60:02}:{self.minutes % 60:02}"

    @property
    def line(self) -> str:
        """For the evidence."""
        return f"{self.source} {self.when}{f', {self.as_of}' if self.as_of else ''}"


def log_offs(facts: Facts, lock_and_exit: LockAndExit | None) -> tuple[SetEnd, ...]:
    """The log-offs that are set; `lock_and_exit` as the application told it, None where it did not.

    What the application tells counts more than its files; that IBC closes it is told by IBC's file alone.
    """
    found = []
    hints = _hints(facts)
    if lock_and_exit is not None and lock_and_exit.restarts is not None:
        if not lock_and_exit.restarts:
            source = "Lock and Exit is set to “Auto logoff”"
            found.append(SetEnd(lock_and_exit.minutes_after_midnight, None, "log off", source, as_told(facts)))
    elif hints is not None and hints.auto_restart_time is None and hints.auto_logoff_time is not None:
        found.append(SetEnd(hints.auto_logoff_time, None, "log off", f"{hints.source}: it logs off"))
    if hints is not None and hints.closes_at is not None:
        found.append(SetEnd(hints.closes_at, hints.closes_on, "be closed by IBC", f"{hints.source}: IBC closes it"))
    return tuple(found)


def _restart(facts: Facts, lock_and_exit: LockAndExit | None) -> tuple[SetEnd, ...]:
    """The daily restart, after which the application should come back by itself."""
    hints = _hints(facts)
    if lock_and_exit is not None and lock_and_exit.restarts is not None:
        if not lock_and_exit.restarts:
            return ()
        source = "Lock and Exit is set to “Auto restart”"
        return (SetEnd(lock_and_exit.minutes_after_midnight, None, RESTART, source, as_told(facts)),)
    if hints is None or hints.auto_restart_time is None:
        return ()
    return (SetEnd(hints.auto_restart_time, None, RESTART, f"{hints.source}: it restarts"),)


def ended_by(facts: Facts, lock_and_exit: LockAndExit | None) -> SetEnd | None:
    """The log-off or restart that explains why the application is gone; None when none does."""
    if facts.sight.gone_since is None:
        return None
    gone = facts.now.wall_of(facts.sight.gone_since)
    ends = (*log_offs(facts, lock_and_exit), *_restart(facts, lock_and_exit))
    return next((x for x in ends if _explains(x, gone, facts.machine.zone)), None)


def _explains(log_off: SetEnd, gone: float, zone: TimeZone) -> bool:
    """Whether an end (epoch seconds) is that log-off's."""
    if log_off.minutes is None:
        return False
    # The latest minute at which it could have been due; the day is that of the set time, not of the end.
    latest = zone.local(gone + _EARLY)
    late = (latest.hour * 3600 + latest.minute * 60 + latest.second - log_off.minutes * 60) % _DAY
    due = zone.local(gone + _EARLY - late)
    return late <= _EARLY + _LATE and log_off.weekday in (None, due.weekday())


def _hints(facts: Facts) -> SettingsHints | None:
    process = chosen(facts)
    return process.hints.value if process is not None and isinstance(process.hints, Known) else facts.sight.hints
