"""What the history keeps, as values: what is so for a while, what happened at a moment, and how fast TWS answered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from agent.core.effects import Happened
from agent.core.session_facts import ServerLink
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownApplication, ShownConnection, ShownProblem
from agent.tws.coming import ComingKind, DailyEnd, KnownFrom

NOT_LINKED = "not linked"
"""A warning was shown, and no session led to IB."""


class SpanKind(StrEnum):
    """What a span is about."""

    RUN = "run"
    """The agent itself ran. What no run covers was not watched."""
    STATE = "state"
    """The state of a connection, as its icon shows it."""
    PROBLEM = "problem"
    """A problem was shown."""
    FARM = "farm"
    """The state of one data farm."""
    PROGRAM = "program"
    """A program besides Gatelight was connected to the API port."""
    MODE = "mode"
    """Live or paper, where it was known."""
    APPLICATION = "application"
    """A process of TWS or IB Gateway served the connection, or could."""
    REGION = "region"
    """Whose servers the log-in was on, where it was known."""
    DAILY_END = "daily end"
    """When the application restarts or logs off every day, where it was known."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something that is so. Two are the same if all but the title is equal; what changes begins a new one."""

    connection: str
    """Empty: of Gatelight itself."""
    kind: SpanKind
    what: str
    """A state, a problem's code, a farm's name, a program's name, an application, a region, or a version."""
    state: str = ""
    """A farm's status, a problem's severity, a process ID, how something of the calendar is known, or of a state that
    warns whether nothing was connected (`NOT_LINKED`)."""
    title: str = field(default="", compare=False)
    """Of a problem, as it was first shown."""


class KeptSpan(NamedTuple):
    """A span with its times, in epoch seconds. A named tuple, since three months have tens of thousands of them."""

    span: Span
    began: float
    ended: float | None
    """None: it is still so."""
    end: str = ""
    """Why it ended, where that is known."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened."""

    at: float
    """Epoch seconds."""
    happened: Happened


@dataclass(frozen=True, slots=True)
class LatencyMinute:
    """The heartbeats of one minute."""

    connection: str
    minute: int
    """Minutes since the epoch."""
    worst: float
    """Seconds."""
    mean: float
    """Seconds."""
    count: int


@dataclass(frozen=True)
class Kept:
    """What is read back: of a time, all that touches it, oldest first."""

    spans: tuple[KeptSpan, ...] = ()
    marks: tuple[Mark, ...] = ()
    latencies: tuple[LatencyMinute, ...] = ()
    began: float | None = None
    """Epoch seconds of the first thing kept at all; None: nothing is."""
    heard: float | None = None
    """Epoch seconds at which the agent last noted that it runs."""
    names: tuple[str, ...] = ()
    """Connections in the order in which something of them was kept first, ever."""
    firsts: Mapping[str, float] = field(default_factory=dict)
    """Epoch seconds of the first state that is kept of each connection, whatever time was read."""

    @cached_property
    def by_kind(self) -> Mapping[tuple[str, SpanKind], Sequence[KeptSpan]]:
        """The spans by connection and kind, each in the same order."""
        found = defaultdict[tuple[str, SpanKind], list[KeptSpan]](list)
        for one in self.spans:
            found[one.span.connection, one.span.kind].append(one)
        return found


def spans_of(connection: ShownConnection) -> frozenset[Span]:
    """All that is so while this connection is shown like this. Only what is known: an unknown farm or program has no
    span."""
    return frozenset(_spans(connection))


def begins_of(connection: ShownConnection) -> Mapping[Span, float]:
    """Epoch seconds at which spans of it began, where that is known to be before they were shown."""
    begins = {_problem(connection, problem): problem.since for problem in _shown(connection)}
    if connection.application is not None:
        begins[_application(connection.name, connection.application)] = connection.application.started
    return begins


def _spans(connection: ShownConnection) -> Iterable[Span]:
    name = connection.name
    # That notices are paused is nothing about the connection.
    linked = connection.phase == "connected" and connection.server_link != ServerLink.DOWN
    paused_well = connection.overall is IconState.PAUSED and connection.phase == "connected"
    state = IconState.CONNECTED if paused_well else connection.overall
    unlinked = NOT_LINKED if state is IconState.WARNING and not linked else ""
    yield Span(name, SpanKind.STATE, state.value, unlinked)
    if connection.trading_mode in ("live", "paper"):
        yield Span(name, SpanKind.MODE, connection.trading_mode)
    for problem in _shown(connection):
        yield _problem(connection, problem)
    for farm in connection.farms:
        yield Span(name, SpanKind.FARM, farm.name, farm.status.value)
    for program in connection.programs or ():
        if program.name != "unknown":
            yield Span(name, SpanKind.PROGRAM, program.script or program.name)
    if connection.application is not None:
        yield _application(name, connection.application)
    calendar = connection.calendar
    if calendar.region is not None:
        yield Span(name, SpanKind.REGION, calendar.region.value, calendar.region_from.value)
    if calendar.daily is not None:
        yield daily_span(name, calendar.daily, own_clock=calendar.own_clock)


def _application(connection: str, application: ShownApplication) -> Span:
    return Span(connection, SpanKind.APPLICATION, application.kind, str(application.pid))


_OWN_CLOCK = " by its own clock"


def daily_span(connection: str, daily: DailyEnd, *, own_clock: bool) -> Span:
    """The span of a daily end. `own_clock`: the application may go by another clock than the user."""
    what = ComingKind.RESTART if daily.restarts else ComingKind.LOG_OFF
    by = _OWN_CLOCK if own_clock else ""
    return Span(connection, SpanKind.DAILY_END, f"{what}{by}", f"{daily.minutes} {daily.known_from}")


def daily_of(span: Span) -> tuple[DailyEnd, bool] | None:
    """The daily end of a span, and whether the application may go by another clock; None: of another version."""
    what, (minutes, _, known_from) = span.what.removesuffix(_OWN_CLOCK), span.state.partition(" ")
    if what not in (ComingKind.RESTART, ComingKind.LOG_OFF) or known_from not in tuple(KnownFrom):
        return None
    if not minutes.isdecimal() or int(minutes) >= 24 * 60:
        return None
    daily = DailyEnd(int(minutes), what == ComingKind.RESTART, KnownFrom(known_from))
    return daily, span.what.endswith(_OWN_CLOCK)


def _shown(connection: ShownConnection) -> Iterable[ShownProblem]:
    return (p for p in connection.problems if p.visible)


def _problem(connection: ShownConnection, problem: ShownProblem) -> Span:
    of = "" if problem.of_program else connection.name
    return Span(of, SpanKind.PROBLEM, problem.code, problem.severity, problem.title)


@dataclass(frozen=True, slots=True)
class Changes:
    """What the store writes: in one go, in this order."""

    at: float
    """Epoch seconds."""
    ended: tuple[Span, ...] = ()
    begun: tuple[tuple[Span, float], ...] = ()
    """Spans with the times at which they began."""
    ends: Mapping[Span, str] = field(default_factory=dict)
    """Why, of the ended ones, where that is known."""
    marks: tuple[Mark, ...] = ()
    latencies: tuple[LatencyMinute, ...] = ()


def changes(before: frozenset[Span], after: frozenset[Span], at: float, begins: Mapping[Span, float]) -> Changes:
    """From what was so to what is so."""
    ended = tuple(sorted(before - after, key=_order))
    begun = tuple((span, min(begins.get(span, at), at)) for span in sorted(after - before, key=_order))
    return Changes(at, ended, begun)


def _order(span: Span) -> tuple[str, ...]:
    return (span.connection, span.kind.value, span.what, span.state)
