"""The weekly summary: uptime, the longest outage with its cause, and what was not watched, of each connection. Pure."""

from dataclasses import dataclass

from agent.core.clock import lasting
from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, MenuEntry, Notice, OpenPage
from agent.core.text import shortened
from agent.history.causes import OutageCause, causes
from agent.history.reading import HistoryRead
from agent.history.troubles import Trouble, connections, days, percent, strip, troubles

SUMMARY_KEY = "gatelight/week"
"""The key of the notice: each takes the place of the last."""
_LEAST = 60.0
"""Seconds not watched that are worth a word."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week of one connection."""

    name: str
    well: float
    """The share of all that counts."""
    longest: Trouble | None
    seconds: float
    """How long that lasted within the week."""
    unwatched: float
    """Seconds of the week that were not watched, from the first thing on that was kept."""

    @property
    def words(self) -> str:
        """Like "Paper: 99.10 % well, longest outage 2 h 10 min (IB Gateway does not run), 9 h not watched."."""
        parts = [f"{percent(self.well)} well"]
        if self.longest is not None:
            why = f" ({self.longest.title})" if self.longest.title else ""
            parts.append(f"longest outage {lasting(round(self.seconds))}{why}")
        if self.unwatched >= _LEAST:
            parts.append(f"{lasting(round(self.unwatched))} not watched")
        return f"{self.name}: {', '.join(parts)}."


def weeks(history: HistoryRead) -> tuple[Week, ...]:
    """The week that was read, of each connection of which anything counts; the worst first."""
    found = (_week(history, name) for name in connections(history.kept))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.well, one.name)))


def _week(history: HistoryRead, name: str) -> Week | None:
    kept, since, until = history.kept, history.midnights[0], history.until
    pieces = strip(kept, name, since, until)
    (whole,) = days(pieces, (since, history.midnights[-1]))
    if whole.well is None:
        return None
    outages = troubles(kept, name, since, until)
    lengths = {one: min(until, one.ended or until) - max(since, one.began) for one in outages}
    longest = max(lengths, key=lambda one: lengths[one], default=None)
    gaps = [c.seconds for c in causes(kept, name, pieces, outages, since, until) if c.cause in _UNWATCHED]
    return Week(name, whole.well, longest, 0.0 if longest is None else lengths[longest], sum(gaps))


_UNWATCHED = (OutageCause.NOT_RUNNING, OutageCause.NOT_WATCHED)


def week_notice(history: HistoryRead) -> Notice | None:
    """The notice about the week that was read; None where nothing of it was watched."""
    told = weeks(history)
    if not told:
        return None
    title = f"Your week: {percent(told[0].well)} well" if len(told) == 1 else f"Your week on {len(told)} connections"
    return Notice(
        SUMMARY_KEY,
        Severity.INFO,
        shortened(title, TITLE_LIMIT),
        shortened(" ".join(one.words for one in told), TEXT_LIMIT),
        offers=(MenuEntry("Open history", OpenPage("history")),),
    )
