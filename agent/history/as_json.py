"""The history of a time as JSON: the same for `gatelight history --json` and for the page. Pure."""

from datetime import datetime
from typing import Any

from agent.core.as_json import rfc3339
from agent.core.shown.calendar import coming_title, newest_source, source_words, time_words
from agent.history.ahead import Ahead
from agent.history.causes import CauseSum, causes
from agent.history.reading import HistoryRead
from agent.history.spans import Mark
from agent.history.troubles import Day, Light, Piece, Trouble, connections, days, strip, troubles
from agent.tws.coming import Coming

HISTORY_JSON_SCHEMA = 1
"""Version of the shape; raised when a field changes its meaning."""
_NAMES = {light: light.value.replace(" ", "_") for light in Light}


def history_json(history: HistoryRead, *, strips: bool = False) -> dict[str, Any]:
    """Every connection with its days, its outages, what took the time and what comes, and every event.

    `strips`: instead of the events, with the states one after the other and the latencies that were read, as pictures
    need them. Where only the latest outages were read, only those, beside the number of all.
    """
    kept, until = history.kept, history.until
    return {
        "schema": HISTORY_JSON_SCHEMA,
        "since": rfc3339(history.midnights[0]),
        "until": rfc3339(until),
        "ahead_until": rfc3339(history.ahead_until),
        **({} if kept.began is None else {"began": rfc3339(kept.began)}),
        "reset_windows": {"as_of": newest_source().isoformat(), "note": source_words()},
        "connections": [_connection(history, name, strips=strips) for name in connections(kept)],
        **({} if strips else {"events": [_event(mark) for mark in kept.marks]}),
    }


def _connection(history: HistoryRead, name: str, *, strips: bool) -> dict[str, Any]:
    kept, since, until = history.kept, history.midnights[0], history.until
    pieces = strip(kept, name, since, until)
    outages = troubles(kept, name, since, until)
    ahead = history.ahead.get(name)
    told: dict[str, Any] = {
        "name": name,
        "days": [_day(day) for day in days(pieces, history.midnights)],
        "outages": [_trouble(one, until) for one in outages[-(history.outages or len(outages)) :]],
        "causes": [_cause(one) for one in causes(kept, name, pieces, outages, since, until)],
        **({} if ahead is None else {"ahead": _ahead(ahead)}),
    }
    if strips:
        told["outages_in_all"] = len(outages)
        told["strip"] = [_piece(piece) for piece in pieces]
        told["latencies"] = [[m.minute * 60, round(m.worst, 6)] for m in kept.latencies if m.connection == name]
    return told


def _cause(one: CauseSum) -> dict[str, Any]:
    told = {"cause": one.cause.value, "title": one.cause.words, "problems": list(one.titles)}
    return {**told, "seconds": round(one.seconds, 1), "count": one.count, "longest": round(one.longest, 1)}


def _ahead(ahead: Ahead) -> dict[str, Any]:
    told: dict[str, Any] = {"coming": [_coming(one) for one in ahead.coming], "notes": list(ahead.notes)}
    if ahead.region is not None:
        told["region"] = {"name": ahead.region.value, "known_from": ahead.region_from.value}
    daily = ahead.daily or ahead.elsewhere
    if daily is not None:
        told["daily"] = {
            "at": time_words(daily.minutes),
            "restarts": daily.restarts,
            "known_from": daily.known_from.value,
            "own_clock": ahead.daily is None,
        }
        if daily.seen is not None:
            told["daily"]["days_seen"], told["daily"]["days_watched"] = daily.seen
    return told if ahead.as_of is None else {**told, "as_of": rfc3339(ahead.as_of)}


def _coming(one: Coming) -> dict[str, str]:
    told = {"kind": one.kind.value, "title": coming_title(one.kind, one.region), "begins": rfc3339(one.begins)}
    if one.region is not None:
        told["region"] = one.region.value
    return told if one.ends is None else {**told, "ends": rfc3339(one.ends)}


def _event(mark: Mark) -> dict[str, Any]:
    told = {"at": rfc3339(mark.at), "connection": mark.happened.connection, "kind": mark.happened.kind.value}
    return {**told, "code": mark.happened.what, "detail": mark.happened.detail}


def _piece(piece: Piece) -> list[Any]:
    """Its light, and its begin and end in whole epoch seconds: finer is no news in a picture."""
    return [_NAMES[piece.light], round(piece.began), round(piece.ended)]


def _trouble(one: Trouble, until: float) -> dict[str, Any]:
    told: dict[str, Any] = {"began": rfc3339(one.began), "seconds": round(one.seconds(until), 1)}
    if one.ended is not None:
        told["ended"] = rfc3339(one.ended)
    return {**told, "code": one.code, "title": one.title, "programs": list(one.programs), "end": one.end}


def _day(day: Day) -> dict[str, Any]:
    told: dict[str, Any] = {
        "date": f"{datetime.fromtimestamp(day.began).astimezone():%Y-%m-%d}",
        "seconds": {_NAMES[light]: round(seconds, 1) for light, seconds in day.seconds.items()},
    }
    return told if day.well is None else {**told, "well": round(day.well, 6)}
