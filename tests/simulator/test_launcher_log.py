"""The launcher.log of a simulated IB Gateway: what it says is what the reader of real ones makes of it."""

import time
from pathlib import Path

import psutil
import pytest

from agent.simulator.launcher_log import NAME, PRETENDED_SECRETS, TROUBLES, LauncherLog
from agent.simulator.world import SimulatedApplication
from agent.tws.launcher_log import LoginStage, read_launcher_log

STAGES = {
    "untried": LoginStage.UNTRIED,
    "under-way": LoginStage.UNDER_WAY,
    "push": LoginStage.AWAITED,
    "push-unanswered": LoginStage.UNANSWERED,
    "code": LoginStage.AWAITED,
    "password": LoginStage.PASSWORD_REFUSED,
    "expired": LoginStage.EXPIRED,
    "locked": LoginStage.LOCKED,
    "no-way": LoginStage.NO_WAY,
    "no-answer": LoginStage.NO_ANSWER,
    "refused": LoginStage.REFUSED,
    "restoring": LoginStage.RESTORING,
    "accepted": LoginStage.ACCEPTED,
}


def stage(folder: Path, started: float) -> LoginStage | None:
    found = read_launcher_log((folder / NAME).read_text(), started=started, written=0.0)
    return None if found is None else found.stage


def test_every_trouble_is_tried() -> None:
    assert {*STAGES, "silent"} == set(TROUBLES)


@pytest.mark.parametrize("trouble", STAGES)
async def test_each_trouble_is_read_as_what_it_is(trouble: str, tmp_path: Path) -> None:
    started = time.time()
    log = LauncherLog(tmp_path)
    await log.go_to(trouble)
    try:
        assert stage(tmp_path, started) is STAGES[trouble]
    finally:
        await log.go_to("accepted")

    assert stage(tmp_path, started) is LoginStage.ACCEPTED
    size = (tmp_path / NAME).stat().st_size
    await log.go_to("password")
    assert (tmp_path / NAME).stat().st_size == size, "after a log-in it is silent until the next start"


async def test_a_silent_one_writes_nothing(tmp_path: Path) -> None:
    await LauncherLog(tmp_path).go_to("silent")

    assert not (tmp_path / NAME).exists()


async def test_the_lines_hold_what_must_not_be_shown(tmp_path: Path) -> None:
    log = LauncherLog(tmp_path)
    for trouble in ("password", "expired", "accepted"):
        await log.go_to(trouble)
    text = (tmp_path / NAME).read_text()

    assert all(secret in text for secret in PRETENDED_SECRETS)


async def test_a_restart_begins_anew_in_the_same_file(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, logged_in=False) as gateway:
        first = psutil.Process(gateway.pid).create_time()
        before = stage(gateway.settings_folder, first)
        await gateway.log_in()
        logged_in = stage(gateway.settings_folder, first)
        await gateway.fault("restart-stuck", "expired")
        second = psutil.Process(gateway.pid).create_time()
        after = stage(gateway.settings_folder, second)

    assert (before, logged_in, after) == (LoginStage.UNTRIED, LoginStage.ACCEPTED, LoginStage.EXPIRED)


async def test_tws_writes_none(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, kind="tws") as tws:
        assert not (tws.settings_folder / NAME).exists()
