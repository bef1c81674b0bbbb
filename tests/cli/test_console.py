"""What the agent says at the terminal it was started from."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli.console import Console
from agent.core.problem import Severity
from agent.core.shown.display import Notice
from agent.simulator.free_ports import free_port
from tests.commands import PATIENCE, Place, environment, paper_file

NOTICE = Notice("Paper/app-frozen", Severity.ERROR, "TWS does not answer any more", "Programs get\nno data.")


@pytest.fixture
def place() -> Iterator[Place]:
    # The test runner's own folders have paths that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="gl-") as folder:
        yield Place(Path(folder))


def test_without_an_icon_a_notice_is_a_line_with_its_time() -> None:
    said: list[str] = []
    Console(said.append, lambda: False).hear(NOTICE)

    assert re.fullmatch(r"\d\d:\d\d  TWS does not answer any more: Programs get no data\.", said[0])


def test_with_an_icon_nothing_is_said_twice() -> None:
    said: list[str] = []
    Console(said.append, lambda: True).hear(NOTICE)

    assert said == []


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
def test_who_starts_it_at_a_terminal_is_told_that_it_runs(place: Place) -> None:
    place.config.write_text(paper_file(free_port()))
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "run", "--no-tray", *place.options],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=place.folder,
        env=environment(),
    )
    os.close(theirs)
    try:
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            said = terminal.read(200).decode()
            process.terminate()
            process.communicate(timeout=PATIENCE)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()

    called = f"{sys.executable} -m agent"
    assert said.split() == f"Watching. Page: `{called}` · state: `{called} status` · Ctrl-C ends.".split()
