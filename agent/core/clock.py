"""What time it is, as a value: decisions are handed a `Moment`, they never ask a clock."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime


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


def local(epoch: float, utc_offset: float) -> datetime:
    """An epoch time as the user's own clock shows it. `utc_offset`: local time minus UTC, seconds."""
    return datetime.fromtimestamp(epoch + utc_offset, UTC)


def time_of_day(epoch: float, utc_offset: float) -> str:
    """The same in words, like "14:03"."""
    return local(epoch, utc_offset).strftime("%H:%M")
