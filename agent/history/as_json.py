"""The history of a time as JSON: the same for `gatelight history --json` and for the page. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent.core.as_json import rfc3339
from agent.history.spans import Kept, Mark
from agent.history.troubles import Day, Piece, Trouble, connections, days, strip, troubles

HISTORY_JSON_SCHEMA = 1
"""Version of the shape; raised when a field changes its meaning."""


def history_json(kept: Kept, midnights: Sequence[float], until: float, *, strips: bool = False) -> dict[str, Any]:
    """Every connection with its days and outages, and every event, between the first midnight and `until`.

    `midnights` are those of the user's zone, in epoch seconds, the last one after `until`. `strips`: instead of the
    events, with the states one after the other and the latencies that were read, as pictures need them.
    """
    since = midnights[0]
    told: list[dict[str, Any]] = []
    for name in connections(kept):
        pieces = strip(kept, name, since, until)
        one: dict[str, Any] = {
            "name": name,
            "days": [_day(day) for day in days(pieces, midnights)],
            "outages": [_trouble(trouble, until) for trouble in troubles(kept, name, since, until)],
        }
        if strips:
            one["strip"] = [_piece(piece) for piece in pieces]
            one["latencies"] = [[m.minute * 60, round(m.worst, 6)] for m in kept.latencies if m.connection == name]
        told.append(one)
    return {
        "schema": HISTORY_JSON_SCHEMA,
        "since": rfc3339(since),
        "until": rfc3339(until),
        **({} if kept.began is None else {"began": rfc3339(kept.began)}),
        "connections": told,
        **({} if strips else {"events": [_event(mark) for mark in kept.marks]}),
    }


def _event(mark: Mark) -> dict[str, Any]:
    told = {"at": rfc3339(mark.at), "connection": mark.happened.connection, "kind": mark.happened.kind.value}
    return {**told, "code": mark.happened.what, "detail": mark.happened.detail}


def _piece(piece: Piece) -> list[Any]:
    """Its light, and its begin and end in whole epoch seconds: finer is no news in a picture."""
    return [_name(piece.light.value), round(piece.began), round(piece.ended)]


def _trouble(one: Trouble, until: float) -> dict[str, Any]:
    told: dict[str, Any] = {"began": rfc3339(one.began), "seconds": round(one.seconds(until), 1)}
    if one.ended is not None:
        told["ended"] = rfc3339(one.ended)
    return {**told, "code": one.code, "title": one.title, "programs": list(one.programs), "end": one.end}


def _day(day: Day) -> dict[str, Any]:
    told: dict[str, Any] = {
        "date": f"{datetime.fromtimestamp(day.began).astimezone():%Y-%m-%d}",
        "seconds": {_name(light.value): round(seconds, 1) for light, seconds in day.seconds.items()},
    }
    return told if day.well is None else {**told, "well": round(day.well, 6)}


def _name(light: str) -> str:
    return light.replace(" ", "_")
