"""What the history tells of a time: how it was, day by day, and which problems lasted longest. Pure."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from agent.core.shown.display import IconState
from agent.history.spans import NOT_LINKED, Kept, KeptSpan, SpanKind


class Light(StrEnum):
    """How a connection was, in one word."""

    PROBLEM = "problem"
    WARNING = "warning"
    NOT_REACHED = "not reached"
    """A warning was shown and nothing was connected, as while a log-in is awaited."""
    WELL = "well"
    EXPECTED = "expected outage"
    IDLE = "idle"
    """Nothing was connected, and nothing was expected to be; or it was on its way."""
    UNKNOWN = "not known"
    NOT_WATCHED = "not watched"


_LIGHTS: Mapping[str, Light] = {
    IconState.PROBLEM: Light.PROBLEM,
    IconState.WARNING: Light.WARNING,
    IconState.UNKNOWN: Light.UNKNOWN,
    IconState.CONNECTING: Light.IDLE,
    IconState.WAITING: Light.IDLE,
    IconState.MAINTENANCE: Light.EXPECTED,
    IconState.PAUSED: Light.IDLE,
    IconState.CONNECTED: Light.WELL,
}


class Piece(NamedTuple):
    """A time during which a connection was one thing. A named tuple, as `KeptSpan`."""

    light: Light
    began: float
    ended: float
    """Epoch seconds, both."""

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Trouble:
    """A time during which a problem was shown without a break, or in which nothing was connected beside a warning."""

    began: float
    ended: float | None
    """Epoch seconds; None: it lasts."""
    code: str
    """Of the problem that lasted longest in it; empty where none is kept."""
    title: str
    programs: tuple[str, ...]
    """The programs that were on the API port when it began, or within the minute before."""
    end: str
    """Why its cause ended, where that is known."""

    def seconds(self, now: float) -> float:
        """How long it lasted, or has lasted so far."""
        return (now if self.ended is None else self.ended) - self.began


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one connection."""

    began: float
    """Epoch seconds of its first moment."""
    seconds: dict[Light, float] = field(default_factory=dict)
    """By light; what is missing did not occur."""

    @property
    def well(self) -> float | None:
        """The share of the day in which the connection was well, of all that says something about it.

        Not counted: what was not watched or not known, expected outages, and the time in which nothing was connected.
        A warning beside a session counts as well: programs reach IB. None: nothing of the day counts, or less than half
        a second, which is not told of either.
        """
        good = self.seconds.get(Light.WELL, 0.0) + self.seconds.get(Light.WARNING, 0.0)
        all_of_it = good + self.seconds.get(Light.PROBLEM, 0.0) + self.seconds.get(Light.NOT_REACHED, 0.0)
        return good / all_of_it if round(all_of_it) else None


_AWAY = {Light.PROBLEM: "error", Light.NOT_REACHED: "warning"}
"""What counts as an outage, and how grave the problem is that explains it."""
PROGRAM_GONE = 60.0
"""Seconds before an outage in which a program that then left still counts as one that was there."""


def connections(kept: Kept) -> tuple[str, ...]:
    """The names of the connections of which something is kept, in the same order for any time.

    Before an application is found, what would watch it has another name. Where others have something to tell, a
    connection that was never more than idle is left out.
    """
    states = {name: spans for (name, kind), spans in kept.by_kind.items() if kind is SpanKind.STATE}
    told = [name for name, spans in states.items() if any(_light(one) is not Light.IDLE for one in spans)]
    order = {name: number for number, name in enumerate(kept.names)}
    return tuple(sorted(told or states, key=lambda name: order.get(name, len(order))))


def strip(kept: Kept, connection: str, since: float, until: float) -> tuple[Piece, ...]:
    """How a connection was from `since` to `until` (epoch seconds), without a gap: the rest was not watched."""
    pieces: list[Piece] = []
    at = since
    for light, began, ended in _one_after_the_other(_of(kept, connection, SpanKind.STATE), since, until):
        _add(pieces, Light.NOT_WATCHED, at, began)
        _add(pieces, light, began, ended)
        at = ended
    _add(pieces, Light.NOT_WATCHED, at, until)
    return tuple(pieces)


def _one_after_the_other(
    states: Iterable[KeptSpan], since: float, until: float
) -> Iterator[tuple[Light, float, float]]:
    """The states with their begins and ends; a clock that was set back makes none of them overlap."""
    at = since
    for one in states:
        began, ended = max(one.began, at), until if one.ended is None else min(one.ended, until)
        if ended > began:
            at = ended
            yield _light(one), began, ended


