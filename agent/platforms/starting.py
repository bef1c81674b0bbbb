"""Starting a program that outlives Gatelight, in the user's environment, as if the user had started it."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.tws.privacy import redact

WATCHED_SECONDS = 1.5
"""Seconds for which a started program is watched; one that cannot run ends within them."""

_OF_THE_SERVICE = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What systemd tells the process that it has started, and no other: see sd_notify(3)."""
_NEEDS_RIGHTS = 740
"""ERROR_ELEVATION_REQUIRED of Windows."""


def start(command: tuple[str, ...], watched: float = WATCHED_SECONDS) -> str | None:
    """Start a program; returns what went wrong, in words for users, or None. Takes up to `watched` seconds."""
    given = child_environment()
    named = command[0]
    program = find_program(named, given)
    if program is None:
        return _not_runnable(named)
    try:
        process = detached([program, *command[1:]], given, _folder(Path(program), given))
    except OSError as error:
        if getattr(error, "winerror", None) == _NEEDS_RIGHTS:
            return f"{redact(named)} needs the rights of an administrator"
        return f"the system cannot run {redact(named)} ({error.strerror or type(error).__name__})"
    try:
        status = process.wait(watched)
    except subprocess.TimeoutExpired:
        await_end(process)
        return None
    # A launcher that starts another process and ends at once has status 0.
    return None if status == 0 else f"{redact(named)} ended at once with status {status}"


def find_program(named: str, environment: Mapping[str, str]) -> str | None:
    """The program that a user has named, `~` being the home folder; None where there is none that can be run."""
    with contextlib.suppress(RuntimeError):
        return shutil.which(Path(named).expanduser(), path=environment.get("PATH"))
    # The home folder of a user who does not exist.
    return None


def detached(
    command: list[str], environment: Mapping[str, str], folder: Path | None = None
) -> "subprocess.Popen[bytes]":
    """A new process without input and output, which neither our end nor a Ctrl-C in our terminal reaches."""
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    nothing = subprocess.DEVNULL
    return subprocess.Popen(
        command, env=environment, cwd=folder, stdin=nothing, stdout=nothing, stderr=nothing, **apart
    )


def await_end(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the end of a process in a thread: without that, it stays in the process table as a zombie."""
    threading.Thread(target=process.wait, name="started program", daemon=True).start()


def child_environment(ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The user's environment: ours, without what is meant for us alone: our Python, our libraries, our service."""
    kept = {name: value for name, value in ours.items() if name not in _OF_THE_SERVICE}
    own = {Path(sys.prefix)} if sys.prefix != sys.base_prefix else set()
    if active := kept.pop("VIRTUAL_ENV", None):
        own.add(Path(active))
    kept.pop("VIRTUAL_ENV_PROMPT", None)
    if own and "PATH" in kept:
        ways = (entry for entry in kept["PATH"].split(os.pathsep) if Path(entry).parent not in own)
        kept["PATH"] = os.pathsep.join(ways)
    return kept


def _folder(program: Path, given: Mapping[str, str]) -> Path:
    """The program's folder, where its icon would start it; for a command of the system, the home folder."""
    shared = {Path(entry) for entry in given.get("PATH", "").split(os.pathsep)}
    return Path.home() if program.parent in shared else program.absolute().parent


def _not_runnable(named: str) -> str:
    path = Path(named)
    with contextlib.suppress(RuntimeError):
        path = path.expanduser()
    if path.is_dir():
        return f"{redact(named)} is a folder, not a program"
    if path.exists():
        return f"{redact(named)} may not be executed (permission denied)"
    return f"there is no program {redact(named)}"
