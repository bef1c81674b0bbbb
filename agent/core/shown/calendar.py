"""The calendar in words."""

from datetime import date

from agent.tws.coming import ComingKind, DailyEnd, KnownFrom
from agent.tws.reset_windows import RESET_TABLES, Region

SERVERS = {Region.AMERICA: "American servers", Region.EUROPE: "European servers", Region.ASIA: "Asian servers"}

_TITLES = {
    ComingKind.WEEKEND: "IB’s weekend maintenance",
    ComingKind.RESTART: "daily restart of the application",
    ComingKind.LOG_OFF: "daily log-off of the application: it does not come back by itself",
    ComingKind.LOGIN: "IB ends all log-ins: the next start needs a full log-in",
}


def coming_title(kind: ComingKind, region: Region | None = None) -> str:
    """What comes, like "IB resets its European servers"."""
    if kind is ComingKind.RESET:
        return f"IB resets its {SERVERS[region] if region is not None else 'servers'}"
    return _TITLES[kind]


def region_words(region: Region | None, known_from: KnownFrom) -> str:
    """How it is known whose servers a log-in is on."""
    if region is None:
        return (
            "Which of IB’s servers this log-in is on is not known: the resets of every region are listed, and only "
            "some of them are yours."
        )
    if known_from is KnownFrom.PAPER:
        return f"Paper accounts are on IB’s {SERVERS[region]}."
    return f"The settings file of the application names IB’s {SERVERS[region]}, which it used last."


_KNOWN_FROM = {
    KnownFrom.API: "as the application told of its API settings",
    KnownFrom.FILE: "as a settings file of the application or of IBC says",
}


def daily_words(daily: DailyEnd | None, elsewhere: DailyEnd | None, days: int) -> str:
    """How it is known when the application ends every day. `days`: so many were asked where it had to be learnt."""
    if elsewhere is not None:
        what = "restarts" if elsewhere.restarts else "logs off"
        return (
            f"The application {what} at {time_words(elsewhere.minutes)} by its own clock, which may not be yours: that "
            "is not listed."
        )
    if daily is None:
        return (
            "When the application restarts every day is not known: neither its settings nor the last "
            f"{days} days show it."
        )
    at = time_words(daily.minutes)
    if daily.seen is not None:
        seen, of = daily.seen
        return (
            f"Daily restart at about {at}, learnt from the last {days} days: the application restarted then on "
            f"{seen} of the {of} days on which it was watched at that time."
        )
    return f"Daily {'restart' if daily.restarts else 'log-off'} at {at}, {_KNOWN_FROM[daily.known_from]}."


def source_words() -> str:
    """Where the reset windows come from."""
    return (
        f"Reset windows are from IB’s system-status page as of {_day(newest_source())}, widened by a quarter of an "
        "hour; sessions usually drop for seconds to a few minutes of them. Times are those of this computer’s zone."
    )


def newest_source() -> date:
    """The day as of which the table of reset windows is."""
    return max(table.as_of for table in RESET_TABLES)


def time_words(minutes: int) -> str:
    """Minutes after midnight, like "23:45"."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
