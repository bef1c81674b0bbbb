import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from agent.simulator.child import Child, ProcessEnded
from agent.simulator.disguise import environment, interpreter, named_process
from agent.simulator.world import SimulatedApplication

PATIENCE = 30.0
"""Seconds in which every process must be gone; it takes some milliseconds."""

HOLDER = """
import asyncio, json, sys
from pathlib import Path
from agent.simulator.world import SimulatedApplication

async def main():
    application = await SimulatedApplication.start(Path(sys.argv[1]), shape="container", faults=("several", "silent"))
    pids = [application.pid, application._servers.pid, *(pid for pid, _ in application.companions.values())]
    sys.stdout.write(json.dumps(pids) + "\\n")
    sys.stdout.flush()
    if sys.argv[2] == "leave":
        return
    await asyncio.sleep(600)

asyncio.run(main())
"""


def holder(folder: Path, how: str) -> tuple["subprocess.Popen[str]", list[int]]:
    """A process that holds a simulated application, and the pids of all that belongs to it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), how], stdout=subprocess.PIPE, env=environment(), text=True
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def wait_until_gone(pids: list[int]) -> list[int]:
    deadline = time.monotonic() + PATIENCE
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return alive(pids)


def test_no_process_outlives_a_holder_that_was_killed(tmp_path: Path) -> None:
    process, pids = holder(tmp_path, "stay")
    before = alive(pids)
    process.kill()
    process.communicate()

    assert before == pids
    assert len(pids) == 4
    assert wait_until_gone(pids) == []


def test_no_process_outlives_a_holder_that_forgot_to_close(tmp_path: Path) -> None:
    process, pids = holder(tmp_path, "leave")
    process.communicate()

    assert process.returncode == 0
    assert wait_until_gone(pids) == []


async def test_closing_ends_everything_at_once(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=("several", "too-many-clients")) as application:
        pids = [child.pid for child in psutil.Process().children()]

        assert application.pid in pids
        assert len(pids) >= 4

    assert alive(pids) == []


async def test_a_start_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(ValueError, match="client-portal takes 1 to 65535"):
        await SimulatedApplication.start(tmp_path, faults=("client-portal=0",))

    assert {child.pid for child in psutil.Process().children()} == before


async def test_a_process_that_dies_says_why(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(ProcessEnded, match="Gatelight; start `gatelight simulate`"):
        await Child.start(named_process(tmp_path, "java"), {"part": "no such part"}, log)


async def test_an_order_to_a_dead_process_is_refused(tmp_path: Path) -> None:
    child, _ = await Child.start(named_process(tmp_path, "webserver"), {"part": "bystander"}, tmp_path / "log")
    await child.kill()

    with pytest.raises(ProcessEnded):
        await child.ask("anything")


async def test_an_order_that_makes_no_sense_is_refused_and_the_process_lives(tmp_path: Path) -> None:
    child, _ = await Child.start(named_process(tmp_path, "webserver"), {"part": "bystander"}, tmp_path / "log")
    try:
        with pytest.raises(ValueError, match="cannot dance"):
            await child.ask("dance")

        assert child.running
    finally:
        await child.kill()


def test_the_interpreter_is_the_real_one_outside_a_virtual_environment() -> None:
    assert not interpreter().is_symlink()
    assert interpreter().exists()


def test_the_environment_carries_no_setting_of_the_users_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONINSPECT", "1")

    assert "PYTHONWARNINGS" not in environment()
    assert "PYTHONINSPECT" not in environment()
