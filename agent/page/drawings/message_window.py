"""A window that asks something, in front of the main window: the words the guide quotes, and the button to click."""

import re

from agent.page.drawings.canvas import (
    BUTTON,
    LEADING,
    STRONG,
    WIDTH,
    around,
    bar,
    button,
    button_width,
    disc,
    lines,
    picture,
    rect,
    text_line,
    window,
    wrapped,
)
from agent.page.drawings.layout import Drawing, Layout
from agent.page.drawings.step import Step

_BUTTONS = {
    "Accept incoming connection attempt": ("Yes", "No"),
    "Existing session detected": ("Continue Login", "Reconnect This Session", "Exit Application", "Cancel"),
    "apply the new socket port setting": ("Yes", "No"),
}
"""The buttons of windows by the words of the window, as IBC finds them. Another window has the buttons a step names."""

_OPENS = re.compile(r"\b(?:window|notice|message|asks|says)\b")
"""Words that show that a step speaks of a window; it may quote other things too."""
_X, _Y, _ACROSS = 30, 18, 340
"""Place and width of the window in front."""
_MARGIN = 18
_BETWEEN = 14
"""Units between two buttons."""


def message_window(step: Step, layout: Layout) -> Drawing | None:
    """Draw a step that quotes the words of a window; None if it quotes none."""
    if not step.quoted or not _OPENS.search(step.words):
        return None
    heading, wanted = step.quoted[0], step.wanted
    known = _BUTTONS.get(heading, ())
    names = (*known, *(label for label in wanted if label not in known))
    marked = f"the button {', '.join(wanted)}" if wanted else "its words"
    alt = f"A window in front of {layout.application} says “{heading}”. Marked: {marked}."
    question, below = _question(heading, asked=not wanted)
    buttons, bottom = _buttons(names, wanted, below)
    back = window(2, 2, WIDTH - 4, bottom + 20, layout.program)
    front = rect(_X, _Y + 20, _ACROSS, bottom - _Y - 20, "d-frame", corner=7)
    return Drawing(picture(bottom + 26, back + front + question + buttons, alt), alt)


def _question(heading: str, *, asked: bool) -> tuple[str, float]:
    """The text of the window and its lower edge. `asked`: the step is about the words, not about a button."""
    left, y = _X + 66, float(_Y + 44)
    rows = wrapped(heading, _X + _ACROSS - left - _MARGIN - 8, STRONG, bold=True)
    height = len(rows) * LEADING
    said = lines(left, y + 13, rows, "d-b")
    if asked:
        said = around(left - 10, y - 8, _X + _ACROSS - left - 4, height + 12, said, None)
    sign = disc(_X + 34, y + 10, 15, "d-field") + text_line(_X + 34, y + 16, "?", "d-b d-m")
    y += height + 16
    return sign + said + bar(left, y, 190) + bar(left, y + 18, 130), y + 40


def _buttons(names: tuple[str, ...], wanted: tuple[str, ...], y: float) -> tuple[str, float]:
    """The buttons, in as many rows as they need, and their lower edge."""
    parts = []
    for row in _rows(names):
        x = _X + _ACROSS - _MARGIN - sum(map(button_width, row)) - _BETWEEN * (len(row) - 1)
        for name in row:
            width = button_width(name)
            drawn = button(x, y, name, width, marked=name in wanted)
            parts.append(around(x - 5, y - 5, width + 10, BUTTON + 10, drawn, None) if name in wanted else drawn)
            x += width + _BETWEEN
        y += BUTTON + 14
    if not names:
        for number in range(2):
            x = _X + _ACROSS - _MARGIN - 154 + 84 * number
            parts.append(rect(x, y, 70, BUTTON, "d-field", corner=5) + bar(x + 15, y + 11, 40))
        y += BUTTON + 14
    return "".join(parts), y + 4


def _rows(names: tuple[str, ...]) -> list[list[str]]:
    rows: list[list[str]] = []
    for name in names:
        taken = sum(button_width(other) + _BETWEEN for other in rows[-1]) if rows else 0
        if rows and taken + button_width(name) <= _ACROSS - 2 * _MARGIN:
            rows[-1].append(name)
        else:
            rows.append([name])
    return rows
