"""`gatelight history`: what happened, read from the file that the agent writes."""

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from agent.cli.terminal import json_text
from agent.core.as_json import rfc3339
from agent.core.clock import lasting
from agent.core.shown.calendar import coming_title, source_words
from agent.history.ahead import SILENT
from agent.history.as_json import history_json
from agent.history.causes import causes
from agent.history.reading import HistoryRead, read_days
from agent.history.spans import KeptSpan, SpanKind
from agent.history.troubles import Day, Light, connections, days, percent, strip, troubles
from agent.runtime.instance import running_pid
from agent.runtime.paths import Places
from agent.tws.coming import Coming

MOST_TROUBLES = 5
"""Problems listed per connection: the longest."""
MOST_EVENTS = 40
"""Events listed; of more, the latest."""
_PLACES = (
    Light.WELL,
    Light.WARNING,
    Light.PROBLEM,
    Light.NOT_REACHED,
    Light.EXPECTED,
    Light.IDLE,
    Light.UNKNOWN,
    Light.NOT_WATCHED,
)


def command(
    places: Places,
    *,
    back: int,
    as_csv: bool,
    as_json: bool,
    out: Callable[[str], None],
    say: Callable[[str], None],
    now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
) -> int:
    """Print the history of the last `back` days, today among them. Raises GatelightError where it cannot be read."""
    # One that was killed a moment ago has not been silent for long.
    silent = SILENT if running_pid(places) is not None else 0.0
    history = read_days(places.data, back, now(), silent=silent)
    told = _Told(history)
    if as_json:
        out(json_text(history_json(history)))
    elif as_csv:
        out(told.as_csv().rstrip("\n"))
    elif history.kept.began is None:
        say("Nothing has been kept yet: the history begins when the agent runs.")
    else:
        say("\n".join(told.lines()))
    return 0


