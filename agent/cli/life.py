"""The running agent, started, stopped and replaced by a command."""

import contextlib
import os
import subprocess
import sys
from typing import Any

import psutil

from agent import __version__
from agent.cli.terminal import agreed, can_ask, tell
from agent.errors import AgentNotRunning, GatelightError
from agent.platforms.autostart.entry import program_of_this_installation
from agent.platforms.starting import await_end, detached
from agent.runtime.clock import countdown
from agent.runtime.control.channel import request
from agent.runtime.paths import Places

ANSWERS_WITHIN = 20.0
"""Seconds until an agent that was started must answer; it takes one or two."""
ENDS_WITHIN = 10.0
"""Seconds until an agent that was told to stop must have ended; it takes three at most."""
_BETWEEN = 0.1
"""Seconds between two questions to an agent that is starting."""


def offer_start(places: Places) -> bool:
    """Ask the user whether to start the agent, and start it; False where the user does not want it."""
    if not agreed("Gatelight is not running. Start it now?"):
        return False
    start_agent(places)
    return True


def offer_replacement(places: Places, *, start_again: bool = True) -> bool:
    """Say that an older agent runs, and offer to replace it; True where it was stopped.

    Raises AgentNotRunning where none runs. Where no user can answer, it is only said.
    """
    running = running_version(places)
    if running is None or not is_older(running):
        return False
    tell(f"Gatelight {running} is running, and this is {__version__}.")
    if not can_ask():
        tell("`gatelight stop` and `gatelight run` replace it.")
        return False
    if not agreed("Replace it now?"):
        return False
    stop_agent(places)
    if start_again:
        start_agent(places)
    return True


def running_version(places: Places) -> str | None:
    """The version of the running agent; None while it does not say. Raises AgentNotRunning."""
    status = request(places, {"command": "status"}).get("status")
    return None if status is None else str(status["agent"]["version"])


def is_older(version: str) -> bool:
    """Whether a version is older than this one."""
    return _numbers(version) < _numbers(__version__)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("+")[0].split(".") if part.isdigit())


def start_agent(places: Places) -> None:
    """Start the agent beside this terminal, and wait until it answers. Raises GatelightError where it does not."""
    as_module = sys.argv[0].endswith("__main__.py")
    program = (sys.executable, "-m", "agent") if as_module else program_of_this_installation()
    arguments = ["run", *(("--config", str(places.config)) if places.config_named else ())]
    process = detached([*program, *arguments, "--data-dir", str(places.data)], os.environ)
    await_end(process)
    left = countdown(ANSWERS_WITHIN)
    try:
        while not _answers(places):
            if _ended(process, min(_BETWEEN, left())):
                raise GatelightError("Gatelight ended at once: start it with `gatelight run`, which says why.")
    except TimeoutError:
        raise GatelightError(
            f"Gatelight was started, but does not answer after {ANSWERS_WITHIN:.0f} s: see `gatelight logs`."
        ) from None


def _answers(places: Places) -> bool:
    try:
        return "status" in request(places, {"command": "status"})
    except AgentNotRunning:
        return False


def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def stop_alone(places: Places) -> None:
    """Stop the agent, and say that it has stopped, and which relays go on. Raises what `stop_agent` raises."""
    from agent.cli.relay_stop import relays_go_on

    stop_agent(places)
    tell("Gatelight has stopped.")
    relays_go_on(places, tell)


def stop_agent(places: Places) -> dict[str, Any]:
    """Tell the agent to stop, and wait for its end; returns what it answered.

    Raises AgentNotRunning, or GatelightError where it stays.
    """
    answer: dict[str, Any] = request(places, {"command": "stop"})
    try:
        if "pid" in answer:
            agent = psutil.Process(int(answer["pid"]))
        else:
            # A version that does not know this command ends on a signal.
            status = request(places, {"command": "status"})
            agent = psutil.Process(int(status["status"]["agent"]["pid"]))
            if not _answers_as(agent, places):
                raise GatelightError("Gatelight was told to stop, but still runs: choose Quit in its menu.")
            agent.terminate()
        _await_end(agent)
    except psutil.NoSuchProcess:
        return answer
    except (psutil.Error, TimeoutError, KeyError, TypeError, ValueError):
        raise GatelightError("Gatelight was told to stop, but still runs: choose Quit in its menu.") from None
    return answer


def _answers_as(agent: psutil.Process, places: Places) -> bool:
    """Whether a process is of the user whose agent answers: that may be another one, where an administrator asks."""
    if sys.platform == "win32":
        # A pipe of another user is not believed.
        return True
    from agent.runtime.control.unix_socket import socket_path

    try:
        return bool(agent.uids().effective == socket_path(places).lstat().st_uid)
    except OSError:
        return False


def _await_end(agent: psutil.Process) -> None:
    """Wait for the end of a process that is another program's child; raises TimeoutError, or NoSuchProcess."""
    left = countdown(ENDS_WITHIN)
    # One that has ended stays in the table as long as its parent does not ask about it, as in some containers.
    while agent.status() != psutil.STATUS_ZOMBIE:
        with contextlib.suppress(psutil.TimeoutExpired):
            agent.wait(min(_BETWEEN, left()))
            return
