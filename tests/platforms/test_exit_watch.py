"""Being told that a real process is gone."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from agent.platforms.exit_watch import watch_exit

SOON = 30.0
"""Seconds a test waits at most for something that takes milliseconds."""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


async def test_an_exit_is_told_once_and_on_the_loop(sleeper: subprocess.Popen[bytes]) -> None:
    gone = asyncio.Event()
    told: list[bool] = []

    def tell() -> None:
        told.append(asyncio.get_running_loop() is not None)
        gone.set()

    cancel = watch_exit(sleeper.pid, tell)
    await asyncio.sleep(0)
    assert told == []

    sleeper.kill()
    await asyncio.wait_for(gone.wait(), SOON)
    cancel()
    await asyncio.sleep(0.01)

    assert told == [True]


@pytest.fixture
def departed() -> int:
    """The ID of a process that has run and is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_a_process_that_is_gone_already_is_told_at_once(departed: int) -> None:
    gone = asyncio.Event()
    watch_exit(departed, gone.set)

    await asyncio.wait_for(gone.wait(), SOON)


async def test_a_cancelled_watch_tells_nothing(sleeper: subprocess.Popen[bytes]) -> None:
    told: list[bool] = []
    cancel = watch_exit(sleeper.pid, lambda: told.append(True))
    cancel()
    cancel()
    sleeper.kill()
    await asyncio.sleep(0.05)

    assert told == []


@pytest.fixture
def zombie() -> Iterator[int]:
    """The ID of a process that has ended and whose parent does not ask for it."""
    play = "import os, sys; pid = os.fork() or os._exit(0); print(pid, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", play], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        yield int(parent.stdout.readline())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no zombies on Windows")
async def test_a_zombie_is_gone(zombie: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.platforms.exit_watch.CANCEL_SEEN_WITHIN", 0.1)
    gone = asyncio.Event()
    watch_exit(zombie, gone.set)

    await asyncio.wait_for(gone.wait(), SOON)
