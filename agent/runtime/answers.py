"""What the running agent answers on the control channel: the commands of the command line, one function."""

import json
from typing import Any, TypeGuard

from agent.core.display import Connect, Disconnect, LookNow, Pause, Resume, Snooze
from agent.core.events import UserAsked
from agent.core.status import to_json
from agent.core.text import shortened
from agent.runtime.control import LONGEST_MESSAGE
from agent.runtime.loop import AgentLoop

ROOM = LONGEST_MESSAGE - 65_536
"""Bytes of an answer that the connections may take."""
_SHORTER = ((20, 255), (5, 80), (1, 20))
"""Entries of a list and characters of a text that are left, one step after the other until it fits."""
LONGEST_SILENCE = 366 * 86400.0
"""Seconds: a year. Longer is a slip of the finger, and soon beyond what a calendar can show."""


def answer(loop: AgentLoop, request: dict[str, Any]) -> dict[str, Any]:
    """Do what `request["command"]` asks, or answer `{"error": one sentence}`. On the loop's thread."""
    command = request.get("command")
    name = request.get("name") or ""
    if command in ("connect", "disconnect") and name:
        names = [w.settings.name for w in loop.state.watched]
        if name not in names:
            known = ", ".join(f"“{n}”" for n in names) or "none"
            return {"error": f"There is no connection named “{name}”: choose one of {known}."}
    match command:
        case "status":
            return _status(loop, bool(request.get("show_accounts")))
        case "connect":
            loop.post(UserAsked(Connect(name)))
        case "disconnect":
            loop.post(UserAsked(Disconnect(name)))
        case "pause":
            seconds = request.get("seconds")
            if seconds is not None and not _is_duration(seconds):
                return {"error": "A pause needs a duration of a year at most, like 30m, 2h or 1d."}
            loop.post(UserAsked(Pause(seconds)))
        case "resume":
            loop.post(UserAsked(Resume()))
        case "snooze":
            return _snooze(loop, request)
        case "look":
            loop.post(UserAsked(LookNow()))
        case _:
            return {"error": f"This agent does not know the command “{command}”: it may be an older version."}
    return {"done": True}


def _status(loop: AgentLoop, show_accounts: bool) -> dict[str, Any]:
    shown = loop.state.shown
    if shown is None:
        return {"error": "The agent is still starting: ask again in a second."}
    status = fitting(to_json(shown, show_accounts=show_accounts))
    return {"status": status, "shows_problem": shown.shows_problem}


def fitting(status: dict[str, Any]) -> dict[str, Any]:
    """A status that fits into one answer: of the largest connections less is told, so that all can be told of."""
    connections = list(status["connections"])
    for entries, characters in _SHORTER:
        sizes = [len(json.dumps(c, ensure_ascii=False).encode("utf-8", "replace")) for c in connections]
        for index in sorted(range(len(connections)), key=lambda i: -sizes[i]):
            if sum(sizes) <= ROOM:
                break
            whole = connections[index]
            connections[index] = {**_shorter(whole, entries, characters), "name": whole["name"], "shortened": True}
            sizes[index] = len(json.dumps(connections[index], ensure_ascii=False).encode("utf-8", "replace"))
    return {**status, "connections": connections}


def _shorter(value: Any, entries: int, characters: int) -> Any:
    match value:
        case str():
            return shortened(value, characters)
        case list():
            return [_shorter(one, entries, characters) for one in value[:entries]]
        case dict():
            return {key: _shorter(one, entries, characters) for key, one in value.items()}
        case _:
            return value


def _snooze(loop: AgentLoop, request: dict[str, Any]) -> dict[str, Any]:
    code, seconds = request.get("code"), request.get("seconds")
    if code is None:
        return {"error": "A snooze needs the code of a problem: `gatelight status` shows the codes in use."}
    problem = next((p for p in loop.state.knowledge.problems if p.code == code), None)
    if problem is None:
        return {"error": f"There is no problem with the code “{code}”: `gatelight status` shows the codes in use."}
    if problem.never_silenced:
        return {"error": f"“{code}” cannot be snoozed: it warns that real money may be at stake."}
    if not _is_duration(seconds):
        return {"error": "A snooze needs a duration of a year at most, like 30m, 2h or 1d."}
    loop.post(UserAsked(Snooze(problem.code, "", float(seconds))))
    return {"done": True}


def _is_duration(seconds: object) -> TypeGuard[float]:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return False
    return 0 < seconds <= LONGEST_SILENCE
