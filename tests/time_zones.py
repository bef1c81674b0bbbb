"""Three time zones with the days on which their clocks change, as values of the program."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from agent.tws.time_zone import TimeZone, time_zone

CLOCKS_CHANGE = (
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Europe/Zurich", date(2027, 3, 28)),
    ("Europe/Zurich", date(2027, 10, 31)),
    ("Australia/Sydney", date(2027, 4, 4)),
    ("Australia/Sydney", date(2027, 10, 3)),
)
"""Zones with each Sunday of 2027 on which their clocks change."""
_FIRST = (date(2026, 12, 31) - date(1970, 1, 1)).days


def zone_of(name: str) -> TimeZone:
    """A time zone with its changes of 2027."""

    def utc_offset_at(epoch: float) -> float:
        offset = datetime.fromtimestamp(epoch, ZoneInfo(name)).utcoffset()
        assert offset is not None
        return offset.total_seconds()

    return time_zone(utc_offset_at, range(_FIRST, _FIRST + 367))
