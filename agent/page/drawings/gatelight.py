"""What Gatelight shows about a problem, and its commands in a terminal."""

from agent.page.drawings.canvas import (
    MONO,
    STRONG,
    TITLE_BAR,
    WIDTH,
    around,
    bar,
    disc,
    picture,
    text_line,
    width_of,
    window,
)
from agent.page.drawings.layout import Drawing
from agent.page.drawings.step import Step

EVIDENCE = "What was seen"
"""The heading of the evidence, wherever Gatelight shows a problem."""


def evidence(step: Step) -> Drawing | None:
    """Draw a step that looks at what Gatelight saw; None for another step."""
    if EVIDENCE not in step.quoted:
        return None
    y = 2.0 + TITLE_BAR + 18
    across = width_of(EVIDENCE, STRONG, bold=True) + 40
    heading = around(18, y, across, 32, text_line(30, y + 21, EVIDENCE, "d-b"), None)
    y += 52
    for row, width in enumerate((300, 250, 210)):
        heading += disc(30, y + 4 + 24 * row, 3, "d-dot") + bar(42, y + 24 * row, width)
    alt = f"Gatelight, showing a problem. Marked: the part {EVIDENCE}."
    frame = window(2, 2, WIDTH - 4, y + 74, "Gatelight")
    return Drawing(picture(y + 80, frame + heading, alt), alt)


def terminal(step: Step) -> Drawing | None:
    """Draw a step that runs a command of Gatelight; None for another step."""
    command = next((code for code in step.code if code.startswith("gatelight ")), None)
    if command is None:
        return None
    y = 2.0 + TITLE_BAR + 16
    content = text_line(52, y + 21, command, "d-c")
    across = len(command) * MONO * 14 + 36
    body = text_line(24, y + 21, "$", "d-c") + around(40, y, across, 32, content, None)
    body += bar(24, y + 50, 220) + bar(24, y + 70, 140)
    alt = f"A terminal, with the command {command}."
    return Drawing(picture(y + 96, window(2, 2, WIDTH - 4, y + 92, "Terminal") + body, alt), alt)
