"""A Windows desktop for tests: Wine's taskbar on a virtual screen, and Windows programs started on it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from agent.core.shown.display import IconState
from agent.tray.artwork import Background, icon_picture
from tests import windows_python
from tests.desktop_session import need, screen

PATIENCE_SECONDS = 40.0
"""Starting a Windows Python takes 3 s on a quiet machine, and Wine repaints when it likes."""

ICON_SIZE = 16
"""Pixels: a small icon at Windows' usual scale."""

TASKBAR = (960, 538, 1000, 560)
"""Left, top, right, bottom: the right end of the taskbar, with room for two icons."""

NEAR = 6.0
"""Mean difference in grey levels; icons are drawn as they come, so that only soft edges differ."""


@dataclass
class WindowsDesktop:
    """The desktop. Programs that were not ended by then end with it."""

    environment: dict[str, str]
    screenshots: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the Windows Python with these arguments."""
        return subprocess.Popen(
            ["wine", str(windows_python.python()), *arguments],
            env=self.environment,
            cwd=windows_python.FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run the Windows Python to its end: exit status and output."""
        return finished(self.start(*arguments))

    def wine(self, *command: str) -> str:
        """Run one of Wine's own programs and return its output."""
        done = subprocess.run(
            ["wine", *command], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout

    def screenshot(self, name: str) -> Image.Image:
        """What is on the screen; kept under this name."""
        path = self.screenshots / f"windows-{name}.png"
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True, timeout=20)
        with Image.open(path) as image:
            return image.convert("RGB")

    def until(self, true: Callable[[Image.Image], bool], name: str) -> Image.Image:
        """The first screenshot for which this holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true(image := self.screenshot(name)):
            assert time.monotonic() < deadline, f"not seen within {PATIENCE_SECONDS:g} s: {name}"
            time.sleep(0.2)
        return image

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Click on the screen."""
        command = ["xdotool", "mousemove", str(x), str(y), "sleep", "0.1", "click", str(button)]
        subprocess.run(command, env=self.environment, check=True, timeout=20)

    def icon(self, states: Sequence[IconState] = tuple(IconState), name: str = "icon") -> tuple[int, int]:
        """Wait until the icon shows one of these states, and return its middle."""
        image = self.until(lambda seen: any(where(state, seen) for state in states), name)
        return next(place for state in states if (place := where(state, image)))


def finished(process: subprocess.Popen[str], seconds: float = 60.0) -> tuple[int, str]:
    """Wait for the end of a program: exit status and output.

    Of the output what is there by then: a process of Wine's own that it started may hold the pipe open for ever.
    """
    assert process.stdout is not None
    with process.stdout as output:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"a Windows program did not end within {seconds:g} s: {_so_far(output.fileno())}")
        return process.returncode, _so_far(output.fileno())


def _so_far(descriptor: int) -> str:
    os.set_blocking(descriptor, False)
    said = b""
    with contextlib.suppress(BlockingIOError):
        while part := os.read(descriptor, 1 << 16):
            said += part
    return said.decode(errors="replace").replace("\r\n", "\n")


def unlike(state: IconState, piece: Image.Image) -> float:
    """How far a piece of the screen is from a state's drawing where that is opaque."""
    differences = []
    for background in Background:
        drawn = icon_picture(state, ICON_SIZE, background)
        solid = drawn.getchannel("A").point(lambda a: 255 * (a == 255))
        difference = ImageChops.difference(piece, drawn.convert("RGB")).convert("L")
        differences.append(float(ImageStat.Stat(difference, solid).mean[0]))
    return min(differences)


def where(state: IconState, image: Image.Image) -> tuple[int, int] | None:
    """The middle of the icon of this state in the taskbar, None if it is not there."""
    first, top, last, bottom = TASKBAR
    # From the right: that is where the first icon is.
    for left in range(last - ICON_SIZE, first, -1):
        for upper in range(top, bottom - ICON_SIZE + 1):
            piece = image.crop((left, upper, left + ICON_SIZE, upper + ICON_SIZE))
            if unlike(state, piece) < NEAR:
                return left + ICON_SIZE // 2, upper + ICON_SIZE // 2
    return None


def changed(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int] | None:
    """The smallest box above the taskbar with everything that differs; None if nothing does."""
    return ImageChops.difference(before, after).crop((0, 0, 1000, TASKBAR[1])).getbbox()


def is_menu(box: tuple[int, int, int, int] | None) -> bool:
    """Whether what changed is as large as a menu, and not just a tooltip."""
    return box is not None and box[3] - box[1] > 60 and box[2] - box[0] > 120


@contextmanager
def windows_desktop(folder: Path) -> Iterator[WindowsDesktop]:
    """A desktop with nothing on it; `folder` is for what the tests leave behind."""
    need("wine", "wineserver", "Xvfb", "xdotool", "import")
    windows_python.prepare()
    screenshots = Path(os.environ.get("GATELIGHT_SCREENSHOTS") or windows_python.ROOT / ".desktop" / "screenshots")
    screenshots.mkdir(parents=True, exist_ok=True)
    with screen(folder) as display:
        environment = windows_python.environment() | {"DISPLAY": display}
        # Only what runs in the tests' own prefix: programs of an earlier run that was broken off.
        _end_all(environment)
        try:
            yield WindowsDesktop(environment, screenshots)
        finally:
            _end_all(environment)


def _end_all(environment: dict[str, str]) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(["wineserver", "-k"], env=environment, check=False, timeout=15)
