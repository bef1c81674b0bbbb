"""When the weekly summary is due: once a week, at a fixed hour of the user's clock, or as soon after it as possible."""

from dataclasses import dataclass
from datetime import date

from agent.tws.coming import LocalTime, day_after

MONDAY, HOUR = 0, 9
"""On Monday morning, of the week that ended at midnight."""
_AHEAD = 86_400.0
"""Seconds by which a summary may seem to be said in the future: of a clock that was set back further, nothing is
known."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """What to do about the summary."""

    said: float | None
    """What to remember, as `Memory.summary_said`."""
    due: date | None = None
    """The day at whose beginning the week that is due ended; None: none is due."""


def weekly(*, wanted: bool, said: float | None, now: float, today: date, local: LocalTime) -> Weekly:
    """Whether a summary is due. `said`: what was remembered, None at the first time; `now` in epoch seconds.

    The first one comes at the next hour for it: of the weeks before it was wanted, nothing is told.
    """
    if not wanted:
        return Weekly(None)
    if said is None or said > now + _AHEAD:
        return Weekly(now)
    day = day_after(today, -((today.weekday() - MONDAY) % 7))
    if local(day, HOUR * 60) > now:
        day = day_after(day, -7)
    return Weekly(said, day if said < local(day, HOUR * 60) else None)
