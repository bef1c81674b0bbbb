"""How the whole agent lives and ends, on a session bus with a panel and a notification service without a screen.

`tests/benchmarks/life.py` does the same a hundred times.
"""

import asyncio
import json
import os
import re
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.app.greeting import FIRST_START
from agent.simulator.world import SimulatedApplication
from tests.benchmarks import life
from tests.desktop_session import SessionBus, session_bus, wait_until
from tests.notice_recorder import NoticeRecorder
from tests.tray_host import TrayHost

pytestmark = pytest.mark.desktop

PATIENCE_SECONDS = 30.0


@pytest.fixture
def bus() -> Iterator[SessionBus]:
    with session_bus() as made:
        yield made


class Agent:
    """`gatelight run` with a data folder of its own."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.folder = folder
        self.process = process

    async def ask(self, *arguments: str) -> tuple[int, str, str]:
        """Another command with the same data folder: exit status, output, messages."""
        asking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "agent", *arguments, *self.options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, messages = await asyncio.wait_for(asking.communicate(), PATIENCE_SECONDS)
        return asking.returncode or 0, out.decode(), messages.decode()

    async def answers(self) -> dict[str, Any]:
        """Its status, once it has one."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                status, out, _ = await self.ask("status", "--json")
                if status in (0, 1):
                    shown: dict[str, Any] = json.loads(out)
                    return shown
                await asyncio.sleep(0.1)

    async def becomes(self, phase: str) -> dict[str, Any]:
        """Its status once its first connection is in a phase."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                shown: dict[str, Any] = await self.answers()
                if shown["connections"] and shown["connections"][0]["phase"] == phase:
                    return shown
                await asyncio.sleep(0.1)

    async def shows(self, code: str) -> dict[str, Any]:
        """Its status once its first connection shows a problem."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                shown: dict[str, Any] = await self.answers()
                if any(p["code"] == code and p["visible"] for p in problems(shown)):
                    return shown
                await asyncio.sleep(0.1)

    async def told_to_end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)

    @property
    def options(self) -> tuple[str, ...]:
        return "--config", str(self.folder / "config.toml"), "--data-dir", str(self.folder)

    @property
    def log(self) -> str:
        return (self.folder / "log/gatelight.log").read_text(encoding="utf-8")


