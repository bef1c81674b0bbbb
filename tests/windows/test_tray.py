"""The icon on a Windows taskbar: every state, its menu, clicks and balloons, by the program's own code."""

import json
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from agent.core.shown.display import IconState
from tests.windows_desktop import WindowsDesktop, changed, finished, is_menu, where
from tests.windows_python import ROOT, windows_path

pytestmark = pytest.mark.desktop

BALLOON_PIXELS = 8_000
"""A balloon with a short title and one line of text covers 15,000 pixels."""


class Program:
    """`tray_program.py`, running on Windows."""

    def __init__(self, windows: WindowsDesktop) -> None:
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            script = windows_path(ROOT / "tests/windows/tray_program.py")
            self._process = windows.start(script, str(server.getsockname()[1]))
            self._connection, _ = server.accept()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self.heard() == {"ready": True}

    def _listen(self) -> None:
        with self._connection.makefile() as lines:
            for line in lines:
                self._events.put(json.loads(line))

    def tell(self, **command: object) -> None:
        self._connection.sendall(json.dumps(command).encode() + b"\n")

    def heard(self) -> dict[str, Any]:
        return self._events.get(timeout=40)

    def silent(self) -> bool:
        return self._events.empty()

    def end(self) -> None:
        self.tell(stop=True)
        assert self.heard() == {"ended": True}
        status, output = finished(self._process)
        self._connection.close()
        assert (status, output) == (0, "")


@pytest.fixture(scope="module")
def program(windows: WindowsDesktop) -> Iterator[Program]:
    made = Program(windows)
    yield made
    made.end()


def test_every_state_is_drawn_sharp_in_the_taskbar(windows: WindowsDesktop, program: Program) -> None:
    for state in IconState:
        program.tell(icon=state.value)
        image = windows.until(lambda seen, state=state: where(state, seen) is not None, f"icon-{state}")  # type: ignore[misc]

        assert [other for other in IconState if where(other, image)] == [state]


def test_a_right_click_opens_the_menu_and_a_line_can_be_clicked(windows: WindowsDesktop, program: Program) -> None:
    program.tell(icon="connected")
    x, y = windows.icon([IconState.CONNECTED], "menu-closed")
    closed = windows.screenshot("menu-closed")

    windows.click(x, y, button=3)
    assert program.heard() == {"asked": "MenuOpened"}
    opened = windows.until(lambda seen: is_menu(changed(closed, seen)), "menu")
    left, _top, _right, bottom = changed(closed, opened) or (0, 0, 0, 0)
    windows.click(left + 30, bottom - 12)

    assert program.heard() == {"asked": "Quit"}


def test_a_left_click_does_what_is_printed_in_bold(windows: WindowsDesktop, program: Program) -> None:
    program.tell(icon="waiting")
    x, y = windows.icon([IconState.WAITING], "left-click")

    windows.click(x, y)

    assert program.heard() == {"asked": "LookNow"}


def test_where_nothing_is_printed_in_bold_a_left_click_opens_the_menu(
    windows: WindowsDesktop, program: Program
) -> None:
    program.tell(icon="paused", bold=False)
    x, y = windows.icon([IconState.PAUSED], "left-click-menu-closed")
    closed = windows.screenshot("left-click-menu-closed")

    windows.click(x, y)
    assert program.heard() == {"asked": "MenuOpened"}
    opened = windows.until(lambda seen: is_menu(changed(closed, seen)), "left-click-menu")
    left, _top, _right, bottom = changed(closed, opened) or (0, 0, 0, 0)
    windows.click(left + 30, bottom - 12)

    assert program.heard() == {"asked": "Quit"}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("TWS does not answer", "A dialog may be open in TWS: <b>look</b> & close it."),
        ("Long " * 20, "A dialog may be open in TWS. " * 20),
        ("\U0001f534" * 63, "\U0001f534\u05e9\u05dc\u05d5\u05dd " * 40),
    ],
    ids=["markup", "long", "emoji"],
)
def test_a_balloon_is_shown_at_the_icon_whatever_its_text(
    windows: WindowsDesktop, program: Program, title: str, text: str
) -> None:
    program.tell(icon="problem")
    windows.icon([IconState.PROBLEM], "balloon-none")

    program.tell(balloon=[title, text])

    assert program.heard() == {"balloon": True}
    if "<b>" in text:
        windows.until(lambda seen: white(seen) > BALLOON_PIXELS, "balloon")


def white(image: Any) -> int:
    """White pixels above the taskbar, which has none without a balloon or a menu."""
    return int(image.crop((0, 0, 1000, 536)).convert("L").point(lambda grey: 255 * (grey > 250)).histogram()[255])
