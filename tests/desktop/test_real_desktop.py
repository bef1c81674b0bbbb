"""The tray and a notice on a real screen: xfce4-panel draws the icon and its menu, dunst the notice.

The screenshots go to the folder named by GATELIGHT_SCREENSHOTS, where somebody looks at them, or else are thrown away.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from agent.channels import Delivered
from agent.channels.desktop import DesktopChannel
from agent.channels.rich import RichChannel
from agent.channels.texts import icons_folder
from agent.core.problem import Severity
from agent.core.shown.display import (
    SEPARATOR,
    Action,
    Connect,
    Disconnect,
    Display,
    IconState,
    MenuEntry,
    Notice,
    Quit,
    ShowSteps,
)
from agent.tray import Tray, open_tray
from agent.tray.artwork import icon_picture
from tests.desktop_session import PATIENCE_SECONDS, Desktop, desktop

pytestmark = pytest.mark.desktop

ICON_SIZE = 22
"""Pixels: what the test panel shows."""

NEAR = 14.0
"""Mean difference in grey levels that scaling makes; an icon one pixel beside its place differs by 17 and more."""

MENU = (
    MenuEntry("Paper Gateway: connected since 09:14"),
    MenuEntry(
        "Paper Gateway",
        children=(
            MenuEntry("Connect", Connect("Paper Gateway"), checked=True),
            MenuEntry("Disconnect", Disconnect("Paper Gateway"), checked=False),
        ),
    ),
    SEPARATOR,
    MenuEntry("Quit", Quit()),
)


@pytest.fixture(scope="module")
def screen() -> Iterator[Desktop]:
    with desktop() as made:
        yield made


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest.fixture
def tray(screen: Desktop, asked: list[Action]) -> Iterator[Tray]:
    made = open_tray(asked.append)
    made.show(Display(IconState.CONNECTED, "Gatelight: connected", MENU))
    ready = threading.Event()
    thread = threading.Thread(target=made.run, args=(ready.set,))
    thread.start()
    assert ready.wait(30)
    yield made
    made.stop()
    thread.join(20)
    assert not thread.is_alive()


class Shots:
    """Screenshots of one test, kept where they are wanted."""

    def __init__(self, screen: Desktop, folder: Path) -> None:
        self._screen = screen
        self._folder = folder

    def take(self, name: str) -> Image.Image:
        path = self._folder / f"{name}.png"
        self._screen.screenshot(path)
        with Image.open(path) as image:
            return image.convert("RGB")

    def until(self, true: Callable[[Image.Image], bool], name: str) -> Image.Image:
        """The first screenshot for which this holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true(image := self.take(name)):
            assert time.monotonic() < deadline, f"not seen: {name}"
            time.sleep(0.1)
        return image


