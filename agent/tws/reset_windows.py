"""When IB resets its servers: the table to edit when IB's system-status page changes, with where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class Region(StrEnum):
    """Where the IB servers of a log-in are; the region decides the reset window."""

    AMERICA = "america"
    EUROPE = "europe"
    ASIA = "asia"


@dataclass(frozen=True, slots=True)
class ResetWindow:
    """One daily window: at some time inside it, sessions drop for seconds to minutes."""

    region: Region
    zone: str
    begins: time
    ends: time
    """Where it is before `begins`, the window ends on the next day."""


@dataclass(frozen=True, slots=True)
class ResetTable:
    """The windows that one source names."""

    source: str
    as_of: date
    """The day on which the source was read, or from which its copy is."""
    windows: tuple[ResetWindow, ...]


NEW_YORK, ZURICH, HONG_KONG = "America/New_York", "Europe/Zurich", "Asia/Hong_Kong"

RESET_TABLES: tuple[ResetTable, ...] = (
    ResetTable(
        "IB’s system-status page, which says Sunday to Friday",
        date(2026, 11, 22),
        (
            ResetWindow(Region.AMERICA, NEW_YORK, time(0, 15), time(1, 45)),
            ResetWindow(Region.EUROPE, ZURICH, time(6, 25), time(7, 45)),
            ResetWindow(Region.ASIA, HONG_KONG, time(4, 45), time(6, 5)),
            ResetWindow(Region.ASIA, HONG_KONG, time(20, 15), time(21, 15)),
        ),
    ),
    ResetTable(
        "an earlier copy of that page, which says Saturday to Thursday",
        date(2024, 12, 1),
        (
            ResetWindow(Region.AMERICA, NEW_YORK, time(23, 45), time(0, 45)),
            ResetWindow(Region.EUROPE, ZURICH, time(5, 45), time(6, 45)),
            ResetWindow(Region.ASIA, NEW_YORK, time(16, 45), time(17, 45)),
            ResetWindow(Region.ASIA, HONG_KONG, time(20, 15), time(21, 0)),
        ),
    ),
    ResetTable(
        "QuantConnect’s IBAutomater, a little earlier than that for Asia",
        date(2026, 8, 7),
        (ResetWindow(Region.ASIA, NEW_YORK, time(16, 30), time(17, 0)),),
    ),
)
"""Copies of both versions of the page exist, so all of them count, on all days."""

PADDING = 15 * 60.0
"""Seconds added on both sides of every window of the page: resets begin early and end late."""

FRIDAY, SUNDAY = 4, 6
WEEKEND_BEGINS, WEEKEND_ENDS = (FRIDAY, time(23, 0)), time(3, 0)
"""Weekend maintenance of all regions: Friday 23:00 to Saturday 03:00 New York, on both versions of the page.
IBAutomater expects trouble from Friday 22:45 to Sunday 02:00; IB does not announce that, so it does not count."""

WEEKLY_LOGIN = (SUNDAY, time(1, 0))
"""Sunday 01:00 New York: IB invalidates the tokens of automatic restarts, and the next start needs a full log-in."""


def reset_windows() -> Iterator[ResetWindow]:
    """Every window of every source."""
    return (window for table in RESET_TABLES for window in table.windows)
