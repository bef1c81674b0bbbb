"""The answers of the agent's loop to commands. `agent.app.agent_host` has those for page, fixes and set-up."""

import json
from dataclasses import replace
from typing import Any

from agent.core.commands import AskLinks, AskStatus, LoopCommand, Unusable
from agent.core.events import UserAsked
from agent.core.evidence.processes import applications
from agent.core.names import is_pattern, meant_by, none_fits
from agent.core.shown.display import Connect, Disconnect, Ignore, Pause, Resume, SeenChanges, Snooze
from agent.core.shown.status import status_to_json
from agent.core.state_machine.quiet import is_quiet_hour
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.user_actions import is_so_already
from agent.core.text import shortened
from agent.runtime.control.channel import LONGEST_CONTROL_MESSAGE
from agent.runtime.loop import AgentLoop

ROOM = LONGEST_CONTROL_MESSAGE - 65_536
"""Bytes of an answer that the connections may fill."""
_SHORTER = ((20, 255), (5, 80), (1, 20))
"""Steps of shortening, taken one after another until an answer fits: entries of a list, characters of a text."""
LONGEST_SILENCE = 366 * 86400.0
"""Seconds, a year. A longer time is a typing error, and may be beyond any calendar."""


def answer(loop: AgentLoop, command: LoopCommand) -> dict[str, Any]:
    """Carry out the command, or return `{"error": one sentence}`. On the loop's thread."""
    if isinstance(command, AskStatus):
        return _status(loop, command.show_accounts)
    if isinstance(command, AskLinks):
        return {"links": _links(loop)}
    match command:
        case Connect(text) | Disconnect(text) | SeenChanges(text) if is_pattern(text):
            names = [watched.settings.name for watched in loop.state.watched]
            found = meant_by(text, names)
            if not found:
                return {"error": none_fits(text, names)}
            if found != (text,):
                return _each(loop, command, found)
        case _:
            pass
    reason = _reason_against(loop.state, command)
    if isinstance(command, Unusable) or reason is not None:
        return {"error": reason}
    now = loop.now()
    already = {"already": True} if is_so_already(loop.state, command, now) else {}
    quiet = {"quiet_hours": True} if isinstance(command, Resume) and is_quiet_hour(loop.state, now) else {}
    loop.post(UserAsked(command))
    return {"done": True, **already, **quiet}


def _each(loop: AgentLoop, command: Connect | Disconnect | SeenChanges, names: tuple[str, ...]) -> dict[str, Any]:
    """The same for each of several connections, and which ones they are; nothing where it cannot be done for one."""
    commands = [_about(command, name) for name in names]
    reason = next((r for r in (_reason_against(loop.state, one) for one in commands) if r is not None), None)
    if reason is not None:
        return {"error": reason}
    told = [answer(loop, one) for one in commands]
    already = {"already": True} if all("already" in one for one in told) else {}
    return {"done": True, "connections": list(names), **already}


def _about(command: Connect | Disconnect | SeenChanges, name: str) -> Connect | Disconnect | SeenChanges:
    return replace(command, name=name) if isinstance(command, Connect | Disconnect) else SeenChanges(name)


def _reason_against(state: AgentState, command: LoopCommand) -> str | None:
    """The reason why a command cannot be carried out, one sentence with the remedy; None when it can."""
    match command:
        case Unusable(reason):
            return reason
        case Ignore():
            return _unknown_connection(state, command.connection) or _unknown_program(state, command)
        case SeenChanges(name):
            return _unknown_connection(state, name)
        case Connect(name) | Disconnect(name) if (unknown := _unknown_connection(state, name)) is not None:
            return unknown
        case Disconnect(_, seconds) if seconds is not None and not 0 < seconds <= LONGEST_SILENCE:
            return "To stop watching for a while needs a duration of a year at most, like 30m, 2h or 1d."
        case Pause(seconds) if seconds is not None and not 0 < seconds <= LONGEST_SILENCE:
            return "A pause needs a duration of a year at most, like 30m, 2h or 1d."
        case Snooze(code, _, seconds):
            problem = next((p for p in state.knowledge.problems if p.code == code), None)
            if problem is None:
                return f"There is no problem with the code “{code}”: `gatelight status` shows the codes in use."
            if problem.never_silenced:
                return f"“{code}” cannot be snoozed: it warns that real money may be at stake."
            if not 0 < seconds <= LONGEST_SILENCE:
                return "A snooze needs a duration of a year at most, like 30m, 2h or 1d."
    return None


def _unknown_connection(state: AgentState, name: str) -> str | None:
    names = [w.settings.name for w in state.watched]
    if not name or name in names:
        return None
    return none_fits(name, names)


def _unknown_program(state: AgentState, command: Ignore) -> str | None:
    ports = [w.port for w in state.watched if command.connection in ("", w.settings.name)]
    programs = [p.id.label for port in ports for p in port.programs]
    if command.program in programs:
        return None
    known = ", ".join(dict.fromkeys(f"“{label}”" for label in programs))
    where = f" to “{command.connection}”" if command.connection else ""
    if not known:
        return f"No program has been connected{where} for long enough to be missed."
    return f"No program called “{command.program}” has been connected{where}: choose one of {known}."


def _links(loop: AgentLoop) -> list[dict[str, Any]]:
    """The connections of applications to IB's servers, and how many seconds each has stood at least."""
    now = loop.now().monotonic
    return [
        {"pid": p.pid, "started": p.started, "address": p.upstream, "stood": round(now - p.upstream_since, 1)}
        for p in applications(loop.state.machine)
        if p.upstream is not None and p.upstream_since is not None
    ]


def _status(loop: AgentLoop, show_accounts: bool) -> dict[str, Any]:
    shown = loop.state.shown
    if shown is None:
        return {"error": "The agent is still starting: ask again in a second.", "later": True}
    status = fitting(status_to_json(shown, show_accounts=show_accounts))
    return {"status": status, "shows_problem": shown.shows_problem}


def fitting(status: dict[str, Any]) -> dict[str, Any]:
    """The status, shortened to fit into one answer: the largest connections first, and none is left out."""
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
