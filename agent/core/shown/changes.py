"""From one status to the next: what a hook can be run for. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from agent.core.as_json import rfc3339
from agent.core.settings import ANY, CONNECTED, HookSettings
from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, ShownProblem, Status, status_to_json

_SCHEMA = 1
MOST_FOLLOWED = 200
"""Connections that are remembered, those of earlier among them."""
_AWAY = frozenset({IconState.PROBLEM, IconState.WARNING, IconState.WAITING, IconState.MAINTENANCE})
"""States of a connection without a session that say: programs could not use it either."""


class ShownChangeKind(StrEnum):
    """What has changed."""

    CONNECTED = "connected"
    """An API session stands again, after the agent has seen the connection without one."""
    DISCONNECTED = "disconnected"
    """The API session is gone."""
    PROBLEM_BEGAN = "problem-began"
    """A problem is shown."""
    PROBLEM_OVER = "problem-over"
    """A problem is no longer shown."""


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One change."""

    kind: ShownChangeKind
    connection: str
    """Empty: of Gatelight itself."""
    at: float
    """Epoch seconds at which it was seen."""
    problem: ShownProblem | None = None
    """The problem that began, or as it was shown last."""

    def wanted_by(self, hook: HookSettings) -> bool:
        """Whether the hook is for this change."""
        if ANY in hook.on:
            return True
        if self.problem is not None:
            return self.problem.code in hook.on
        return self.kind is ShownChangeKind.CONNECTED and CONNECTED in hook.on


@dataclass(frozen=True, slots=True)
class _Seen:
    """A connection as it was shown last."""

    connected: bool = False
    away: bool = False
    """The agent has seen it used, or out of use, so that a session is its return."""


@dataclass(frozen=True, slots=True)
class LastShown:
    """What was shown last."""

    connections: Mapping[str, _Seen] = field(default_factory=dict)
    problems: Mapping[tuple[str, str], ShownProblem] = field(default_factory=dict)
    """By connection and code."""


def changes_to(before: LastShown, status: Status, wall: float) -> tuple[LastShown, tuple[ShownChange, ...]]:
    """What is shown now, and what has changed; `wall`: epoch seconds of now.

    A start of the agent is no change: a session that it opens at first is not the return of the connection, and a
    problem that is older than the agent does not begin. What is not watched any more ends without a change.
    """
    shown = {one.name: _seen(before.connections.get(one.name, _Seen()), one) for one in status.connections}
    gone = {
        name: _Seen(away=was.away or was.connected) for name, was in before.connections.items() if name not in shown
    }
    connections = dict([*gone.items(), *shown.items()][-MOST_FOLLOWED:])
    problems = dict(_problems(status))
    found = [
        *(ShownChange(kind, name, wall) for name, now in shown.items() if (kind := _moved(before, name, now))),
        *(
            ShownChange(ShownChangeKind.PROBLEM_OVER, key[0], wall, was)
            for key, was in before.problems.items()
            if key not in problems and (not key[0] or key[0] in shown)
        ),
        *(
            ShownChange(ShownChangeKind.PROBLEM_BEGAN, key[0], wall, problem)
            for key, problem in problems.items()
            if key not in before.problems and problem.since >= status.started
        ),
    ]
    return LastShown(connections, problems), tuple(found)


def change_to_json(change: ShownChange, hook: str, status: Status) -> dict[str, Any]:
    """The change as a hook reads it, with its connection as `status --json` tells it."""
    told: dict[str, Any] = {"schema": _SCHEMA, "hook": hook, "event": change.kind.value, "at": rfc3339(change.at)}
    if change.connection:
        told["connection"] = change.connection
    if (problem := change.problem) is not None:
        told |= {"code": problem.code, "severity": problem.severity, "title": problem.title, "text": problem.text}
        told["since"] = rfc3339(problem.since)
    shown = status_to_json(status)["connections"]
    told["now"] = next((one for one in shown if one["name"] == change.connection), None)
    return {name: value for name, value in told.items() if value is not None}


def _seen(before: _Seen, shown: ShownConnection) -> _Seen:
    connected = shown.phase == "connected"
    # On another computer, waiting is only the time before the first attempt.
    out_of_use = not connected and shown.overall in _AWAY and (shown.overall is not IconState.WAITING or shown.local)
    return _Seen(connected, before.away or before.connected or out_of_use)


def _moved(before: LastShown, name: str, now: _Seen) -> ShownChangeKind | None:
    was = before.connections.get(name, _Seen())
    if now.connected and not was.connected:
        return ShownChangeKind.CONNECTED if was.away else None
    return ShownChangeKind.DISCONNECTED if was.connected and not now.connected else None


def _problems(status: Status) -> Iterator[tuple[tuple[str, str], ShownProblem]]:
    for connection in status.connections:
        # Of several with one code the worst stands first, and is told.
        for problem in reversed(connection.problems):
            if problem.visible:
                yield ("" if problem.of_program else connection.name, problem.code), problem
