"""Commands that tell the running agent something, each with the sentence that says what it did."""

import argparse
from datetime import datetime, timedelta
from typing import Any

from agent.cli.terminal import tell
from agent.core.clock import day_and_time
from agent.errors import UsageError
from agent.runtime.control.channel import request
from agent.runtime.paths import Places


def ask(places: Places, message: dict[str, Any]) -> dict[str, Any]:
    """The answer of the running agent; raises AgentNotRunning, or UsageError with its reason against."""
    answer = request(places, message)
    if "error" in answer:
        raise UsageError(answer["error"])
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


def tell_agent(places: Places, message: dict[str, Any], done: str, already: str = "", quiet: str = "") -> int:
    """Tell the agent what the user wants and say that it is done; 1 where a restart of the agent would forget it.

    `already`: what is said instead where it was so before. `quiet`: where it is done, and it is a quiet hour.
    """
    answer = ask(places, message)
    if "not_kept" in answer:
        tell(answer["not_kept"])
        return 1
    if "already" in answer:
        tell(already)
    else:
        tell(quiet if "quiet_hours" in answer else done)
    return 0


def watch(places: Places, name: str | None) -> int:
    """`gatelight connect`."""
    which = "Every connection" if name is None else f"“{name}”"
    done, already = f"{which} is watched again.", f"{which} is watched already."
    return tell_agent(places, {"command": "connect", "name": name}, done, already)


def stop_watching(places: Places, name: str | None, duration: str | None) -> int:
    """`gatelight disconnect`."""
    seconds = None if duration is None else seconds_of(duration)
    until = "until `gatelight connect`" if seconds is None else f"until {clock_time(seconds)}"
    message = {"command": "disconnect", "name": name, "seconds": seconds}
    which = "No connection is" if name is None else f"“{name}” is not"
    return tell_agent(places, message, f"{which} watched {until}.")


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
    which = "" if name is None else f" about “{name}”"
    done = f"What changed{which} is not shown any more."
    return tell_agent(places, {"command": "seen", "name": name}, done, f"No change{which} was waiting to be seen.")


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
