"""Several connections in one table, for `status`: the worst first, and what is wrong with each in a line."""

import sys
from collections.abc import Iterator
from typing import Any

from agent.cli.report import OVERALL_WORDS, local_time
from agent.cli.terminal import columns
from agent.core.clock import took
from agent.core.shown.display import IconState
from agent.core.shown.groups import READ_AT_ONCE, Grouped, groups_of, ill_words
from agent.platforms.called import as_typed

_BAD = frozenset({"problem", "warning"})
_NAMED = 5
"""Names in the line that counts."""
_WIDE, _MIDDLE = 90, 70
"""Columns from which on programs and latency, and the time, have a column."""


def overview(connections: list[dict[str, Any]], *, every: bool = False, named: str = "") -> Iterator[str]:
    """The lines of the table, below a line that counts. Of many, those that are well are a line, unless `every`.

    `named`: what the user gave to choose these of the connections.
    """
    # Rich is imported here, where a table is printed for people.
    from agent.cli.colours import text_table

    ordered = sorted(connections, key=lambda c: IconState(c["overall"]).rank)
    bad = [c["name"] for c in ordered if c["overall"] in _BAD]
    ill = ill_words(IconState(c["overall"]) for c in ordered)
    if bad:
        has = "has" if len(bad) == 1 else "have"
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED + 1 else ""
        yield f"{len(bad)} of {len(ordered)} {has} {ill}: {', '.join(bad[: _NAMED if more else None])}{more}"
    elif all(c["overall"] == "connected" for c in ordered):
        yield f"All is well: {len(ordered)} connections"
    else:
        yield f"{len(ordered)} connections"
    groups = () if every else groups_of([_as_grouped(c) for c in connections])
    well = [c for c in ordered if c["overall"] == "connected"]
    folded = len(ordered) > READ_AT_ONCE and not every and len(well) > 1 and not groups
    if folded or groups:
        crowded = {connections[place]["name"] for group in groups for place in group.crowd}
        ordered = [c for c in ordered if c["overall"] != "connected" and c["name"] not in crowded]
    listing = f"`gatelight status {as_typed(named)} -v`" if named else "`gatelight status -v`"
    yield ""
    width = columns(sys.stdout)
    head = ["", "Name", "", "State"]
    rows = [_row(connection) for connection in ordered]
    if width >= _MIDDLE:
        head.append("Since")
    if width >= _WIDE:
        head += ["Programs", "Answers in"]
    if rows:
        yield from text_table(head, [row[: len(head)] for row in rows], width).splitlines()
    if folded:
        others = "the others" if rows else "all"
        yield f"{IconState.CONNECTED.mark}  {len(well)} are connected ({others}); {listing} lists them."
    if groups and rows:
        yield ""
    yield from (f"{group.state.mark}  {group.name}: {group.words}" for group in groups)
    if groups:
        yield ""
        yield f"{listing} lists all of them."


def _as_grouped(connection: dict[str, Any]) -> Grouped:
    return Grouped(connection["name"], connection["host"], IconState(connection["overall"]), _headline(connection))


def _row(connection: dict[str, Any]) -> list[str]:
    overall, latency, programs = connection["overall"], connection.get("latency_s"), connection.get("programs")
    mode = connection.get("trading_mode", "unknown")
    return [
        IconState(overall).mark,
        connection["name"],
        "" if mode == "unknown" else mode.upper(),
        _headline(connection),
        _since(connection),
        "?" if programs is None else str(len(programs)),
        "" if latency is None else took(latency),
    ]


def _since(connection: dict[str, Any]) -> str:
    """Since when it is as the headline says; empty where that is not known."""
    problem = _told(connection)
    if problem is not None:
        return f"{'seen ' if problem.get('first_seen') else ''}{local_time(problem['since'])}"
    return local_time(connection["since"]) if connection["overall"] == "connected" else ""


def _told(connection: dict[str, Any]) -> dict[str, Any] | None:
    """The problem that the headline names."""
    shown = [p for p in connection["problems"] if p["visible"]]
    return shown[0] if shown and connection["overall"] != "connected" else None


def _headline(connection: dict[str, Any]) -> str:
    problem = _told(connection)
    if problem is not None:
        return str(problem["title"])
    if connection["overall"] == "paused":
        return "notices paused" if connection["phase"] == "connected" else "not watched, as you asked"
    waits_for = f" for {connection['waits_for']}" if "waits_for" in connection else ""
    return OVERALL_WORDS[connection["overall"]].lower() + waits_for
