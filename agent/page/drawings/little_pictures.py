"""Little pictures of what the user does to the application as a whole; several of them make a strip.

Each picture has a given width and the height `HEIGHT`.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto

from agent.page.drawings.canvas import (
    LEADING,
    SMALL,
    STRONG,
    around,
    bar,
    button,
    button_width,
    disc,
    lines,
    mark,
    number,
    path,
    pointer,
    rect,
    text_line,
    width_of,
    wrapped,
)
from agent.page.drawings.layout import Layout
from agent.page.drawings.login_screen import LOG_IN, TITLES

HEIGHT = 132
_TITLE_BAR = 30
_CLOSE_BOX = 20


class Act(Enum):
    """What the user does, or looks for."""

    FRONT = auto()
    """Bring the window to the front."""
    CLOSE = auto()
    CLOSE_OTHERS = auto()
    """Close all but one."""
    CLOSE_CHARTS = auto()
    """Close the charts and watchlists inside the window."""
    START = auto()
    LOG_IN = auto()
    LOG_IN_SCREEN = auto()
    """See the log-in screen."""
    PHONE = auto()
    """Confirm the second factor."""
    MAIN_WINDOW = auto()
    """See the main window."""
    UNLOCK = auto()
    MESSAGE = auto()
    """Look for a window that asks something."""


def _window(x: float, y: float, width: float, height: float, title: str) -> str:
    """A small window: its title, and nothing else in the title bar."""
    frame = rect(x, y, width, height, "d-frame", corner=6) + path(f"M{x:g} {y + _TITLE_BAR:g}h{width:g}", "d-line")
    return frame + text_line(x + 10, y + 20, title, "d-w")


def _centred(x: float, width: float, widest: float) -> tuple[float, float]:
    """Left edge and width of an object in the middle of the picture, `widest` units wide where there is room."""
    across = min(width, widest)
    return x + (width - across) / 2, across


def _close_box(x: float, y: float, width: float, order: int | None) -> str:
    """The close box in the title bar of the window at this place, marked."""
    left, top = x + width - _CLOSE_BOX - 6, y + 5
    cross = path(f"M{left + 6:g} {top + 6:g}l8 8m0-8l-8 8", "d-tick")
    sign = pointer(left + 13, top + 14) if order is None else number(left - 14, top + _CLOSE_BOX / 2, order)
    return mark(rect(left, top, _CLOSE_BOX, _CLOSE_BOX, "d-a", corner=4) + cross + sign)


def _rows(x: float, y: float, width: float, count: int) -> str:
    """Grey bars in place of the content of a window."""
    parts = (0.9, 0.6, 0.75, 0.5)
    return "".join(bar(x, y + 20 * row, width * parts[row % 4]) for row in range(count))


def _close(x: float, width: float, layout: Layout, order: int | None) -> str:
    x, width = _centred(x, width, 220)
    return (
        _window(x, 16, width, HEIGHT - 32, layout.application)
        + _rows(x + 12, 62, width - 24, 3)
        + _close_box(x, 16, width, order)
    )


def _close_others(x: float, width: float, layout: Layout, order: int | None) -> str:
    half = width / 2 - 12
    right = x + half + 24
    windows = (
        _window(left, 16, half, HEIGHT - 32, layout.application) + _rows(left + 12, 62, half - 24, 3)
        for left in (x, right)
    )
    return "".join(windows) + _close_box(right, 16, half, order)


def _close_charts(x: float, width: float, layout: Layout, order: int | None) -> str:
    half = width / 2 - 18
    right = x + half + 24
    chart = path(f"M{right + 10:g} 112l{half / 5:g}-18 {half / 5:g} 10 {half / 5:g}-26 {half / 5:g} 8", "d-line")
    return (
        _window(x, 2, width, HEIGHT - 4, layout.program)
        + rect(x + 12, 42, half, 76, "d-field")
        + _rows(x + 24, 56, half - 24, 3)
        + rect(right, 42, half, 76, "d-field")
        + chart
        + _close_box(right, 42, half, order)
    )


def _start(x: float, width: float, layout: Layout, order: int | None) -> str:
    """An icon with the program's name below it."""
    middle, side = x + width / 2, 48
    label = wrapped(layout.program, 110, STRONG, bold=True)
    across = max(width_of(row, STRONG, bold=True) for row in label) + 20
    height = side + 14 + LEADING * len(label) + 10
    top = (HEIGHT - height) / 2
    icon = rect(middle - side / 2, top + 8, side, side, "d-field", corner=10)
    icon += path(f"M{middle - 15:g} {top + 42:g}l9-10 8 6 13-16", "d-tick")
    content = icon + lines(middle, top + side + 25, label, "d-b d-m")
    return around(middle - across / 2, top, across, height, content, order)


def _log_in(x: float, width: float, layout: Layout, order: int | None) -> str:
    x, room = _centred(x, width, 190)
    across = button_width(LOG_IN)
    left = x + (room - across) / 2
    content = button(left, 84, LOG_IN, across, marked=True)
    return (
        _window(x, 2, room, HEIGHT - 8, TITLES[layout])
        + _user(x + 12, room - 24)
        + around(left - 5, 80, across + 10, 38, content, order)
    )


def _log_in_screen(x: float, width: float, layout: Layout, order: int | None) -> str:
    x, room = _centred(x, width, 190)
    across = button_width(LOG_IN)
    return (
        _window(x, 2, room, HEIGHT - 8, "")
        + _user(x + 12, room - 24)
        + button(x + (room - across) / 2, 84, LOG_IN, across)
        + _title(TITLES[layout], x, 2, order)
    )


