"""Gatelight's menu, what it shows about a problem, and its commands in a terminal."""

import re
from collections.abc import Iterable

from agent.core.shown.display import IconState, MenuEntry
from agent.core.shown.menu import display
from agent.core.shown.status import ShownConnection, Status
from agent.page.drawings.canvas import (
    MONO,
    STRONG,
    TITLE_BAR,
    WIDTH,
    around,
    bar,
    disc,
    path,
    picture,
    rect,
    text_line,
    width_of,
    window,
)
from agent.page.drawings.layout import Drawing
from agent.page.drawings.step import Step

_ROW = 30
"""Height of an entry of the menu, and of a line of text."""


def menu(step: Step) -> Drawing | None:
    """Draw a step that chooses from the menu of the tray icon, one menu per choice; None for another step."""
    if "gatelight menu" not in step.words:
        return None
    chosen = _choices(step)
    if not chosen:
        return None
    between = 24.0
    width = min(220.0, (WIDTH - 4 - between * (len(chosen) - 1)) / len(chosen))
    parts, height = [], 0.0
    for position, (label, entries) in enumerate(chosen):
        left = 2 + position * (width + between)
        drawn, bottom = _menu(entries, label, left, width, position + 1 if len(chosen) > 1 else None)
        parts.append(drawn)
        height = max(height, bottom)
    alt = f"The menu of Gatelight’s icon. Marked: {', then '.join(label for label, _ in chosen)}."
    return Drawing(picture(height + 2, "".join(parts), alt), alt)


def _choices(step: Step) -> list[tuple[str, tuple[MenuEntry, ...]]]:
    """The entries that the step names, in its order, each with the menu that holds it."""
    found: dict[str, tuple[int, tuple[MenuEntry, ...]]] = {}
    for entries in (_entries(wanted=True), _entries(wanted=False)):
        for label in (entry.label.strip() for entry in entries if entry.action is not None or entry.children):
            place = re.search(rf"\b{re.escape(label)}\b", step.plain)
            if place is not None:
                found.setdefault(label, (place.start(), entries))
    return [(label, entries) for label, (_, entries) in sorted(found.items(), key=lambda item: item[1][0])]


def _entries(*, wanted: bool) -> tuple[MenuEntry, ...]:
    """The real menu for one connection, which is wanted or was closed by the user."""
    state = IconState.CONNECTED if wanted else IconState.PAUSED
    connection = ShownConnection(" ", "127.0.0.1", None, state, "connected" if wanted else "idle", 0.0, wanted=wanted)
    return display(Status("", 0, 0.0, (connection,)), 0.0, 0.0).menu


def _menu(entries: Iterable[MenuEntry], wanted: str, x: float, width: float, order: int | None) -> tuple[str, float]:
    """The icon in its panel, the menu below with one entry marked, and the lower edge."""
    # On some desktops the panel with the icon lies above the menu, on others below; the drawing shows it above.
    icon = disc(x + 22, 16, 9, "d-field") + path(f"M{x + 17.5:g} 16.5l3.5 3.5 5.5-7", "d-tick")
    panel = rect(x, 2, width, 28, "d-bar", corner=4) + icon + text_line(x + 38, 21, "Gatelight")
    y, parts = 38.0, []
    for entry in entries:
        if entry.separator:
            parts.append(path(f"M{x + 8:g} {y + 5:g}h{width - 16:g}", "d-line"))
            y += 10
        elif entry.label.strip() == wanted:
            content = text_line(x + 26, y + 20, wanted, "d-b")
            parts.append(around(x + 9, y + 1, width - 16, _ROW - 2, content, order))
            y += _ROW
        elif entry.action is None and not entry.children:
            parts.append(bar(x + 16, y + 11, width * 0.6))
            y += _ROW - 4
        else:
            parts.append(text_line(x + 26, y + 18, entry.label, "d-s"))
            y += _ROW - 4
    return panel + rect(x, 34, width, y - 30, "d-frame", corner=6) + "".join(parts), y + 6


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
