"""When IB's servers and the applications are expected to be away, and when a log-in falls due."""

from dataclasses import dataclass
from enum import StrEnum


class Region(StrEnum):
    """Where the IB servers are that a log-in uses: decides its reset window."""

    AMERICA = "america"
    EUROPE = "europe"
    ASIA = "asia"


class OutageKind(StrEnum):
    """Why an outage is expected."""

    RESET = "reset"
    WEEKEND = "weekend"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Outage:
    """An expected outage that is under way."""

    kind: OutageKind
    began: float
    """Epoch seconds."""
    ends: float
    """Epoch seconds at which it should be over."""
    region: Region | None = None
    """For a reset: whose servers; None when the region of the log-in is not known."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the calendar says about one moment."""

    outage: Outage | None = None
    """IB's own reset or weekend window, where inside one."""
    restart: Outage | None = None
    """The application's own daily restart, where its time is known and around now."""
    login_due: float | None = None
    """Epoch seconds of the next weekly forced log-in (Sunday 01:00 New York)."""
    next_outage: Outage | None = None
    """The next expected one that has not begun."""