class _Told:
    """One answer, as text, CSV or JSON."""

    def __init__(self, history: HistoryRead) -> None:
        self._history = history
        self._kept = history.kept
        self._until = history.until
        self._since = history.midnights[0]
        self._names = connections(history.kept)

    def _events(self) -> list[KeptSpan]:
        """Problems and runs of the agent, oldest first."""
        return [s for s in self._kept.spans if s.span.kind in (SpanKind.PROBLEM, SpanKind.RUN)]

    # ── for people ──────────────────────────────────────────────────────────────────────────────

    def lines(self) -> list[str]:
        """Everything, for people."""
        lines: list[str] = []
        for name in self._names:
            lines += [name, *self._of_connection(name), *self._ahead(name), ""]
        if any(name in self._history.ahead for name in self._names):
            lines += [source_words(), ""]
        events = self._events()
        lines.append("What happened:")
        if len(events) > MOST_EVENTS:
            lines.append(f"  {len(events) - MOST_EVENTS} earlier ones; --csv has all of them")
        lines += [f"  - {_clock(one.began)}  {self._event(one)}" for one in events[-MOST_EVENTS:]]
        return lines

    def _of_connection(self, name: str) -> list[str]:
        pieces = strip(self._kept, name, self._since, self._until)
        outages = troubles(self._kept, name, self._since, self._until)
        lines = [f"  {when}  {what}" for when, what in _folded(days(pieces, self._history.midnights))]
        took = causes(self._kept, name, pieces, outages, self._since, self._until)
        if took:
            lines.append("  What took the time:")
        lines += [f"  - {one.cause.words}: {_length(one.seconds)}{_times(one.count)}" for one in took]
        longest = sorted(outages, key=lambda o: -o.seconds(self._until))[:MOST_TROUBLES]
        if longest:
            lines.append("  Longest outages:")
        for number, one in enumerate(longest, 1):
            lasted = _length(one.seconds(self._until))
            so_far = " so far" if one.ended is None else ""
            there = f" ({', '.join(one.programs)} connected)" if one.programs else ""
            lines.append(f"  {number}. {_clock(one.began)}, {lasted}{so_far}: {one.title or 'not kept which'}{there}")
        return lines

    def _ahead(self, name: str) -> list[str]:
        """What comes, a line for each day; days in a row that are alike are one line."""
        ahead = self._history.ahead.get(name)
        if ahead is None:
            return []
        as_of = "" if ahead.as_of is None else f", as last known on {_clock(ahead.as_of)}"
        lines = [f"  What comes{as_of}:"]
        by_day = itertools.groupby(ahead.coming, key=lambda one: _date(max(one.begins, self._until)))
        told = [(day, "; ".join(self._coming(one) for one in group)) for day, group in by_day]
        for words, alike in itertools.groupby(told, key=lambda pair: pair[1]):
            first, *more = (day for day, _ in alike)
            lines.append(f"  - {first}{f' to {more[-1]}' if more else ''}  {words}")
        return [*lines, *(f"  {note}" for note in ahead.notes)]

    def _coming(self, one: Coming) -> str:
        until = "" if one.ends is None else f" to {_time(one.ends)}"
        when = f"now{until}" if one.begins <= self._until else f"{_time(one.begins)}{until}"
        return f"{when} {coming_title(one.kind, one.region)}"

    def _event(self, one: KeptSpan) -> str:
        span = one.span
        if span.kind is SpanKind.RUN:
            ended = "runs" if one.ended is None else f"ran until {_clock(one.ended)}"
            return f"Gatelight {span.what} {ended}"
        about = f"{span.connection}: " if span.connection else ""
        lasted = "" if one.ended is None else f", {_length(one.ended - one.began)}"
        return f"{about}{span.title or span.what}{lasted}{f' ({one.end})' if one.end else ''}"

    # ── for programs ────────────────────────────────────────────────────────────────────────────

    def as_csv(self) -> str:
        """A row for each problem and each run of the agent."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["began", "ended", "seconds", "connection", "kind", "code", "severity", "title", "end"])
        for one in self._events():
            span = one.span
            row = [rfc3339(one.began), "" if one.ended is None else rfc3339(one.ended)]
            row.append("" if one.ended is None else f"{one.ended - one.began:.0f}")
            row += [span.connection, span.kind.value, span.what, span.state, span.title, one.end]
            rows.writerow(_harmless(cell) for cell in row)
        return text.getvalue()


def _folded(told: Iterable[Day]) -> Iterator[tuple[str, str]]:
    """Each day with its words; days in a row of which nothing is known are one line."""
    for unseen, group in itertools.groupby(told, key=lambda day: not day.seconds.keys() - {Light.NOT_WATCHED}):
        these = list(group)
        if unseen:
            ends = f" to {_date(these[-1].began)}" if len(these) > 1 else ""
            yield f"{_date(these[0].began)}{ends}", Light.NOT_WATCHED.value
            continue
        for day in these:
            parts = [
                f"{light.value} {_length(day.seconds[light])}" for light in _PLACES if round(day.seconds.get(light, 0))
            ]
            share = "" if day.well is None else f"{percent(day.well)} well: "
            yield _date(day.began), f"{share}{', '.join(parts)}"


def _length(seconds: float) -> str:
    """A duration in whole seconds at the finest: the states of an hour ago are not known better."""
    return lasting(round(seconds))


def _date(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch).astimezone():%a %d %b}"


def _clock(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch).astimezone():%a %d %b %H:%M}"


def _time(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch).astimezone():%H:%M}"


def _times(count: int) -> str:
    return f", {count} times" if count > 1 else ""


_FORMULA = re.compile(r"(^|[;,|\t\r\n])([^\S\t\r\n]*)(?=[=+\-@＝＋－＠])")
"""Where a spreadsheet may see the beginning of a formula. In many countries it takes a semicolon for the end of a cell,
quoted or not, and in some the wide signs for those of formulas."""


def _harmless(cell: str) -> str:
    """A cell of which no spreadsheet takes anything for a formula."""
    return _FORMULA.sub(r"\1\2'", cell)
