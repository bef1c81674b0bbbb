"""What the running agent answers on the control channel: the commands of the command line, one function."""

from typing import Any, TypeGuard

from agent.core.display import Connect, Disconnect, LookNow, Pause, Resume, Snooze
from agent.core.events import UserAsked
from agent.core.status import to_json
from agent.runtime.loop import AgentLoop

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
    return {"status": to_json(shown, show_accounts=show_accounts), "shows_problem": shown.shows_problem}


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
