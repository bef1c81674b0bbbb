"""From the status to what the page shows: one JSON object, made by a pure function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.core.as_json import as_json, present, rfc3339
from agent.core.shown.calendar import coming_title
from agent.core.shown.groups import ConnectionGroup, Grouped, groups_of
from agent.core.shown.menu import STATE_WORDS, headline, headline_since
from agent.core.shown.status import ShownConnection, ShownProblem, Status, status_to_json
from agent.page.path import path_of
from agent.page.progress import Progress
from agent.page.summary import summary
from agent.tws.applications import ApplicationKind
from agent.tws.calendar import Expectation, Outage
from agent.tws.coming import ComingKind


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything the page shows, as values."""

    status: Status
    expected: Mapping[str, Expectation] = field(default_factory=dict)
    """What the calendar says, by connection."""
    latencies: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    """(epoch seconds, seconds it took) of the last hour, by connection."""
    hours: Mapping[str, tuple[float, Sequence[tuple[str, int]]]] = field(default_factory=dict)
    """When the last hour began, and what was shown in it, as `LastHour.of` tells it; by connection."""
    progress: Progress = field(default_factory=Progress)
    """How far the problems are, and which ones are over."""
    config_error: str | None = None
    started_as: str = "gatelight run"
    """The command that starts this agent again."""
    starts_at_login: bool | None = None
    """None: not known."""


def view(seen: Seen) -> dict[str, Any]:
    """All of it. Account numbers are masked as in the status; what is not known is absent or "unknown"."""
    status = seen.status
    shown = status_to_json(status, thorough=True)
    shown["words"] = STATE_WORDS[status.overall]
    shown["summary"] = summary(status)
    if groups := groups_of([Grouped(c.name, c.host, c.overall, headline(c)) for c in status.connections]):
        shown["groups"] = [_group(group, status) for group in groups]
    shown["start"] = present({"command": seen.started_as, "at_login": seen.starts_at_login})
    if status.update is not None:
        shown["update"] = as_json(status.update)
    if status.worst is not None:
        shown["worst"] = list(status.worst)
    if seen.config_error is not None:
        shown["config_error"] = seen.config_error
    for connection, its in zip(status.connections, shown["connections"], strict=True):
        its.update(_connection(connection, seen))
        for problem, told in zip(connection.problems, its["problems"], strict=True):
            told.update(_problem(problem, connection, seen))
    progress = seen.progress
    shown["under_way"] = [
        {
            "connection": f.connection,
            "code": f.code,
            "title": f.title,
            "since": rfc3339(f.since),
            "steps": list(f.steps),
            "done": list(f.done),
        }
        for f in progress.followed
        if f.under_way
    ]
    shown["set_aside"] = [{"connection": f.connection, "code": f.code} for f in progress.followed if f.set_aside]
    shown["ended"] = as_json(progress.ended)
    return shown


def _group(group: ConnectionGroup, status: Status) -> dict[str, Any]:
    return {
        "name": group.name,
        "overall": group.state.value,
        "words": group.words,
        "crowded": bool(group.crowd),
        "connections": [status.connections[place].name for place in group.members],
    }


def _connection(connection: ShownConnection, seen: Seen) -> dict[str, Any]:
    more: dict[str, Any] = {
        "headline": headline(connection),
        "words": STATE_WORDS[connection.overall],
        "rank": connection.overall.rank,
        "wanted": connection.wanted,
        "path": path_of(connection),
    }
    since = headline_since(connection)
    if since is not None:
        more["headline_since"] = {"words": since[0], "time": rfc3339(since[1])}
    if connection.outage_ends is not None:
        more["back_by"] = rfc3339(connection.outage_ends)
    if connection.application is not None:
        more["title"] = ApplicationKind(connection.application.kind).title
    samples = seen.latencies.get(connection.name, ())
    if samples:
        # Whole seconds and hundredths of a millisecond: finer is no news, and this is sent with every change.
        more["latencies"] = [[int(at), round(took * 1000, 2)] for at, took in samples]
    hour = seen.hours.get(connection.name)
    if hour is not None:
        more["hour"] = {"begins": rfc3339(hour[0]), "states": [list(run) for run in hour[1]]}
    expected = seen.expected.get(connection.name)
    if expected is not None:
        if expected.next_outage is not None:
            more["next_outage"] = _outage(expected.next_outage)
        if expected.login_due is not None:
            more["login_due"] = rfc3339(expected.login_due)
    return more


def _outage(outage: Outage) -> dict[str, str]:
    words = {"kind": outage.kind.value, "title": coming_title(ComingKind(outage.kind.value))}
    return {**words, "begins": rfc3339(outage.began), "ends": rfc3339(outage.ends)}


def _problem(problem: ShownProblem, connection: ShownConnection, seen: Seen) -> dict[str, Any]:
    return {
        "done": list(seen.progress.done.get((connection.name, problem.code), ())),
        "snoozable": problem.can_be_snoozed,
        "until_seen": problem.until_seen,
        "programs": list(problem.programs),
    }
