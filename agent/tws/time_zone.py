"""What the clock of a time zone shows, as a value: decisions turn moments into local times and back, and never ask."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A change to or from daylight-saving time."""

    at: float
    """Epoch seconds."""
    utc_offset: float
    """Local time minus UTC from then on, seconds."""


@dataclass(frozen=True, slots=True)
class TimeZone:
    """Local time minus UTC, and when that changes. Without any value it is UTC.

    A moment of another day is told by the offset of that day: what stood at noon before a change stands there after it.
    """

    utc_offset: float = 0.0
    """Seconds, before the first of the changes."""
    changes: tuple[ClockChange, ...] = ()
    """In their order; those far from now may be missing."""

    def utc_offset_at(self, epoch: float) -> float:
        """Local time minus UTC at a moment (epoch seconds), in seconds."""
        return next((one.utc_offset for one in reversed(self.changes) if one.at <= epoch), self.utc_offset)

    def shown(self, epoch: float) -> float:
        """What the clock shows at a moment (epoch seconds), as seconds since the local midnight that began 1970."""
        return epoch + self.utc_offset_at(epoch)

    def local(self, epoch: float) -> datetime:
        """The same as date and time; the zone that the result names is none."""
        return datetime.fromtimestamp(self.shown(epoch), UTC)

    def times(self, day: date, minutes: int) -> tuple[float, ...]:
        """Epoch seconds at which the clock shows a time of a day, in minutes after midnight; at least one.

        There are two where a change repeats the hour. Where one skips it, it is an hour later by the clock.
        """
        shown = (day.toordinal() - _EPOCH) * float(_DAY) + minutes * 60.0
        offsets = (self.utc_offset, *(one.utc_offset for one in self.changes))
        found = {at for offset in offsets if self.shown(at := shown - offset) == shown}
        return tuple(sorted(found)) or (shown - self._before(shown),)

    def time(self, day: date, minutes: int) -> float:
        """The first of `times`."""
        return self.times(day, minutes)[0]

    def _before(self, shown: float) -> float:
        """The offset before the change that skips what the clock would have shown."""
        before = self.utc_offset
        for one in self.changes:
            if one.at + before <= shown < one.at + one.utc_offset:
                return before
            before = one.utc_offset
        return before


_EPOCH = date(1970, 1, 1).toordinal()


def time_zone(utc_offset_at: Callable[[float], float], days: range) -> TimeZone:
    """A time zone with its changes in some days of UTC, counted from 1970. `utc_offset_at`: as of `TimeZone`."""
    changes = []
    for day in days:
        before, after = day * _DAY, (day + 1) * _DAY
        old, new = utc_offset_at(before), utc_offset_at(after)
        if old == new:
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if utc_offset_at(middle) == old else (before, middle)
        changes.append(ClockChange(float(after), new))
    return TimeZone(utc_offset_at(days.start * _DAY), tuple(changes))
