"""Being told that a real process is gone."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from agent.platforms import current
from agent.platforms.exit_watch import Callback, by_pidfd, by_thread

Watch = Callable[[int, Callback], Callback]
WATCHES = [by_thread, *([by_pidfd] if sys.platform == "linux" else [])]

SOON = 5.0
"""Seconds a test waits at most for something that takes milliseconds."""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("watch", WATCHES)
async def test_an_exit_is_told_once_and_on_the_loop(watch: Watch, sleeper: subprocess.Popen[bytes]) -> None:
    gone = asyncio.Event()
    told: list[bool] = []

    def tell() -> None:
        told.append(asyncio.get_running_loop() is not None)
        gone.set()

    cancel = watch(sleeper.pid, tell)
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


@pytest.mark.parametrize("watch", WATCHES)
async def test_a_process_that_is_gone_already_is_told_at_once(watch: Watch, departed: int) -> None:
    gone = asyncio.Event()
    watch(departed, gone.set)

    await asyncio.wait_for(gone.wait(), SOON)


@pytest.mark.parametrize("watch", WATCHES)
async def test_a_cancelled_watch_tells_nothing(watch: Watch, sleeper: subprocess.Popen[bytes]) -> None:
    told: list[bool] = []
    cancel = watch(sleeper.pid, lambda: told.append(True))
    cancel()
    cancel()
    sleeper.kill()
    await asyncio.sleep(0.05)

    assert told == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux promises milliseconds")
async def test_on_linux_an_exit_is_noticed_within_milliseconds(sleeper: subprocess.Popen[bytes]) -> None:
    noticed: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    current().exit_watch(sleeper.pid, lambda: noticed.set_result(time.monotonic()))
    await asyncio.sleep(0.05)
    before = time.monotonic()
    sleeper.kill()
    at = await asyncio.wait_for(noticed, SOON)

    assert at - before < 0.05


@pytest.mark.skipif(sys.platform != "linux", reason="pidfd")
async def test_a_watch_leaves_no_descriptor_open(sleeper: subprocess.Popen[bytes]) -> None:
    import psutil

    before = psutil.Process().num_fds()
    for _ in range(20):
        current().exit_watch(sleeper.pid, lambda: None)()

    assert psutil.Process().num_fds() == before
