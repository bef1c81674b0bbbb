"""`gatelight bundle`: lists what a diagnostics archive would hold, shows what the user wants to read, and writes it."""

import contextlib
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.app.bundle import Bundle, free_place, gather, write_bundle
from agent.cli.asked import ask
from agent.cli.doctor import examine
from agent.cli.terminal import can_ask
from agent.core.shown.status import status_to_json
from agent.errors import AgentNotRunning, GatelightError
from agent.runtime.paths import Places


def command(
    places: Places,
    out_file: str | None,
    *,
    yes: bool,
    out: Callable[[str], None],
    say: Callable[[str], None],
    now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
) -> int:
    """Make a bundle; returns the exit status. Raises GatelightError where it cannot be written."""
    moment = now()
    path = free_place(out_file, moment)
    bundle = gather(places, _look(places, say), _shown(places), moment)
    say("The bundle holds:")
    for file in bundle.files:
        say(f"  {file.name:<20} {_size(file.size):>7}  {file.about}")
    say("Account numbers, user names, folders, computers and addresses are replaced; about.txt says by what.")
    if not yes and can_ask() and not _agreed(bundle, path, out, say):
        say("Nothing was written.")
        return 0
    write_bundle(path, bundle.packed())
    out(str(path))
    return 0


def _look(places: Places, say: Callable[[str], None]) -> dict[str, Any]:
    """What doctor finds, or why it finds nothing."""
    say("Looking at everything once …")
    try:
        return status_to_json(examine(places, None, lambda _: None, live=True), thorough=True)
    except GatelightError as fault:
        return {"error": str(fault)}


def _shown(places: Places) -> dict[str, Any] | None:
    """What the running agent shows; None where none runs."""
    with contextlib.suppress(AgentNotRunning):
        shown: dict[str, Any] = ask(places, {"command": "status", "show_accounts": False})["status"]
        return shown
    return None


def _agreed(bundle: Bundle, path: Path, out: Callable[[str], None], say: Callable[[str], None]) -> bool:
    """Ask until it is a yes or a no; a file's name shows that file."""
    files = {file.name: file for file in bundle.files}
    while True:
        sys.stderr.write(f"Write {path}? [Y/n, or the name of a file to read it first] ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        word = line.strip()
        if word in files:
            out(files[word].text)
        elif not line or word.lower() in ("n", "no"):
            return False
        elif word.lower() in ("", "y", "yes"):
            return True
        else:
            say(f"Type y, n or one of {', '.join(files)}.")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{max(1, round(count / 1000))} kB"
