"""Commands that tell the running agent something, each with the sentence that says what it did."""

import argparse
from datetime import datetime, timedelta
from typing import Any

from agent.cli.terminal import tell
from agent.core.clock import day_and_time
from agent.core.names import meant_by, none_fits
from agent.errors import AgentUnreachable, UsageError
from agent.runtime.control.channel import request
from agent.runtime.paths import Places

_NAMED = 10
"""Connections that a sentence names."""


def ask(places: Places, message: dict[str, Any]) -> dict[str, Any]:
    """The answer of the running agent; raises UsageError with its reason against, or AgentNotRunning, also where an
    agent runs that cannot answer now."""
    answer = request(places, message)
    if "error" in answer:
        raise AgentUnreachable(answer["error"]) if answer.get("later") else UsageError(answer["error"])
    return answer


def command(places: Places, options: argparse.Namespace) -> int:
    """The command that was typed."""
    match options.command:
        case "connect":
            return watch(places, options.name)
        case "disconnect":
            return stop_watching(places, options.name, options.duration)
        case "pause":
            return pause(places, options.duration)
        case "resume":
            return resume(places)
        case "seen":
            return seen(places, options.name)
        case "ignore":
            return ignore_program(places, options.program, options.connection, undo=options.undo)
        case _:
            return snooze(places, options.code, options.duration)


def of_those(answer: dict[str, Any], name: str | None) -> tuple[dict[str, Any], bool]:
    """The status of the connections that a name or a pattern means, and whether one of them shows a problem.

    Raises UsageError where none is meant. Without a name, all of them.
    """
    status = answer["status"]
    if name is None:
        return status, answer["shows_problem"]
    names = [connection["name"] for connection in status["connections"]]
    meant = meant_by(name, names)
    if not meant:
        raise UsageError(none_fits(name, names))
    connections = [connection for connection in status["connections"] if connection["name"] in meant]
    shown = (p for connection in connections for p in connection["problems"])
    ill = any(c["overall"] in ("problem", "warning") for c in connections)
    return {**status, "connections": connections}, ill or any(p["visible"] and p["severity"] != "info" for p in shown)


def tell_agent(places: Places, message: dict[str, Any], done: str, already: str = "", quiet: str = "") -> int:
    """Tell the agent what the user wants and say that it is done; 1 where a restart of the agent would forget it.

    `already`: what is said instead where it was so before. `quiet`: where it is done, and it is a quiet hour.
    """
    return _say_so(ask(places, message), done, already, quiet)


def _say_so(answer: dict[str, Any], done: str, already: str = "", quiet: str = "") -> int:
    if "not_kept" in answer:
        tell(answer["not_kept"])
        return 1
    if "already" in answer:
        tell(already)
    else:
        tell(quiet if "quiet_hours" in answer else done)
    return 0


def _which(answer: dict[str, Any], name: str | None, every: str) -> str:
    """What a sentence says of whom; of a pattern, which connections fit it."""
    found = answer.get("connections")
    if found is None:
        return every if name is None else f"“{name}”"
    names = ", ".join(f"“{one}”" for one in found[:_NAMED]) + (
        f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    )
    tell(f"“{name}” fits {len(found)} connection{'s' * (len(found) > 1)}: {names}.")
    return "Each of them" if len(found) > 1 else f"“{found[0]}”"


def watch(places: Places, name: str | None) -> int:
    """`gatelight connect`."""
    answer = ask(places, {"command": "connect", "name": name})
    which = _which(answer, name, "Every connection")
    return _say_so(answer, f"{which} is watched again.", f"{which} is watched already.")


def stop_watching(places: Places, name: str | None, duration: str | None) -> int:
    """`gatelight disconnect`."""
    seconds = None if duration is None else seconds_of(duration)
    until = "until `gatelight connect`" if seconds is None else f"until {clock_time(seconds)}"
    answer = ask(places, {"command": "disconnect", "name": name, "seconds": seconds})
    which = _which(answer, name, "")
    none = {"": "No connection is", "Each of them": "None of them is"}.get(which, f"{which} is not")
    return _say_so(answer, f"{none} watched {until}.")


def pause(places: Places, duration: str | None) -> int:
    """`gatelight pause`."""
    seconds = None if duration is None else seconds_of(duration)
    until = "`gatelight resume`" if seconds is None else f"{clock_time(seconds)}; `gatelight resume` ends that earlier"
    return tell_agent(places, {"command": "pause", "seconds": seconds}, f"No notices until {until}.")


def resume(places: Places) -> int:
    """`gatelight resume`."""
    quiet = "Notices come again as soon as the quiet hours are over."
    return tell_agent(places, {"command": "resume"}, "Notices come again.", "Notices were not paused.", quiet)


def snooze(places: Places, code: str, duration: str) -> int:
    """`gatelight snooze`."""
    seconds = seconds_of(duration)
    message = {"command": "snooze", "code": code, "seconds": seconds}
    return tell_agent(places, message, f"No notices about this problem ({code}) until {clock_time(seconds)}.")


def seen(places: Places, name: str | None) -> int:
    """`gatelight seen`."""
    answer = ask(places, {"command": "seen", "name": name})
    which = _which(answer, name, "")
    about = f" about {which[:1].lower()}{which[1:]}" if which else ""
    return _say_so(answer, f"What changed{about} is not shown any more.", f"No change{about} was waiting to be seen.")


def ignore_program(places: Places, program: str, name: str | None, *, undo: bool) -> int:
    """`gatelight ignore`."""
    message = {"command": "ignore", "program": program, "name": name, "undo": undo}
    done = "is missed again whenever it should be connected and is not" if undo else "is not missed any more"
    already = "was not ignored" if undo else "was ignored already"
    return tell_agent(places, message, f"“{program}” {done}.", f"“{program}” {already}.")


def seconds_of(text: str) -> float:
    """A duration as typed, in seconds; raises UsageError."""
    from agent.config.text import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise UsageError(f"“{text}” is not a duration: write a number and a unit, like 30m, 2h or 1d.")
    return seconds


def clock_time(seconds: float) -> str:
    """The user’s clock time in so many seconds, with its day where that is not today."""
    now = datetime.now().astimezone()
    try:
        # The clock may change until then.
        then = (now + timedelta(seconds=seconds)).astimezone()
    except (OverflowError, OSError, ValueError):
        # The agent refuses it with a sentence of its own.
        return "then"
    return day_and_time(then, now)
