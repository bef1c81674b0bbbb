"""The log-in screen: which API, live or paper, user name, password, and the button.

The labels of the switches and of the button are those that IBC looks for (its AbstractLoginHandler and
GatewayLoginFrameHandler).
"""

from collections.abc import Mapping

from agent.page.drawings.canvas import (
    BOX,
    TITLE_BAR,
    WIDTH,
    around,
    button,
    button_width,
    picture,
    radio,
    rect,
    text_line,
    window,
)
from agent.page.drawings.layout import Drawing, Layout
from agent.page.drawings.step import Step

APIS = ("IB API", "FIX CTCI")
MODES = ("Live Trading", "Paper Trading")
_FIELDS = ("User name", "Password")
LOG_IN, PAPER_LOG_IN = "Log In", "Paper Log In"
TITLES = {Layout.MOSAIC: "Login", Layout.CLASSIC: "Login", Layout.GATEWAY: "IB Gateway"}
"""The title of the window."""

_LEFT, _ACROSS = 28, 344
"""Left edge and width of the switches and fields."""
_SWITCH = 34
"""Height of a switch."""
_FIELD = 32


def login_screen(step: Step, layout: Layout) -> Drawing | None:
    """Draw a step that takes place on the log-in screen; None if it names nothing there."""
    names = _names(step)
    if not names:
        return None
    orders: dict[str, int | None] = {name: order for order, name in enumerate(names, 1)}
    if len(names) == 1 or names == MODES:
        # Both modes are one place to look at, not two clicks.
        orders = dict.fromkeys(names)
    alt = f"The log-in screen of {layout.application}. Marked: {', '.join(names)}."
    return Drawing(_draw(layout, orders, alt), alt)


def _names(step: Step) -> tuple[str, ...]:
    """The labels of the screen that the step names, in its order."""
    said = step.words
    if any(label.text in APIS for label in step.labels):
        return tuple(label for label in step.wanted if label in APIS)
    if "live or paper" in said or "trading mode you want" in said:
        return MODES
    if "log-in screen" in said and " trading" in said:
        return tuple(mode for mode in MODES if mode.lower() in said) or MODES
    if "user name and password" in said:
        return (*_FIELDS, LOG_IN) if said.startswith("log in") else _FIELDS
    return ()


def _draw(layout: Layout, orders: Mapping[str, int | None], alt: str) -> str:
    y = 2.0 + TITLE_BAR + 18
    parts = []
    for group in (APIS, MODES) if layout is Layout.GATEWAY else (MODES,):
        parts.append(_switch(group, orders, y))
        y += _SWITCH + 16
    for field in _FIELDS:
        parts.append(_field(field, orders, y))
        y += _FIELD + 18
    label = PAPER_LOG_IN if MODES[1] in orders and MODES[0] not in orders else LOG_IN
    width = button_width(PAPER_LOG_IN)
    left = (WIDTH - width) / 2
    content = button(left, y, label, width, marked=label in orders)
    if label in orders:
        content = around(left - 6, y - 5, width + 12, 40, content, orders[label])
    parts.append(content)
    bottom = y + 46
    frame = window(2, 2, WIDTH - 4, bottom - 2, TITLES[layout], layout.application if layout.tag else "")
    return picture(bottom + 4, frame + "".join(parts), alt)


def _switch(group: tuple[str, ...], orders: Mapping[str, int | None], y: float) -> str:
    """Two choices side by side."""
    width = _ACROSS / len(group)
    both = all(label in orders for label in group)
    parts = [rect(_LEFT, y, _ACROSS, _SWITCH, "d-field", corner=5)]
    inner = []
    for position, label in enumerate(group):
        left, marked = _LEFT + position * width, label in orders
        chosen = None if both or not any(name in orders for name in group) else marked
        content = radio(left + 12, y + 9, chosen, marked=marked)
        content += text_line(left + 20 + BOX, y + 22, label, "d-b" if marked else "d-t")
        if marked and not both:
            content = around(left - 3, y - 4, width + 6, _SWITCH + 8, content, orders[label])
        inner.append(content)
    if both:
        return around(_LEFT - 6, y - 5, _ACROSS + 12, _SWITCH + 10, "".join(parts + inner), None)
    return "".join(parts + inner)


def _field(label: str, orders: Mapping[str, int | None], y: float) -> str:
    marked = label in orders
    content = rect(_LEFT, y, _ACROSS, _FIELD, "d-on" if marked else "d-field")
    content += text_line(_LEFT + 22, y + 21, label, "d-b" if marked else "d-s")
    if marked:
        return around(_LEFT - 6, y - 5, _ACROSS + 12, _FIELD + 10, content, orders[label])
    return content
