"""An agent that is killed forgets nothing that it showed: the next one shows it from its first moment on, until it is
seen to be over."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import AgentNotRunning
from agent.simulator.world import SimulatedApplication
from tests.commands import PATIENCE, Place, paper_file

Met = Callable[[dict[str, Any]], bool]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "user"
    folder.mkdir()
    return Place(folder)


def grave(connection: dict[str, Any]) -> list[str]:
    return [p["code"] for p in connection["problems"] if p["visible"] and p["severity"] != "info"]


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


def all_statuses(place: Place, until: Met) -> list[list[str]]:
    """The grave problems of each status of an agent that has just been started, up to one of a kind."""
    seen: list[list[str]] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            answer = place.ask({"command": "status"})
        except AgentNotRunning:
            time.sleep(0.01)
            continue
        if "status" in answer:
            (connection,) = answer["status"]["connections"]
            if until(connection):
                return seen
            seen.append(grave(connection))
        time.sleep(0.01)
    raise AssertionError(f"never came: {seen[-3:]}")


def asked_for(times: int) -> Met:
    """After so many answers."""
    left = iter(range(times))
    return lambda _: next(left, None) is None


@pytest.mark.parametrize("configured", [True, False], ids=["configured", "found"])
async def test_an_application_that_was_told_missing_still_is(place: Place, configured: bool) -> None:
    async with await SimulatedApplication.start(place.folder / "app") as gateway:
        place.config.write_text(paper_file(gateway.port) if configured else "")
        process = await asyncio.to_thread(place.start, "run", "--no-tray")
        await asyncio.to_thread(place.until, lambda c: c["phase"] == "connected", process)
        await gateway.fault("not-running")
        before = await asyncio.to_thread(place.until, lambda c: grave(c) == ["app-not-running"], process)
        for _ in range(2):
            kill(process)
            process = await asyncio.to_thread(place.start, "run", "--no-tray")
            statuses = await asyncio.to_thread(all_statuses, place, asked_for(20))
            assert {tuple(codes) for codes in statuses} == {("app-not-running",)}
        after = await asyncio.to_thread(place.until, lambda c: True, process)
        await gateway.heal()
        await asyncio.to_thread(place.until, lambda c: c["phase"] == "connected" and not grave(c), process)
        process.terminate()
        await asyncio.to_thread(process.communicate, timeout=PATIENCE)

    assert after["connections"][0]["name"] == before["connections"][0]["name"]
    assert after["connections"][0]["problems"][0]["since"] == before["connections"][0]["problems"][0]["since"]


# Not a lost link, which is an expected outage at the hours of IB's resets.
@pytest.mark.parametrize("fault", ["other-port", "freeze"])
async def test_a_problem_stands_although_its_application_has_gone_meanwhile(place: Place, fault: str) -> None:
    async with await SimulatedApplication.start(place.folder / "app") as gateway:
        place.config.write_text(paper_file(gateway.port))
        process = await asyncio.to_thread(place.start, "run", "--no-tray")
        await asyncio.to_thread(place.until, lambda c: c["phase"] == "connected", process)
        await gateway.fault(fault)
        await asyncio.to_thread(place.until, lambda c: bool(grave(c)), process)
        kill(process)
        await gateway.fault("not-running")
        process = await asyncio.to_thread(place.start, "run", "--no-tray")
        statuses = await asyncio.to_thread(all_statuses, place, lambda c: grave(c) == ["app-not-running"])
        process.terminate()
        await asyncio.to_thread(process.communicate, timeout=PATIENCE)

    assert [codes for codes in statuses if len(codes) != 1] == []