@pytest.fixture
def shots(screen: Desktop, tmp_path: Path) -> Shots:
    folder = Path(os.environ.get("GATELIGHT_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return Shots(screen, folder)


def unlike(state: IconState, piece: Image.Image) -> float:
    """How far a piece of the screen is from a state's drawing where that is opaque: 0 the same, 255 the opposite."""
    drawn = icon_picture(state, ICON_SIZE)
    solid = drawn.getchannel("A").point(lambda a: 255 * (a == 255))
    difference = ImageChops.difference(piece, drawn.convert("RGB")).convert("L")
    return float(ImageStat.Stat(difference, solid).mean[0])


def where(state: IconState, image: Image.Image) -> tuple[int, int] | None:
    """The middle of the icon of this state at the left of the panel, None if it is not there.

    The panel scales the largest picture it gets, so that no pixel is quite as it was drawn for this size.
    """
    places = [(left, top) for left in range(30) for top in range(image.height - 30, image.height - ICON_SIZE + 1)]
    for left, top in places:
        piece = image.crop((left, top, left + ICON_SIZE, top + ICON_SIZE))
        if unlike(state, piece) < NEAR and min(IconState, key=lambda other: unlike(other, piece)) is state:
            return left + ICON_SIZE // 2, top + ICON_SIZE // 2
    return None


def test_every_state_is_drawn_sharp_in_the_panel(tray: Tray, shots: Shots) -> None:
    for state in IconState:
        tray.show(Display(state, f"Gatelight: {state}", MENU))

        assert shots.until(lambda image, state=state: where(state, image) is not None, f"icon-{state}")  # type: ignore[misc]


def test_the_menu_opens_and_its_lines_can_be_clicked(
    tray: Tray, screen: Desktop, shots: Shots, asked: list[Action]
) -> None:
    closed = shots.until(lambda image: where(IconState.CONNECTED, image) is not None, "menu-closed")
    x, y = where(IconState.CONNECTED, closed) or (0, 0)

    screen.click(x, y, button=3)
    # The menu covers some 250 by 90 pixels above the panel.
    opened = shots.until(lambda image: changed(closed, image) > 10_000, "menu-open")
    left, top, _right, bottom = ImageChops.difference(closed, opened).crop((0, 0, 1024, 568)).getbbox() or (0, 0, 0, 0)
    screen.click(left + 30, bottom - 40)
    shots.until(lambda image: changed(opened, image) > 5_000, "menu-submenu")
    screen.click(left + 30, bottom - 14)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not asked and time.monotonic() < deadline:
        time.sleep(0.02)

    assert bottom - top > 60
    assert asked == [Quit()]


def test_a_restarted_panel_shows_the_icon_again(tray: Tray, screen: Desktop, shots: Shots) -> None:
    shots.until(lambda image: where(IconState.CONNECTED, image) is not None, "panel-before")

    screen.end_panel()
    screen.start_panel()

    assert shots.until(lambda image: where(IconState.CONNECTED, image) is not None, "panel-after")


def test_a_notice_is_seen(screen: Desktop, shots: Shots) -> None:
    before = shots.take("notice-none")
    channel = DesktopChannel(icons_folder())
    problem = Notice(
        "paper/api-silent",
        Severity.ERROR,
        "TWS does not answer",
        "A dialog may be open in TWS: <b>look</b> & close it.",
    )

    done = asyncio.run(channel.announce(problem))
    problem_seen = shots.until(lambda image: changed(before, image) > 10_000, "notice-problem")
    over = Notice("paper/api-silent", Severity.ERROR, "TWS answers again", "It was silent for 2 min.", over=True)
    asyncio.run(channel.announce(over))
    over_seen = shots.until(lambda image: shows(IconState.CONNECTED, image), "notice-over")

    assert done == Delivered("desktop notifications")
    assert shows(IconState.PROBLEM, problem_seen)
    # The later notice of the same problem takes the earlier one's place.
    assert not shows(IconState.PROBLEM, over_seen)


@pytest.mark.parametrize(
    ("name", "title", "text"),
    [
        ("buttons", "TWS does not answer", "A dialog may be open in TWS: <b>look</b> & close it."),
        ("awkward", "-h \U0001f534 <b>&", "-\U0001f534 \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 " * 20),
    ],
)
async def test_a_notice_with_buttons_is_seen_and_a_click_on_it_shows_the_steps(
    screen: Desktop, shots: Shots, name: str, title: str, text: str
) -> None:
    asked: list[Action] = []
    steps = ShowSteps("Paper", "api-silent")
    channel = RichChannel(icons_folder(), asked.append)
    before = await asyncio.to_thread(shots.take, "rich-none")

    done = await channel.announce(
        Notice("k", Severity.ERROR, title, text, offers=(MenuEntry("Show steps", steps), MenuEntry("Snooze", Quit())))
    )
    seen = await asyncio.to_thread(shots.until, lambda image: changed(before, image) > 10_000, f"notice-{name}")
    left, top, right, bottom = ImageChops.difference(before, seen).crop((0, 0, 1024, 568)).getbbox() or (0, 0, 0, 0)
    # dunst: the middle button does the first action.
    await asyncio.to_thread(screen.click, (left + right) // 2, (top + bottom) // 2, 2)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not asked:  # noqa: ASYNC110 - filled by what arrives on the bus
            await asyncio.sleep(0.02)
    await channel.withdraw("k")
    await channel.close()
    await asyncio.to_thread(shots.until, lambda image: changed(before, image) < 1_000, "rich-gone")

    assert done == Delivered("desktop notifications with buttons")
    assert asked == [steps]


def changed(before: Image.Image, after: Image.Image) -> int:
    """Pixels above the panel that differ."""
    difference = ImageChops.difference(before, after).convert("L").crop((0, 0, before.width, before.height - 32))
    return sum(difference.histogram()[1:])


def shows(state: IconState, image: Image.Image) -> bool:
    """Whether the colour of this state's drawing is on the screen."""
    colour = icon_picture(state, 64).getpixel((32, 10))
    assert isinstance(colour, tuple)
    return any(count for count, seen in image.getcolors(1 << 24) or () if seen == colour[:3])