def problems(status: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the first connection."""
    found: list[dict[str, Any]] = status["connections"][0]["problems"]
    return found


@asynccontextmanager
async def running(
    folder: Path, config: str = "", *options: str, program: tuple[str, ...] = ("-m", "agent")
) -> AsyncIterator[Agent]:
    (folder / "config.toml").write_text(config)
    agent = Agent(folder, process=None)  # type: ignore[arg-type]
    agent.process = await asyncio.create_subprocess_exec(
        *(sys.executable, *program, "run", *agent.options, *options),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield agent
    finally:
        if agent.process.returncode is None:
            agent.process.kill()
            await agent.process.wait()


NIGHT = 8 * 3600
SLEEPING = """
import runpy, sys, time
from pathlib import Path

night = Path(sys.argv.pop(1))
wall, clock = time.time, time.clock_gettime

def ahead():
    return float(night.read_text()) if night.exists() else 0.0

time.time = lambda: wall() + ahead()
time.clock_gettime = lambda which: clock(which) + (ahead() if which == time.CLOCK_BOOTTIME else 0.0)
runpy.run_module("agent", run_name="__main__")
"""
"""The program as it is, on a machine that may have slept: the clocks that count sleep run ahead, the other one not."""


async def test_after_a_night_asleep_it_looks_at_once_connects_and_says_nothing(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path / "gateway") as gateway:
        config = f'[[connections]]\nname = "Paper"\napplication = "gateway"\nport = {gateway.asked_port}\n'
        program = ("-c", SLEEPING, str(tmp_path / "night"))
        async with running(tmp_path, config, "--no-tray", program=program) as agent:
            await agent.becomes("connected")
            # TWS slept as well: its clock goes right, its end of the session is gone.
            (tmp_path / "night").write_text(str(NIGHT))
            await gateway.fault("clock-off", str(NIGHT))
            await gateway.fault("drop-sessions")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while "slept" not in agent.log:  # noqa: ASYNC110 - a log tells nobody
                    await asyncio.sleep(0.1)
            shown = await agent.becomes("connected")

            assert await agent.told_to_end() == 0
    assert "for about 28800 s" in agent.log
    assert "WARNING" not in agent.log
    (connection,) = shown["connections"]
    assert [p["code"] for p in connection["problems"]] == []


@pytest.mark.usefixtures("bus")
async def test_it_ends_cleanly_whenever_it_is_told_to(tmp_path: Path) -> None:
    tally = await life.ended_at_random(10, tmp_path, longest=1.5)

    assert tally.hung == 0
    assert tally.wrong_status == []
    assert tally.complaints == []


async def test_what_was_shown_before_it_was_killed_is_shown_by_the_next_one_at_once(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path / "gateway") as gateway:
        config = f'[[connections]]\nname = "Paper"\nport = {gateway.port}\n'
        async with running(tmp_path, config, "--no-tray") as first:
            await first.becomes("connected")
            await gateway.kill()
            before = await first.shows("app-not-running")
            first.process.kill()
            await first.process.wait()
    async with running(tmp_path, config, "--no-tray") as second:
        after = await second.answers()
        status, _, _ = await second.ask("status")

    assert status == 1
    assert [p["code"] for p in problems(after) if p["visible"]] == ["app-not-running"]
    assert problems(after)[0]["since"] == next(p["since"] for p in problems(before) if p["code"] == "app-not-running")


@pytest.mark.usefixtures("bus")
async def test_its_icon_comes_back_with_every_panel(tmp_path: Path) -> None:
    tally, back = await life.panel_restarts(10, tmp_path)

    assert len(back) == 10
    assert (tally.hung, tally.wrong_status, tally.complaints) == (0, [], [])


async def test_it_goes_on_without_its_session_bus_and_has_its_icon_again_with_it(
    bus: SessionBus, tmp_path: Path
) -> None:
    host = await TrayHost.start()
    async with running(tmp_path) as agent:
        await host.item_came()

        for _ in range(2):
            await host.end()
            bus.kill()
            assert (await agent.answers())["schema"] == 1
            await asyncio.to_thread(bus.start)
            host = await TrayHost.start()
            await host.item_came()
        assert "Quit Gatelight" in (await host.menu()).outline()
        await host.end()
        bus.kill()

        assert await agent.told_to_end() == 0
        assert "The D-Bus session bus has ended; the tray icon comes back with it." in agent.log
        assert "Traceback" not in agent.log


async def test_at_log_in_it_waits_for_a_desktop_that_comes_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    with session_bus() as bus:
        address = bus.address
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
        async with running(tmp_path, "", "--autostart") as agent:
            await agent.answers()
            (tmp_path / "bus").symlink_to(address.removeprefix("unix:path="))
            host = await TrayHost.start()

            await host.item_came()

            assert await agent.told_to_end() == 0
            await host.end()


@pytest.mark.usefixtures("bus")
async def test_a_second_start_is_refused_and_shows_the_first(tmp_path: Path) -> None:
    recorder = await NoticeRecorder.start("body", "actions")
    host = await TrayHost.start()
    async with running(tmp_path) as agent:
        await host.item_came()
        await agent.answers()

        status, _, message = await agent.ask("run")
        async with asyncio.timeout(PATIENCE_SECONDS):
            # Others may come, about an application that runs on this machine.
            while "Gatelight already runs" not in [n.title for n in recorder.notices]:  # noqa: ASYNC110 - from the bus
                await asyncio.sleep(0.02)

        assert status == 3
        assert f"Gatelight already runs (pid {agent.process.pid})" in message
        assert await agent.told_to_end() == 0
    await host.end()
    await recorder.end()


@pytest.mark.usefixtures("bus")
async def test_a_mistake_in_the_configuration_is_told_once_and_hides_nothing(tmp_path: Path) -> None:
    recorder = await NoticeRecorder.start("body", "actions")
    # Ports at which nothing listens, on connections that are not to be made.
    config = "".join(
        f'[[connections]]\nname = "{name}"\nport = {port}\nauto_connect = false\n'
        for name, port in (("Paper", 4009), ("Live", 4008))
    )
    async with running(tmp_path, config, "--no-tray") as agent:
        assert (await agent.answers())["overall"] == "paused"
        (tmp_path / "config.toml").write_text(config.replace("port = 4009", "prot = 4009"))
        shown = await agent.shows("config-invalid")
        (tmp_path / "config.toml").write_text(config)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(recorder.notices) < 2:  # noqa: ASYNC110 - from the bus
                await asyncio.sleep(0.02)
        assert await agent.told_to_end() == 0
    await recorder.end()

    assert [[p["code"] for p in c["problems"]] for c in shown["connections"]] == [["config-invalid"], []]
    assert [p["severity"] for p in problems(shown)] == ["warning"]
    assert (shown["overall"], [c["overall"] for c in shown["connections"]]) == ("warning", ["paused", "paused"])
    assert [n.title for n in recorder.notices] == [
        "The configuration cannot be used",
        "The configuration is in order",
    ]


async def started_again(agent: Agent, *options: str) -> tuple[int, str]:
    """Status and message of another start, in the desktop session of this moment."""
    status, _, message = await agent.ask("run", *options)
    return status, message


@pytest.mark.parametrize("gone", [True, False], ids=["the bus is gone", "both desktops stand"])
async def test_a_later_log_in_has_icon_and_notices_of_the_one_that_runs(gone: bool, tmp_path: Path) -> None:
    with session_bus() as earlier:
        host = await TrayHost.start()
        async with running(tmp_path) as agent:
            await host.item_came()
            await agent.answers()
            await host.end()
            if gone:
                earlier.kill()
            with session_bus():
                recorder = await NoticeRecorder.start("body", "actions")
                host = await TrayHost.start()
                status, message = await started_again(agent)
                await host.item_came()

                assert status == 3
                assert f"Gatelight already runs (pid {agent.process.pid})" in message
                assert "its icon and notices are on this desktop from now on." in message
                assert "Quit Gatelight" in (await host.menu()).outline()
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while "Gatelight already runs" not in [n.title for n in recorder.notices]:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)

                # Started once more on the same desktop, it only shows itself.
                status, message = await started_again(agent)

                assert (status, "from now on" in message) == (3, False)
                assert await agent.told_to_end() == 0
                assert "Traceback" not in agent.log
                await host.end()
                await recorder.end()


async def test_a_log_in_brings_the_icon_of_one_that_was_started_without_a_desktop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with running(tmp_path) as agent:
        await agent.answers()
        with session_bus():
            host = await TrayHost.start()
            status, message = await started_again(agent, "--autostart")
            await host.item_came()

            assert (status, "its icon and notices are on this desktop" in message) == (3, True)
            assert await agent.told_to_end() == 0
            await host.end()


async def test_without_an_icon_notices_are_shown_all_the_same_and_follow_the_desktop(tmp_path: Path) -> None:
    with session_bus() as earlier:
        recorder = await NoticeRecorder.start("body", "actions")
        host = await TrayHost.start()
        async with running(tmp_path, "", "--no-tray") as agent:
            await agent.answers()
            status, _ = await started_again(agent)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while "Gatelight already runs" not in [n.title for n in recorder.notices]:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await recorder.end()
            await host.end()
            earlier.kill()
            with session_bus():
                recorder = await NoticeRecorder.start("body", "actions")
                host = await TrayHost.start()
                status, message = await started_again(agent)

                assert (status, "its notices are on this desktop from now on." in message) == (3, True)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while not recorder.notices:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
                assert await agent.told_to_end() == 0
                assert host.items == []
                await host.end()
                await recorder.end()


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a browser writes what it is told to open."""
    told, opener = tmp_path / "opened", tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" > {told}.new\nmv {told}.new {told}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{opener.parent}{os.pathsep}{os.environ['PATH']}")
    # There is a screen for a browser, as far as the program can tell.
    monkeypatch.setenv("DISPLAY", ":0")
    for variable in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(variable, raising=False)
    return told


