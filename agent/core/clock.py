"""What time it is, as a value: decisions are handed a `Moment` and never ask a clock. Times and durations in words."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from agent.tws.time_zone import TimeZone


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of both clocks of this machine."""

    monotonic: float
    """Seconds of a clock that never jumps; stands still while the machine sleeps (Linux, macOS)."""
    wall: float
    """Seconds since 1970-01-01 UTC, as the system clock tells them."""
    sleeps: tuple[tuple[float, float], ...] = ()
    """(monotonic time of waking, seconds slept) of the sleeps before it in which the monotonic clock stood still."""

    def later(self, seconds: float) -> "Moment":
        """The moment `seconds` after this one, both clocks having run evenly."""
        return replace(self, monotonic=self.monotonic + seconds, wall=self.wall + seconds)

    def wall_of(self, monotonic: float) -> float:
        """Wall time (epoch seconds, to the millisecond) of an earlier or later monotonic reading.

        The two clocks are read one after the other: finer digits would differ from moment to moment.
        """
        slept = sum(seconds for woke, seconds in self.sleeps if monotonic < woke <= self.monotonic)
        return round(self.wall + (monotonic - self.monotonic) - slept, 3)


_MINUTE = 60.0


def lasting(seconds: float) -> str:
    """A duration, like "12 s", "5 min", "2 h 10 min" or "3 days 4 h"."""
    seconds = abs(seconds)
    if round(seconds, 1) < 10.0 and round(seconds, 1) != round(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    minutes = round(seconds / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600.0), 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def took(seconds: float) -> str:
    """How long an answer took, like "4.2 ms", "120 ms" or "2.5 s"."""
    if seconds < 0.00005:
        return "under 0.1 ms"
    if round(seconds, 3) >= 1.0:
        return f"{seconds:.1f} s"
    places = 0 if round(seconds, 4) >= 0.01 else 1
    return f"{seconds * 1000:.{places}f} ms".replace(".0 ", " ")


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
"""In English whatever the locale, as everything else that Gatelight says."""
_NEAR = 6
"""Days within which a weekday names one day only, before or after."""


def day_and_time(then: datetime, today: datetime) -> str:
    """A time as users read it, by the minute: "14:03" today, "Saturday 14:03" within six days, "9 May 14:03" else."""
    time, away = f"{then:%H:%M}", (then.date() - today.date()).days
    if away == 0:
        return time
    return f"{_WEEKDAYS[then.weekday()] if abs(away) <= _NEAR else f'{then.day} {_MONTHS[then.month - 1]}'} {time}"


def time_of_day(epoch: float, zone: TimeZone) -> str:
    """An epoch time in words, by the minute, like "14:03"."""
    return zone.local(epoch).strftime("%H:%M")


_NEXT = {-1: "yesterday", 1: "tomorrow"}


def beside_today(epoch: float, now: float, zone: TimeZone) -> str:
    """An epoch time in the same words, but "yesterday 14:03" and "tomorrow 14:03".

    For what is drawn anew as the day goes on. A notice may be read a day later, and names the day.
    """
    then, today = zone.local(epoch), zone.local(now)
    away = (then.date() - today.date()).days
    return f"{_NEXT[away]} {then:%H:%M}" if away in _NEXT else day_and_time(then, today)


_MORNING = 6 * 60
"""Minutes after local midnight: a user who goes to bed on "until tomorrow" does not want to be woken before."""
_REST = 3600.0


def next_morning(now: float, zone: TimeZone) -> float:
    """Epoch time of the next local morning, at least an hour away."""
    today = zone.local(now).date().toordinal()
    mornings = (zone.time(date.fromordinal(today + days), _MORNING) for days in range(3))
    return next(morning for morning in mornings if morning - now >= _REST)
