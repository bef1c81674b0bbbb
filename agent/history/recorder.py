"""From each status that is shown to what the history keeps of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.core.effects import MarkKind
from agent.core.shown.status import ShownConnection, Status
from agent.history.spans import Changes, LatencyMinute, Mark, Span, SpanKind, begins_of, changes, spans_of
from agent.history.store import NOT_WATCHED

MOST_SPANS = 2_000
"""Spans that are kept at the same time; a crowd of programs makes no more."""


class Recorder:
    """Compares each status with the one before."""

    def __init__(self, version: str, wall: float) -> None:
        """`wall`: epoch seconds at which the agent began."""
        self._run = Span("", SpanKind.RUN, version)
        self._began = wall
        self._so: frozenset[Span] = frozenset()
        self._of: dict[str, tuple[ShownConnection, frozenset[Span]]] = {}
        """Each connection as it was shown last, and its spans: of a hundred, few change at a time."""
        self._heartbeats: dict[str, tuple[float, int, float, float, int]] = {}
        """By connection: the latest latency; the minute, the worst, the sum and the number of it."""

    def take(self, status: Status, wall: float, marks: Iterable[Mark] = ()) -> Changes | None:
        """What is new with a status shown at `wall` (epoch seconds); None where nothing is."""
        latencies = tuple(self._latencies(status, wall))
        so, begins = self._spans(status)
        # What began before this agent is kept with the agent before.
        found = changes(self._so, so, wall, {span: max(began, self._began) for span, began in begins.items()})
        self._so = so
        marks = tuple(marks)
        found = replace(found, latencies=latencies, marks=marks, ends=_ends(found.ended, marks))
        return found if found.ended or found.begun or found.marks or found.latencies else None

    def _spans(self, status: Status) -> tuple[frozenset[Span], Mapping[Span, float]]:
        """All that is so, and when what is new of it began."""
        begins: dict[Span, float] = {}
        of: dict[str, tuple[ShownConnection, frozenset[Span]]] = {}
        new = False
        for connection in status.connections:
            kept = self._of.get(connection.name)
            if kept is None or kept[0] is not connection:
                spans = spans_of(connection)
                if kept is None or spans != kept[1]:
                    begins.update(begins_of(connection))
                    new = True
                kept = connection, spans
            of[connection.name] = kept
        new = new or not self._so or of.keys() != self._of.keys()
        self._of = of
        if not new:
            return self._so, begins
        every = frozenset[Span]().union(*(spans for _, spans in of.values()))
        if len(every) > MOST_SPANS:
            every = frozenset(sorted(every, key=repr)[:MOST_SPANS])
        return every | {self._run}, begins

    def alive(self, wall: float, marks: Iterable[Mark] = ()) -> Changes:
        """The agent runs at `wall`: what is so now goes on until then at least."""
        return Changes(wall, marks=tuple(marks))

    def end(self, wall: float, marks: Iterable[Mark] = ()) -> Changes:
        """The agent ends: from now on, nothing is watched."""
        ended, self._so, self._of = self._so, frozenset(), {}
        found = changes(ended, frozenset(), wall, {})
        minutes = tuple(_minute(name, *kept[1:]) for name, kept in self._heartbeats.items())
        self._heartbeats.clear()
        return replace(
            found, ends=dict.fromkeys(ended - {self._run}, NOT_WATCHED), latencies=minutes, marks=tuple(marks)
        )

    def _latencies(self, status: Status, wall: float) -> Iterable[LatencyMinute]:
        minute = int(wall // 60)
        for connection in status.connections:
            took, name = connection.latency, connection.name
            shown = self._of.get(name)
            if shown is not None and shown[0] is connection:
                continue
            latest, of, worst, total, count = self._heartbeats.get(name, (None, minute, 0.0, 0.0, 0))
            # The same number is the same heartbeat: the status was shown again for another reason.
            if took is None or took == latest:
                continue
            if of != minute and count:
                yield _minute(name, of, worst, total, count)
                worst, total, count = 0.0, 0.0, 0
            self._heartbeats[name] = (took, minute, max(worst, took), total + took, count + 1)


def _ends(ended: Iterable[Span], marks: Iterable[Mark]) -> dict[Span, str]:
    """Why problems ended, as it was said at the same time."""
    why = {
        (mark.happened.connection, mark.happened.what): mark.happened.detail
        for mark in marks
        if mark.happened.kind is MarkKind.ENDED
    }
    found = {span: why.get((span.connection, span.what), "") for span in ended if span.kind is SpanKind.PROBLEM}
    return {span: reason for span, reason in found.items() if reason}


def _minute(name: str, minute: int, worst: float, total: float, count: int) -> LatencyMinute:
    return LatencyMinute(name, minute, worst, total / count, count)
