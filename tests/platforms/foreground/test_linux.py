"""Windows of programs on a real X screen under openbox: found by process, brought to the front, or honestly not."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.app.fix_tools import RealTools
from agent.core.clock import Moment
from agent.core.facts import Known
from agent.core.fix import Done
from agent.fixes.focus_app import FOCUS_APP
from agent.observers.look import Looker
from agent.platforms.foreground import linux as front_linux
from agent.platforms.linux import Linux
from tests.desktop_session import end, need, screen, wait_until
from tests.lookalikes import lookalikes
from tests.problems.scene import backing_off, facts, machine

pytestmark = pytest.mark.desktop

ROOT = Path(__file__).resolve().parents[3]

Show = Callable[..., int]
"""Shows a window; answers the process ID of the program that shows it."""


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """A screen without a window manager, put into the environment."""
    need("Xvfb", "openbox", "xdotool")
    with screen(tmp_path) as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", name)
        patch.setenv("HOME", str(tmp_path))
        yield name


@pytest.fixture
def managed(display: str) -> Iterator[str]:
    """The same with openbox."""
    manager = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: front_linux.with_window(frozenset()) is not None, "openbox")
        yield display
    finally:
        end(manager)


@pytest.fixture
def show(managed: str) -> Iterator[Show]:
    with ExitStack() as stack:

        def begin(title: str, pid: int = 0, machine: str = "", state: str = "normal") -> int:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.window_program", title, str(pid), machine, state],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            number = int(process.stdout.readline())
            wait_until(lambda: number in listed(), f"the window {title}")
            return process.pid

        yield begin


def listed() -> list[int]:
    found = subprocess.run(["xprop", "-root", "_NET_CLIENT_LIST"], capture_output=True, text=True, check=True).stdout
    return [int(word.strip(","), 16) for word in found.split() if word.startswith("0x")]


def title_in_front() -> str:
    done = subprocess.run(
        ["xdotool", "getactivewindow", "getwindowname"], capture_output=True, text=True, check=False, timeout=10
    )
    return done.stdout.strip()


def test_a_process_with_a_window_is_told_from_one_without(show: Show) -> None:
    pid = show("IB Gateway")

    assert front_linux.with_window(frozenset({pid, os.getpid()})) == frozenset({pid})


def test_the_window_behind_comes_to_the_front(show: Show) -> None:
    gateway = show("IB Gateway")
    show("Another program")
    wait_until(lambda: title_in_front() == "Another program", "the window of the other program")

    assert front_linux.bring_to_front(gateway) is None
    assert title_in_front() == "IB Gateway"


def test_a_minimised_window_comes_back(show: Show) -> None:
    gateway = show("IB Gateway", state="iconic")
    show("Another program")

    assert front_linux.with_window(frozenset({gateway})) == frozenset({gateway})
    assert front_linux.bring_to_front(gateway) is None
    assert title_in_front() == "IB Gateway"


def test_a_window_that_says_it_is_a_lookalikes_is_found(show: Show, tmp_path: Path) -> None:
    with lookalikes(tmp_path) as start:
        gateway = start("install4j.ibgateway.GWClient").pid
        show("IB Gateway", gateway)
        show("Another program")

        assert front_linux.with_window(frozenset({gateway})) == frozenset({gateway})
        assert front_linux.bring_to_front(gateway) is None
        assert title_in_front() == "IB Gateway"


async def test_a_look_finds_the_log_in_screen_and_the_fix_brings_it_to_the_front(show: Show, tmp_path: Path) -> None:
    with lookalikes(tmp_path) as start:
        gateway = start("install4j.ibgateway.GWClient").pid
        show("IB Gateway", gateway)
        show("Another program")
        moment = Moment(time.monotonic(), time.time())
        around = Looker().look(frozenset(), thorough=False, now=moment)
        assert isinstance(around.processes, Known)
        (seen,) = [p for p in around.processes.value.applications if p.pid == gateway]
        offer = FOCUS_APP.offer(facts(machine(seen), backing_off()))
        tools = RealTools(Linux(), tmp_path / "none.toml", lambda: (7001, 7002))

        assert seen.has_window is True
        assert offer is not None
        assert isinstance(await FOCUS_APP.do(offer, tools), Done)
        assert title_in_front() == "IB Gateway"


def test_the_window_of_a_java_child_is_its_parents_too(show: Show, tmp_path: Path) -> None:
    with lookalikes(tmp_path) as start:
        child = start("install4j.ibgateway.GWClient").pid
        show("IB Gateway", child)

        assert front_linux.with_window(frozenset({os.getpid()})) == frozenset({os.getpid()})


def test_the_window_of_another_machine_is_nobodys_here(show: Show) -> None:
    pid = show("IB Gateway over ssh", machine="tws.example.com")

    assert front_linux.with_window(frozenset({pid})) == frozenset()


def test_a_window_that_is_gone_is_told(managed: str) -> None:
    assert front_linux.bring_to_front(os.getpid()) == "it has no window on this screen any more"


def test_without_a_window_manager_nothing_is_known(display: str) -> None:
    assert front_linux.with_window(frozenset({os.getpid()})) is None


# python-xlib leaves the socket of a connection that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_a_screen_nothing_is_known_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":54321")

    assert Linux().with_window(frozenset({os.getpid()})) is None
    assert "the screen cannot be reached" in (Linux().bring_to_front(os.getpid()) or "")

    monkeypatch.delenv("DISPLAY")

    assert Linux().with_window(frozenset({os.getpid()})) is None
    assert Linux().bring_to_front(os.getpid()) == "Gatelight runs without a screen"