def told(opened: Path) -> str:
    wait_until(opened.exists, "the browser")
    return opened.read_text().strip()


def was_told(opened: Path) -> bool:
    return opened.exists()


def forget(opened: Path) -> None:
    opened.unlink()


def where_it_leads(address: str) -> str:
    """The part of the page that a browser shows with an address."""
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with browser.open(address, timeout=PATIENCE_SECONDS) as page:
        found = re.search(r'name="gatelight-key" content="[^"]+" data-view="([^"]*)"', page.read().decode())
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize("page", [True, False], ids=["page", "no page"])
async def test_a_second_start_shows_the_steps_of_what_is_wrong(page: bool, tmp_path: Path, opened: Path) -> None:
    host, recorder = await TrayHost.start(), await NoticeRecorder.start("body", "actions")

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = f'[[connections]]\nname = "Paper"\nport = {port}\n\n[page]\nenabled = {str(page).lower()}\n'
    async with server, running(tmp_path, config) as agent:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await agent.ask("status"))[0] != 1:  # noqa: ASYNC110 - another process knows
                await asyncio.sleep(0.2)
            await agent.ask("run")
        if page:
            where = await asyncio.to_thread(lambda: where_it_leads(told(opened)))

            assert where.startswith("problem/Paper/")
        else:
            await asyncio.to_thread(wait_until, lambda: any("1. " in n.body for n in recorder.notices), "the steps")
        assert await agent.told_to_end() == 0
    await host.end()
    await recorder.end()