def _user(x: float, width: float) -> str:
    """Grey bars and dots in place of user name and password."""
    return "".join(
        (
            rect(x, 38, width, 17, "d-field"),
            bar(x + 6, 42.5, width / 2),
            rect(x, 60, width, 17, "d-field"),
            *(disc(x + 9 + 8 * dot, 68.5, 2.5, "d-bar") for dot in range(6)),
        )
    )


def _title(title: str, x: float, y: float, order: int | None) -> str:
    """A window's title, marked with a tick: the user looks for this window, and clicks nothing."""
    across = width_of(title, SMALL, bold=True) + 34
    content = text_line(x + 27, y + 20, title, "d-w")
    if order is None:
        content += disc(x + 8, y + 15, 9, "d-af") + path(f"M{x + 4:g} {y + 15:g}l3 3 5-6", "d-seen")
    return around(x + 8, y + 4, across, 22, content, order, hand=False)


SECOND_FACTOR = "Second Factor Authentication"
"""Title of the window that waits for the phone."""
PHONE_APPLICATION = "IBKR Mobile"


def _phone(x: float, width: float, layout: Layout, order: int | None) -> str:
    """The phone with the push; where there is room, the window that waits for it."""
    across = 104
    waiting = ""
    if width > 300:
        title = wrapped(SECOND_FACTOR, 130, SMALL, bold=True)
        waiting = rect(x, 10, width - across - 52, 112, "d-frame", corner=6)
        waiting += text_line(x + 14, 34, layout.application, "d-s")
        waiting += lines(x + 14, 60, title, "d-w")
        waiting += path(f"M{x + width - across - 44:g} 66h30m-8-7l8 7-8 7", "d-arrow")
        x += width - across
    else:
        x += (width - across) / 2
    body = rect(x, 2, across, HEIGHT - 4, "d-frame", corner=14) + bar(x + across / 2 - 14, 9, 28, 5)
    label = text_line(x + across / 2, 38, PHONE_APPLICATION, "d-w d-m")
    middle = x + across / 2
    tick = disc(middle, 82, 24, "d-a") + path(f"M{middle - 11:g} 83l8 8 14-17", "d-tick")
    sign = pointer(middle + 12, 94) if order is None else number(middle - 26, 82, order)
    return waiting + body + label + mark(tick + sign)


def _main_window(x: float, width: float, layout: Layout, order: int | None) -> str:
    x, width = _centred(x, width, 240)
    title = layout.program if width > 200 else layout.application
    return _window(x, 2, width, HEIGHT - 8, "") + _rows(x + 14, 52, width - 28, 3) + _title(title, x, 2, order)


def _front(x: float, width: float, layout: Layout, order: int | None) -> str:
    across = width_of(layout.program, STRONG, bold=True) + 36
    front = x + 60
    return (
        rect(x, 4, 230, 96, "d-frame", corner=6)
        + path(f"M{x:g} {4 + _TITLE_BAR}h230", "d-line")
        + bar(x + 12, 15, 90)
        + _rows(x + 12, 48, 200, 3)
        + _window(front, 34, width - 60, HEIGHT - 36, "")
        + _rows(front + 14, 82, width - 100, 2)
        + around(front + 6, 38, across, 24, text_line(front + 24, 55, layout.program, "d-b"), order)
    )


def _unlock(x: float, width: float, layout: Layout, order: int | None) -> str:
    middle = x + width / 2
    lock = path(f"M{middle - 10:g} 76v-8a10 10 0 0 1 20 0v8", "d-tick") + rect(middle - 17, 76, 34, 26, "d-on")
    return _window(x, 4, width, HEIGHT - 8, layout.program) + around(middle - 32, 48, 64, 64, lock, order)


def _message(x: float, width: float, layout: Layout, order: int | None) -> str:
    left, across = x + 70, width - 110
    body = rect(left, 46, across, 66, "d-a", corner=6)
    sign = text_line(left + 28, 80, "!", "d-b d-m") + disc(left + 28, 75, 14, "d-ring")
    text = bar(left + 58, 64, across - 90) + bar(left + 58, 82, (across - 90) * 0.6)
    hand = pointer(left + across - 30, 98) if order is None else number(left, 79, order)
    return _window(x, 4, width, HEIGHT - 8, layout.program) + mark(body + sign + text + hand)


WIDE = {Act.FRONT, Act.CLOSE_OTHERS, Act.CLOSE_CHARTS, Act.UNLOCK, Act.MESSAGE}
"""The pictures that need the whole width."""

PICTURES: Mapping[Act, Callable[[float, float, Layout, int | None], str]] = {
    Act.FRONT: _front,
    Act.CLOSE: _close,
    Act.CLOSE_OTHERS: _close_others,
    Act.CLOSE_CHARTS: _close_charts,
    Act.START: _start,
    Act.LOG_IN: _log_in,
    Act.LOG_IN_SCREEN: _log_in_screen,
    Act.PHONE: _phone,
    Act.MAIN_WINDOW: _main_window,
    Act.UNLOCK: _unlock,
    Act.MESSAGE: _message,
}
"""The picture of each act, from its left edge, its width, the layout, and its number among several."""

SAID: Mapping[Act, str] = {
    Act.FRONT: "its window in front of the others",
    Act.CLOSE: "the close box of its window",
    Act.CLOSE_OTHERS: "two windows, and the close box of the second",
    Act.CLOSE_CHARTS: "the close box of a chart in its window",
    Act.START: "its icon",
    Act.LOG_IN: f"the button {LOG_IN} on its log-in screen",
    Act.LOG_IN_SCREEN: "its log-in screen, open",
    Act.PHONE: f"the tick in {PHONE_APPLICATION} on the phone",
    Act.MAIN_WINDOW: "its main window, open",
    Act.UNLOCK: "the lock in its window",
    Act.MESSAGE: "a message in front of its window",
}
"""Each picture in words."""
