"""What the .msi runs before and after an update, see `installer/windows/gatelight.wxs`; setup.exe does this itself.

Before it, the agent that runs from this installation is ended, with a note of how it ran; afterwards the note is taken,
and the agent runs again. Without a note nothing is started: not by a first installation, nor by a deployment as another
user than the one whose agent it was. Windows Installer runs this as the user who installs.

RegisterApplicationRestart does not serve here: it needs the Restart Manager, with which a silent installation ends
every program that uses our files, and so relays.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Protocol

import psutil

from agent.cli.life import stop_agent
from agent.errors import AgentNotRunning, GatelightError
from agent.runtime.clock import countdown
from agent.runtime.instance import running_pid
from agent.runtime.paths import Places, find_places

UPDATE, REPLACE, REMOVE, AGAIN = "update", "replace", "remove", "again"
"""What is going on: an update begins; it replaces this version; this version is removed for good; it is over."""
NOTE_SECONDS = 3600.0
"""How old a note may be: that of an update that never came to its end is not for a later one."""
HEARS_WITHIN = 15.0
"""Seconds until an agent that is just starting hears that it has to stop."""
_BETWEEN = 0.25
"""Seconds between two times that it is told."""
_USUAL = ("run", "--autostart")
"""What starts an agent that does not say how: as at a log-in, so that no page opens."""


class Note(Protocol):
    """See `agent.platforms.update_note.UpdateNote`."""

    def leave(self, text: str) -> None:
        """Write it, in the place of an earlier one; raises OSError."""

    def take(self) -> str | None:
        """Read and remove it; None where there is none. Raises OSError."""


def around_update(word: str) -> int:
    """Do what is to be done at this point of an update; returns the exit status, which Windows Installer ignores."""
    try:
        if word == AGAIN:
            _start_again()
        else:
            end_agent(word, find_places(), _note(), Path(sys.executable).parent)
    except Exception:
        # A windowed program would tell about it in a window, for which a silent installation would wait for ever.
        return 1
    return 0


def end_agent(word: str, places: Places, note: Note, here: Path) -> None:
    """End the agent that runs from the folder `here`, and note how it ran, unless it is removed for good.

    Raises GatelightError where it stays, TimeoutError where it does not hear, or OSError.
    """
    if word == UPDATE:
        note.take()
    ended = _ended(places, here)
    if ended is not None and word != REMOVE:
        note.leave(json.dumps({"when": time.time(), "arguments": ended}))


def to_start(note: str | None, now: float) -> list[str] | None:
    """The arguments that a note asks to start the agent with; None where it asks for nothing, or is too old."""
    try:
        told = json.loads(note or "null")
        if not 0 <= now - float(told["when"]) <= NOTE_SECONDS:
            return None
        given = [str(word) for word in told["arguments"]]
    except (ValueError, TypeError, KeyError):
        return None
    return given if _is_run(given) else list(_USUAL)


def _ended(places: Places, here: Path) -> list[str] | None:
    """What starts the agent again, once it has ended; None where none runs from that folder."""
    pid = running_pid(places)
    if pid is None or not _is_of(pid, here):
        return None
    left = countdown(HEARS_WITHIN)
    while True:
        try:
            return [str(word) for word in stop_agent(places).get("again") or _USUAL]
        except AgentNotRunning:
            if running_pid(places) != pid:
                return None
            time.sleep(min(_BETWEEN, left()))


def _is_of(pid: int, here: Path) -> bool:
    """Whether a process runs from that folder; also where the system withholds that."""
    try:
        return Path(psutil.Process(pid).exe()).parent.samefile(here)
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return True


def _is_run(given: list[str]) -> bool:
    """Whether this version understands these arguments as those of an agent."""
    from agent.cli.options import build_parser

    try:
        return bool(build_parser(only=given).parse_args(given).command == "run")
    except (GatelightError, SystemExit):
        return False


def _start_again() -> None:
    from agent.app.own_files import own_files_work
    from agent.platforms.autostart.entry import program_of_this_installation

    arguments = to_start(_note().take(), time.time())
    # Where files are replaced only when Windows restarts, those of two versions may lie beside each other until then.
    if arguments is not None and own_files_work():
        _start([*program_of_this_installation(), *arguments])


def _note() -> Note:
    if sys.platform == "win32":
        from agent.platforms.update_note import UpdateNote

        return UpdateNote()
    raise OSError("only Windows has a registry")


def _start(command: list[str]) -> None:
    if sys.platform == "win32":
        from agent.platforms.starting import child_environment
        from agent.platforms.starting_as_user import start_as_user

        start_as_user(command, child_environment(os.environ), Path.home())