def _light(one: KeptSpan) -> Light:
    if one.span.state == NOT_LINKED:
        return Light.NOT_REACHED
    # One of another version is not known.
    return _LIGHTS.get(one.span.what, Light.UNKNOWN)


def _add(pieces: list[Piece], light: Light, began: float, ended: float) -> None:
    if ended <= began:
        return
    if pieces and pieces[-1].light is light and pieces[-1].ended == began:
        pieces[-1] = Piece(light, pieces[-1].began, ended)
    else:
        pieces.append(Piece(light, began, ended))


def days(pieces: Iterable[Piece], midnights: Sequence[float]) -> tuple[Day, ...]:
    """The days between these midnights (epoch seconds, ascending; the last one ends the last day)."""
    found = [Day(midnight) for midnight in midnights[:-1]]
    for piece in pieces:
        at = piece.began
        while at < piece.ended:
            index = bisect_right(midnights, at) - 1
            if not 0 <= index < len(found):
                break
            ends = min(piece.ended, midnights[index + 1])
            seconds = found[index].seconds
            seconds[piece.light] = seconds.get(piece.light, 0.0) + ends - at
            at = ends
    return tuple(found)


def troubles(kept: Kept, connection: str, since: float, until: float) -> tuple[Trouble, ...]:
    """Each time of a problem, or of waiting for a log-in, that touches this time; whole, oldest first."""
    states = _of(kept, connection, SpanKind.STATE)
    if not states:
        return ()
    every: list[Piece] = []
    for light, began, ended in _one_after_the_other(states, states[0].began, until):
        if light in _AWAY:
            _add(every, light, began, ended)
    unbroken = [piece for piece in every if piece.ended >= since]
    going_on = {_light(one) for one in states if one.ended is None}
    shown = reaching_into(_of(kept, connection, SpanKind.PROBLEM), [(p.began, p.ended) for p in unbroken])
    # A program that came with the very look that showed the problem was there.
    moments = [(p.began - PROGRAM_GONE, math.nextafter(p.began, math.inf)) for p in unbroken]
    programs = reaching_into(_of(kept, connection, SpanKind.PROGRAM), moments)
    found: list[Trouble] = []
    for piece, inside, there in zip(unbroken, shown, programs, strict=True):
        meant = [
            s
            for s in inside
            if s.span.state == _AWAY[piece.light] and s.ended != piece.began and s.began != piece.ended
        ]
        cause = max(meant, key=lambda one: _overlap(one, piece), default=None)
        lasts = piece.light in going_on and piece.ended >= until
        found.append(
            Trouble(
                # It was there before the icon showed it.
                min(piece.began, cause.began) if cause is not None else piece.began,
                None if lasts else piece.ended,
                cause.span.what if cause is not None else "",
                cause.span.title if cause is not None else "",
                tuple(dict.fromkeys(one.span.what for one in there)),
                cause.end if cause is not None else "",
            )
        )
    return tuple(found)


def programs_since(kept: Kept, outages: int, until: float) -> float:
    """Epoch seconds from which on programs must be read to know those of so many latest outages of each connection."""
    return (
        min(
            (_begin_of_latest(spans, outages) for (_, kind), spans in kept.by_kind.items() if kind is SpanKind.STATE),
            default=until,
        )
        - PROGRAM_GONE
    )


def _begin_of_latest(states: Sequence[KeptSpan], outages: int) -> float:
    count, later = 0, math.inf
    for one in reversed(states):
        if _light(one) in _AWAY:
            # What follows on another without a break may be the same outage.
            count += one.ended != later
            if count > outages:
                return later
            later = one.began
    return later


def reaching_into(spans: Sequence[KeptSpan], times: Iterable[tuple[float, float]]) -> Iterator[Sequence[KeptSpan]]:
    """Of each time the spans that reach into it; spans and times in the order of their begins."""
    waiting, inside = deque(spans), list[KeptSpan]()
    for begins, ends in times:
        while waiting and waiting[0].began < ends:
            inside.append(waiting.popleft())
        inside = [one for one in inside if one.ended is None or one.ended > begins]
        yield inside


def _overlap(one: KeptSpan, piece: Piece) -> float:
    ended = piece.ended if one.ended is None else min(one.ended, piece.ended)
    return ended - max(one.began, piece.began)


def _of(kept: Kept, connection: str, kind: SpanKind) -> Sequence[KeptSpan]:
    return kept.by_kind.get((connection, kind), ())


def percent(share: float) -> str:
    """A share, like "99.10 %"; one that is not all is never shown as 100 %."""
    return "100 %" if share >= 1 else f"{min(share * 100, 99.99):.2f} %"
