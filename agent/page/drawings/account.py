"""The account number: its first letters tell paper from live."""

from agent.page.drawings.canvas import (
    STRONG,
    TITLE_BAR,
    WIDTH,
    around,
    bar,
    mark,
    picture,
    pointer,
    text_line,
    width_of,
    window,
)
from agent.page.drawings.layout import Drawing, Layout
from agent.page.drawings.step import Step

_PAPER, _LIVE = ("D", "U•••567"), ("", "U•••567")


def account(step: Step, layout: Layout) -> Drawing | None:
    """Draw a step that looks at the account number; None for another step."""
    if "account number" not in step.words:
        return None
    y = 2.0 + TITLE_BAR + 20
    parts = []
    for letter, rest in (_PAPER, _LIVE):
        x = 40.0
        if letter:
            width = width_of(letter, STRONG, bold=True)
            parts.append(around(x - 8, y - 2, width + 14, 30, text_line(x, y + 19, letter, "d-b"), None, hand=False))
            parts.append(mark(pointer(x + 4, y + 22)))
            x += width + 10
        parts.append(text_line(x, y + 19, rest, "d-b"))
        parts.append(text_line(170, y + 18, "paper trading" if letter else "live trading"))
        y += 54
    parts.append(bar(40, y + 4, 220))
    frame = window(2, 2, WIDTH - 4, y + 24, layout.program)
    alt = f"The window of {layout.application} with two account numbers: the one for paper trading begins with D."
    return Drawing(picture(y + 30, frame + "".join(parts), alt), alt)