@pytest.mark.usefixtures("bus")
async def test_the_first_start_is_told_once_and_leads_to_the_set_up(tmp_path: Path, opened: Path) -> None:
    host, recorder = await TrayHost.start(), await NoticeRecorder.start("body", "actions")

    def told_so() -> list[str]:
        return [n.title for n in recorder.notices if n.title == FIRST_START]

    # Without an icon it is no first start on a desktop.
    async with running(tmp_path, "", "--no-tray") as agent:
        await agent.answers()
        assert await agent.told_to_end() == 0
    assert (told_so(), was_told(opened)) == ([], False)

    async with running(tmp_path) as agent:
        await host.item_came()
        where = await asyncio.to_thread(lambda: where_it_leads(told(opened)))
        await asyncio.to_thread(wait_until, lambda: bool(told_so()), "the notice")
        assert where == "setup"
        assert await agent.told_to_end() == 0
    forget(opened)

    async with running(tmp_path) as agent:
        await agent.answers()
        # More than one turn of the duties in which the first start is told.
        await asyncio.sleep(6.0)
        assert await agent.told_to_end() == 0
    assert (told_so(), was_told(opened)) == ([FIRST_START], False)
    await host.end()
    await recorder.end()


@pytest.mark.usefixtures("bus")
async def test_what_is_set_up_already_is_told_without_the_set_up(tmp_path: Path, opened: Path) -> None:
    host, recorder = await TrayHost.start(), await NoticeRecorder.start("body", "actions")
    async with running(tmp_path, '[[connections]]\nname = "Paper"\nport = 4002\n') as agent:
        await host.item_came()
        await asyncio.to_thread(wait_until, lambda: any(n.title == FIRST_START for n in recorder.notices), "the notice")
        assert await agent.told_to_end() == 0
    assert not was_told(opened)
    # It says where the icon is, and that is gone.
    assert len(recorder.closed) == 1
    await host.end()
    await recorder.end()


@pytest.mark.usefixtures("bus")
async def test_the_page_is_opened_from_the_menu(tmp_path: Path, opened: Path) -> None:
    host = await TrayHost.start()
    # With a connection, the first start opens no page by itself.
    async with running(tmp_path, '[[connections]]\nname = "Paper"\nport = 4002\n') as agent:
        await host.item_came()
        await agent.answers()

        await host.click("Open Gatelight page")
        where = await asyncio.to_thread(lambda: where_it_leads(told(opened)))

        assert where == ""
        forget(opened)

        await host.click("Settings")
        where = await asyncio.to_thread(lambda: where_it_leads(told(opened)))

        assert where == "settings"
        assert await agent.told_to_end() == 0
    await host.end()


@pytest.mark.usefixtures("bus")
async def test_quit_in_the_menu_ends_it_soon(tmp_path: Path) -> None:
    host = await TrayHost.start()
    async with running(tmp_path) as agent:
        await host.item_came()
        await agent.answers()

        await host.click("Quit Gatelight")

        assert await asyncio.wait_for(agent.process.wait(), PATIENCE_SECONDS) == 0
    await host.end()
