"""The whole program on Windows: start, status, a second start, log-in entry, notices, and the ways it ends."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.shown.display import IconState
from tests.windows.wine_gaps import AS_IT_IS
from tests.windows_desktop import PATIENCE_SECONDS, WindowsDesktop, changed, finished, is_menu
from tests.windows_python import windows_path

pytestmark = pytest.mark.desktop

AT_FIRST = (IconState.UNKNOWN, IconState.WAITING, IconState.WARNING)
"""Before its first look the agent does not know; then there is neither TWS nor IB Gateway."""

RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


class Agent:
    """`gatelight run` on Windows, with a data folder of its own."""

    def __init__(self, windows: WindowsDesktop, folder: Path, *options: str) -> None:
        self.windows = windows
        self.data = windows_path(folder)
        # Balloons and a browser would lie over the menus.
        (folder / "config.toml").write_text("[notifications]\ndesktop = false\n[page]\nenabled = false\n")
        options = (*options, "--config", windows_path(folder / "config.toml"))
        self.log = folder / "log/gatelight.log"
        self.process = windows.start("-m", "agent", "run", "--data-dir", self.data, *options)
        self.wait_for_log("starts (pid")

    def wait_for_log(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (self.log.exists() and words in self.log.read_text(encoding="utf-8")):
            assert time.monotonic() < deadline, f"not in the log: {words}"
            assert self.process.poll() is None, self.process.communicate()[0]
            time.sleep(0.1)

    def ask(self, *arguments: str) -> tuple[int, str]:
        """Another command with the same data folder; asked again while the agent is still starting."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status, output = self.windows.run("-m", "agent", *arguments, "--data-dir", self.data)
            early = "does not run with" in output or "still starting" in output
            if not early or time.monotonic() > deadline:
                return status, output

    def ended(self) -> int:
        """Wait for its end; the exit status."""
        status, output = finished(self.process)
        assert "Traceback" not in output
        return status


@contextmanager
def running(windows: WindowsDesktop, folder: Path, *options: str) -> Iterator[Agent]:
    agent = Agent(windows, folder, *options)
    try:
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.process.kill()
            agent.process.communicate()


def test_a_program_asks_the_running_one_and_a_second_start_is_refused(windows: WindowsDesktop, tmp_path: Path) -> None:
    with running(windows, tmp_path, "--no-tray") as agent:
        status, output = agent.ask("status", "--json")
        again, refusal = agent.ask("run", "--no-tray")
        shown = json.loads(output)

        assert status in (0, 1)
        # Before its first look, after it, and once it has said what cannot be seen there.
        assert shown["overall"] in ("unknown", "waiting", "warning")
        assert again == 3
        assert f"Gatelight already runs (pid {shown['agent']['pid']})" in refusal


def test_a_killed_agent_leaves_nothing_that_hinders_the_next(windows: WindowsDesktop, tmp_path: Path) -> None:
    with running(windows, tmp_path, "--no-tray") as killed:
        killed.process.kill()
        killed.process.communicate()
    killed.log.unlink()

    with running(windows, tmp_path, "--no-tray") as agent:
        status, _output = agent.ask("snooze", "api-silent", "1h")

        assert status == 0


def test_doctor_says_what_it_could_not_see(windows: WindowsDesktop, tmp_path: Path) -> None:
    # Wine with its gaps does not let a program read the process table.
    blind = replace(windows, environment=windows.environment | {AS_IT_IS: "yes"})
    status, output = blind.run("-m", "agent", "doctor", "--json", "--data-dir", windows_path(tmp_path))
    shown = json.loads(output[output.index("{") :])

    assert status == 4
    assert [p["code"] for p in shown["connections"][0]["problems"] if p["visible"]] == ["agent-cannot-see"]


def test_the_icon_says_unknown_and_quit_in_its_menu_ends_the_program(windows: WindowsDesktop, tmp_path: Path) -> None:
    with running(windows, tmp_path) as agent:
        # By then the icon's first menu, without anything but Quit, has been replaced.
        agent.ask("status")
        x, y = windows.icon(AT_FIRST, "agent")
        closed = windows.screenshot("agent")
        windows.click(x, y, button=3)
        opened = windows.until(lambda seen: is_menu(changed(closed, seen)), "agent-menu")
        left, _top, _right, bottom = changed(closed, opened) or (0, 0, 0, 0)
        windows.click(left + 20, bottom - 12)

        assert agent.ended() == 0
        assert "Gatelight ends" in agent.log.read_text(encoding="utf-8")


def test_a_program_told_to_close_ends_cleanly(windows: WindowsDesktop, tmp_path: Path) -> None:
    with running(windows, tmp_path) as agent:
        windows.icon(AT_FIRST, "close")

        windows.wine("taskkill", "/pid", (tmp_path / "agent.pid").read_text().split()[0])

        assert agent.ended() == 0
        assert "Gatelight ends" in agent.log.read_text(encoding="utf-8")
        assert not (tmp_path / "agent.pid").exists()


def test_the_end_of_the_session_ends_the_agent_cleanly(windows: WindowsDesktop, tmp_path: Path) -> None:
    with running(windows, tmp_path) as agent:
        windows.icon(AT_FIRST, "log-out")

        windows.wine("wineboot", "-e")
        finished(agent.process)

        assert "Gatelight ends" in agent.log.read_text(encoding="utf-8")


def test_the_start_at_log_in_is_entered_under_our_name_and_heeds_the_task_manager(
    windows: WindowsDesktop, tmp_path: Path
) -> None:
    def autostart(what: str) -> str:
        status, output = windows.run("-m", "agent", "autostart", what, "--data-dir", windows_path(tmp_path))
        assert status == 0
        return output

    switched_on = autostart("on")
    entered = windows.wine("reg", "query", RUN_KEY, "/v", "Gatelight")
    windows.wine("reg", "add", APPROVED_KEY, "/v", "Gatelight", "/t", "REG_BINARY", "/d", "030000000000000000000000")
    switched_off_by_user = autostart("status")
    off = autostart("off")
    left = windows.wine("reg", "query", RUN_KEY, "/v", "Gatelight")

    assert switched_on.startswith("on: ")
    assert "pythonw.exe -m agent run --autostart --data-dir" in entered
    assert "switched off in the system's list" in switched_off_by_user
    assert off.startswith("off: ")
    assert "Gatelight" not in left


CHAIN = """
import asyncio, sys
from agent.channels import Chain
from agent.channels.desktop import DesktopChannel
from agent.channels.rich import RichChannel
from agent.core.shown.display import Notice
from agent.core.problem import Severity
from agent.channels.texts import icons_folder
rich, stock = RichChannel(icons_folder(), print), DesktopChannel(icons_folder())
notice = Notice("k", Severity.ERROR, "TWS does not answer " * 9, "A dialog may be open. " * 30)
print(asyncio.run(rich.announce(notice)))
print(asyncio.run(Chain([rich, stock]).announce(notice)))
"""


def test_without_toasts_the_next_channel_takes_a_notice_however_long_it_is(windows: WindowsDesktop) -> None:
    status, output = windows.run("-c", CHAIN)
    refusal, delivery = [line for line in output.splitlines() if "elivered(" in line]

    assert status == 0
    assert refusal.startswith("NotDelivered(reason='this system has none")
    assert delivery == "Delivered(channel='desktop notifications')"
