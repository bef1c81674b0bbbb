"""What the history keeps, as values: what is so for a while, what happened at a moment, and how fast TWS answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from agent.core.effects import Happened
from agent.core.session_facts import ServerLink
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, ShownProblem, Status

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


@dataclass(frozen=True, slots=True)
class Span:
    """Something that is so. Two are the same if all but the title is equal; what changes begins a new one."""

    connection: str
    """Empty: of Gatelight itself."""
    kind: SpanKind
    what: str
    """A state, a problem's code, a farm's name, a program's name, or a version."""
    state: str = ""
    """A farm's status, a problem's severity, or of a state that warns whether nothing was connected (`NOT_LINKED`)."""
    title: str = field(default="", compare=False)
    """Of a problem, as it was first shown."""


@dataclass(frozen=True, slots=True)
class KeptSpan:
    """A span with its times, in epoch seconds."""

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


@dataclass(frozen=True, slots=True)
class Kept:
    """What is read back: of a time, all that touches it, oldest first."""

    spans: tuple[KeptSpan, ...] = ()
    marks: tuple[Mark, ...] = ()
    latencies: tuple[LatencyMinute, ...] = ()
    began: float | None = None
    """Epoch seconds of the first thing kept at all; None: nothing is."""


def spans_of(status: Status) -> frozenset[Span]:
    """All that is so while this status is shown. Only what is known: an unknown farm or program has no span."""
    return frozenset(span for connection in status.connections for span in _spans(connection))


def begins_of(status: Status) -> Mapping[Span, float]:
    """Epoch seconds at which spans of this status began, where that is known to be before they were shown."""
    begins: dict[Span, float] = {}
    for connection in status.connections:
        for problem in _shown(connection):
            begins[_problem(connection, problem)] = problem.since
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
