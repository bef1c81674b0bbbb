"""Real commands of hooks: what they get, one at a time, and an end to those that hang, fork, or never read."""

import asyncio
import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from agent.core.settings import HookSettings
from agent.runtime import hook_runs
from agent.runtime.hook_runs import MOST_CHANGES_WAITING, HookRuns
from tests.waiting import PATIENCE, until


class Told:
    """Takes what each run came to."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._more = asyncio.Event()

    async def __call__(self, fault: str) -> None:
        self.faults.append(fault)
        self._more.set()

    async def runs(self, count: int) -> list[str]:
        """The faults of the first runs, once they are over."""
        async with asyncio.timeout(PATIENCE):
            while len(self.faults) < count:
                self._more.clear()
                await self._more.wait()
        return self.faults[:count]


def hook(source: str, *arguments: str, limit: float = 30.0) -> HookSettings:
    """A hook whose command is a piece of Python."""
    return HookSettings("my bot", (sys.executable, "-c", source, *arguments), limit=limit)


async def appeared(file: Path) -> str:
    await until(lambda: file.exists() and file.read_text().strip())
    return file.read_text()  # noqa: ASYNC240 - a file of some bytes


async def gone(pid: int) -> None:
    def is_gone() -> bool:
        return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

    await until(is_gone)


COPY = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read())"


async def test_the_change_comes_on_standard_input_and_nothing_is_made_of_the_arguments(tmp_path: Path) -> None:
    told, file = Told(), tmp_path / "$(echo x); *"
    runs = HookRuns(hook(COPY, str(file)), told)
    runs.take(b'{"event": "connected"}\n')

    assert await told.runs(1) == [""]
    assert json.loads(file.read_text()) == {"event": "connected"}


async def test_one_runs_at_a_time_and_in_order(tmp_path: Path) -> None:
    told, file = Told(), tmp_path / "out"
    source = (
        "import sys\n"
        "with open(sys.argv[1], 'a') as f: f.write('<' + sys.stdin.read())\n"
        "for _ in range(1_000_000): pass\n"
        "with open(sys.argv[1], 'a') as f: f.write('>')"
    )
    runs = HookRuns(hook(source, str(file)), told)
    for number in range(5):
        runs.take(str(number).encode())

    assert await told.runs(5) == [""] * 5
    assert file.read_text() == "<0><1><2><3><4>"


async def test_a_command_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    told, file = Told(), tmp_path / "pids"
    source = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid}')\n"
        "time.sleep(600)"
    )
    runs = HookRuns(hook(source, str(file), limit=3.0), told)
    runs.take(b"x" * 1_000_000)

    assert await told.runs(1) == ["took longer than 3 s and was ended"]
    for pid in map(int, file.read_text().split()):
        await gone(pid)


async def test_a_failure_is_told_and_the_next_change_runs(tmp_path: Path) -> None:
    told = Told()
    runs = HookRuns(hook("import sys; sys.exit(int(sys.stdin.read()))"), told)
    runs.take(b"3")
    runs.take(b"0")

    assert await told.runs(2) == ["ended with status 3", ""]


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("/nowhere/at-all",), "is not there, or may not be executed"),
        ((os.devnull,), "is not there, or may not be executed"),
        (("~nobody-here/restart-bot.sh",), "is not there, or may not be executed"),
    ],
)
async def test_a_command_that_cannot_run_is_told(command: tuple[str, ...], fault: str) -> None:
    told = Told()
    HookRuns(HookSettings("h", command), told).take(b"")

    assert await told.runs(1) == [fault]


async def test_what_comes_too_fast_is_dropped_oldest_first_and_counted(tmp_path: Path) -> None:
    told, file = Told(), tmp_path / "out"
    go = tmp_path / "go"
    source = (
        "import os, sys, time\n"
        "while not os.path.exists(sys.argv[2]): time.sleep(.01)\n"
        "open(sys.argv[1], 'a').write(sys.stdin.read() + ' ')"
    )
    runs = HookRuns(hook(source, str(file), str(go)), told)
    runs.take(b"first")
    # The first one runs before more come.
    await until(lambda: not runs._waiting)
    for number in range(MOST_CHANGES_WAITING + 3):
        runs.take(str(number).encode())
    go.touch()

    assert await told.runs(1 + MOST_CHANGES_WAITING) == [""] * (1 + MOST_CHANGES_WAITING)
    assert file.read_text().split() == ["first", *map(str, range(3, MOST_CHANGES_WAITING + 3))]
    assert runs.dropped == 3


async def test_output_without_end_is_dropped(tmp_path: Path) -> None:
    told = Told()
    HookRuns(hook("import sys\nfor _ in range(200): sys.stdout.write('x' * 100_000)"), told).take(b"")

    assert await told.runs(1) == [""]


async def test_the_end_of_the_agent_ends_the_command(tmp_path: Path) -> None:
    told, file = Told(), tmp_path / "pid"
    source = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    runs = HookRuns(hook(source, str(file)), told)
    runs.take(b"")
    runs.take(b"")
    pid = int(await appeared(file))
    await runs.close()

    await gone(pid)
    assert told.faults == []


async def test_a_run_that_was_ended_before_it_began_does_not_start(tmp_path: Path) -> None:
    run = hook_runs._Run(hook(COPY, str(tmp_path / "out")))
    run.end()

    assert run.run(b"").startswith("was not started")
    assert not (tmp_path / "out").exists()


async def test_the_command_is_not_led_to_our_python(tmp_path: Path) -> None:
    told, file = Told(), tmp_path / "out"
    source = "import os, sys; open(sys.argv[1], 'w').write(str('VIRTUAL_ENV' in os.environ) + os.getcwd())"
    HookRuns(hook(source, str(file)), told).take(b"")
    await told.runs(1)

    assert file.read_text() == f"False{Path.home()}"
