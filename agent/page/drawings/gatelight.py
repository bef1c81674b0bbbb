"""Gatelight's own things: its menu, its configuration, and its commands in a terminal."""

import re
from collections.abc import Iterable
from dataclasses import fields

from agent.core.display import IconState, MenuEntry
from agent.core.menu import display
from agent.core.settings import ConnectionSettings
from agent.core.status import ShownConnection, Status
from agent.page.drawings.canvas import (
    MONO,
    TITLE_BAR,
    WIDTH,
    around,
    bar,
    disc,
    fitted,
    path,
    picture,
    rect,
    window,
    words,
)
from agent.page.drawings.layout import Drawing
from agent.page.drawings.step import Step

_ROW = 30
"""Height of an entry of the menu, and of a line of text."""


def menu(step: Step) -> Drawing | None:
    """Draw a step that chooses from the menu of the tray icon, one menu per choice; None if it does not."""
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
        for label in (entry.label for entry in entries if entry.action is not None):
            place = re.search(rf"\b{re.escape(label)}\b", step.plain)
            if place is not None:
                found.setdefault(label, (place.start(), entries))
    return [(label, entries) for label, (_, entries) in sorted(found.items(), key=lambda item: item[1][0])]


def _entries(*, wanted: bool) -> tuple[MenuEntry, ...]:
    """The menu as it is, for one connection that is wanted or was closed by the user."""
    state = IconState.CONNECTED if wanted else IconState.PAUSED
    connection = ShownConnection(" ", "127.0.0.1", None, state, "connected" if wanted else "idle", 0.0, wanted=wanted)
    return display(Status("", 0, 0.0, (connection,)), 0.0).menu


def _menu(entries: Iterable[MenuEntry], wanted: str, x: float, width: float, order: int | None) -> tuple[str, float]:
    """The icon in its panel, the menu below it with one entry marked, and where it ends."""
    # The panel with the icon, as far as one can know: on some desktops it lies above, on others below the menu.
    icon = disc(x + 22, 16, 9, "d-field") + path(f"M{x + 17.5:g} 16.5l3.5 3.5 5.5-7", "d-tick")
    panel = rect(x, 2, width, 28, "d-bar", corner=4) + icon + words(x + 38, 21, "Gatelight")
    y, parts = 38.0, []
    for entry in entries:
        if entry.separator:
            parts.append(path(f"M{x + 8:g} {y + 5:g}h{width - 16:g}", "d-line"))
            y += 10
        elif entry.label == wanted:
            content = words(x + 26, y + 20, entry.label, "d-b")
            parts.append(around(x + 9, y + 1, width - 16, _ROW - 2, content, order))
            y += _ROW
        elif entry.action is None and not entry.children:
            parts.append(bar(x + 16, y + 11, width * 0.6))
            y += _ROW - 4
        else:
            parts.append(words(x + 26, y + 18, entry.label, "d-s"))
            y += _ROW - 4
    return panel + rect(x, 34, width, y - 30, "d-frame", corner=6) + "".join(parts), y + 6


_KEYS = tuple(key.name for key in fields(ConnectionSettings))
_BARE = ("port", "client_id")
"""Keys whose numbers stand without quotation marks."""
_ENTRY = "[[connections]]"
_ASSIGNED = re.compile(r"(\w+)\s*=\s*(.+)")
_GIVEN = re.compile(r"\bto ([\w.:-]*\d[\w.:-]*\w)")


def configuration(step: Step) -> Drawing | None:
    """Draw a step that looks at or changes Gatelight's configuration; None if it does not."""
    if "gatelight configuration" not in step.words and "of this connection" not in step.words and not _keys(step):
        return None
    keys = _keys(step) or ({"port": _value(step, "port")} if "port" in step.words else {})
    if not keys:
        return None
    entries = 2 if _ENTRY in step.code else 1
    parts, y = [], 2.0 + TITLE_BAR + 12
    for entry in range(entries):
        block, top = [words(24, y + 20, _ENTRY, "d-c")], y
        y += _ROW
        for order, (key, value) in enumerate((("name", ""), *keys.items()) if entries == 1 else keys.items()):
            block.append(_line(key, value, y, _order(order, keys) if entries == 1 else 0))
            y += _ROW
        content = "".join(block)
        if entries > 1:
            content = around(14, top + 1, 250, y - top, content, None, hand=entry > 0)
            y += 10
        parts.append(content)
    frame = window(2, 2, WIDTH - 4, y + 8, "Gatelight configuration")
    named = ", ".join(f"{key} = {value}" if value else key for key, value in keys.items())
    alt = f"The configuration of Gatelight, an entry {_ENTRY}. Marked: {named}."
    return Drawing(picture(y + 16, frame + "".join(parts), alt), alt)


def _order(position: int, keys: dict[str, str]) -> int | None:
    """The number of a line's mark: 0 for the name, which has none; None for the only one."""
    return None if position and len(keys) == 1 else position


def _keys(step: Step) -> dict[str, str]:
    """The keys that the step names, each with its value as TOML; empty where the step gives none."""
    found: dict[str, str] = {}
    for code in step.code:
        assigned = _ASSIGNED.fullmatch(code)
        key, value = assigned.groups() if assigned else (code, "")
        if key in _KEYS:
            found[key] = value or _value(step, key)
    return found


def _value(step: Step, key: str) -> str:
    if '"auto"' in step.code:
        return '"auto"'
    given = _GIVEN.search(step.plain)
    if given is None:
        return ""
    return given[1] if key in _BARE else f'"{given[1]}"'


def _line(key: str, value: str, y: float, order: int | None) -> str:
    """A line of the configuration; `order` 0: not marked."""
    named = words(36, y + 20, f"{key} = ", "d-c")
    left = 36 + (len(key) + 3) * MONO * 14
    room = WIDTH - 40 - left
    shown = fitted(value, room)
    content = named + (words(left, y + 20, shown, "d-c d-v") if value else bar(left, y + 11, 80))
    if order == 0:
        return content
    across = left + max(80.0, len(shown) * MONO * 14) - 36
    return around(18, y + 1, across + 44, _ROW - 2, content, order)


def terminal(step: Step) -> Drawing | None:
    """Draw a step that runs a command of Gatelight; None if it runs none."""
    command = next((code for code in step.code if code.startswith("gatelight ")), None)
    if command is None:
        return None
    y = 2.0 + TITLE_BAR + 16
    content = words(52, y + 21, command, "d-c")
    across = len(command) * MONO * 14 + 36
    body = words(24, y + 21, "$", "d-c") + around(40, y, across, 32, content, None)
    body += bar(24, y + 50, 220) + bar(24, y + 70, 140)
    alt = f"A terminal, with the command {command}."
    return Drawing(picture(y + 96, window(2, 2, WIDTH - 4, y + 92, "Terminal") + body, alt), alt)
