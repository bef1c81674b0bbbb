"""Gatelight's configuration: the entry of a connection, with the keys that a step names marked."""

import re
from collections.abc import Mapping
from dataclasses import fields

from agent.core.settings import ConnectionSettings
from agent.page.drawings.canvas import LABEL, MONO, TITLE_BAR, WIDTH, around, bar, fitted, picture, text_line, window
from agent.page.drawings.layout import Drawing
from agent.page.drawings.step import Step

_KEYS = frozenset(key.name for key in fields(ConnectionSettings))
_BARE = ("port", "client_id")
"""Keys whose numbers stand without quotation marks."""
_ENTRY = "[[connections]]"
_AUTO = '"auto"'
_ASSIGNED = re.compile(r"(\w+)\s*=\s*(.+)")
_GIVEN = re.compile(r"\bto ([\w.:-]*\d[\w.:-]*\w)")
_TOP = 2 + TITLE_BAR + 12
_ROW = 30
_INDENT = 38


def own_configuration(step: Step) -> Drawing | None:
    """Draw a step that looks at or changes the configuration; None for another step."""
    keys = _keys(step)
    if not keys and "gatelight configuration" in step.words and "port" in step.words:
        keys = {"port": _value(step, "port")}
    if not keys:
        return None
    body, bottom = _several(keys) if _ENTRY in step.code else _one(keys)
    frame = window(2, 2, WIDTH - 4, bottom + 8, "Gatelight configuration")
    named = ", ".join(f"{key} = {value}" if value else key for key, value in keys.items())
    alt = f"The configuration of Gatelight, with an entry {_ENTRY}. Marked: {named}."
    return Drawing(picture(bottom + 18, frame + body, alt), alt)


def _keys(step: Step) -> dict[str, str]:
    """The keys that the step names, each with its value as TOML; the value is empty where the step gives none."""
    found: dict[str, str] = {}
    for code in step.code:
        assigned = _ASSIGNED.fullmatch(code)
        key, value = assigned.groups() if assigned else (code, "")
        if key in _KEYS:
            found[key] = value or _value(step, key)
    return found


def _value(step: Step, key: str) -> str:
    if _AUTO in step.code:
        return _AUTO
    given = _GIVEN.search(step.plain)
    if given is None:
        return ""
    return given[1] if key in _BARE else f'"{given[1]}"'


def _one(keys: Mapping[str, str]) -> tuple[str, float]:
    """One entry with each key marked, and its lower edge."""
    y = _TOP + 2 * _ROW
    parts = [text_line(24, _TOP + 20, _ENTRY, "d-c"), _line("name", "", _TOP + _ROW)]
    for order, (key, value) in enumerate(keys.items(), 1):
        width = _INDENT + _across(key, value)
        content = _line(key, value, y)
        parts.append(around(18, y + 1, width, _ROW - 2, content, order if len(keys) > 1 else None))
        y += _ROW
    return "".join(parts), y


def _several(keys: Mapping[str, str]) -> tuple[str, float]:
    """Two entries, each marked as a whole, and their lower edge."""
    parts, y = [], _TOP
    for last in (False, True):
        lines = [text_line(24, y + 20, _ENTRY, "d-c")]
        lines += (_line(key, value, y + _ROW * row) for row, (key, value) in enumerate(keys.items(), 1))
        height = _ROW * len(lines)
        parts.append(around(14, y + 1, 250, height, "".join(lines), None, hand=last))
        y += height + 10
    return "".join(parts), y


def _line(key: str, value: str, y: float) -> str:
    left = _INDENT + (len(key) + 3) * MONO * LABEL
    shown = fitted(value, WIDTH - 40 - left)
    return text_line(_INDENT, y + 20, f"{key} = ", "d-c") + (
        text_line(left, y + 20, shown, "d-c d-v") if value else bar(left, y + 11, 80)
    )


def _across(key: str, value: str) -> float:
    """The width of a line."""
    name = (len(key) + 3) * MONO * LABEL
    shown = fitted(value, WIDTH - 40 - _INDENT - name)
    return name + (len(shown) * MONO * LABEL if value else 80)
