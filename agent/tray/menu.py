"""The menu: entries of `core.shown.menu` as pystray's items, and pystray itself, imported without side effects."""

import importlib
import os
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from agent.core.shown.display import TOOLTIP_LIMIT, Action, MenuEntry
from agent.core.text import shortened
from agent.tws.printable import one_line, printable

LABEL_LIMIT = 120
"""Characters of a line; a longer one would make the menu wider than a small screen."""


def pystray(backend: str = "") -> ModuleType:
    """Import one backend of pystray ("_win32", "_darwin"), or what all of them build on (""). Raises ImportError.

    A plain `import pystray` picks a backend during the import, and without a display that raises an error.
    """
    before = os.environ.get("PYSTRAY_BACKEND")
    os.environ["PYSTRAY_BACKEND"] = "dummy"
    try:
        importlib.import_module("pystray")
    finally:
        if before is None:
            del os.environ["PYSTRAY_BACKEND"]
        else:
            os.environ["PYSTRAY_BACKEND"] = before
    return importlib.import_module(f"pystray.{backend or '_base'}")


def short_tooltip(text: str) -> str:
    """The tooltip, shortened so that every system takes it."""
    return shortened(printable(text), TOOLTIP_LIMIT)


def clickable(entry: MenuEntry) -> bool:
    """Whether a click on this line does something."""
    return entry.action is not None and not entry.children and not entry.separator


def as_they_are(label: str) -> str:
    """The label unchanged, for menus in which no character has a special meaning."""
    return label


def pystray_menu(
    entries: Iterable[MenuEntry], clicked: Callable[[Action], None], spelt: Callable[[str], str] = as_they_are
) -> Any:
    """The menu in pystray's own type; a click calls `clicked` with the line's action.

    `spelt` escapes a label: some systems underline the letter after a "&" or a "_". Every item has the line it was made
    from as its attribute `entry`, for backends that compare menus.
    """
    base = pystray()
    return base.Menu(*(_pystray_item(base, entry, clicked, spelt) for entry in entries))


def _pystray_item(
    base: ModuleType, entry: MenuEntry, clicked: Callable[[Action], None], spelt: Callable[[str], str]
) -> Any:
    if entry.separator:
        return base.Menu.SEPARATOR
    # Each label is made safe: a panel drops the whole menu, with the way to quit, for one line that it cannot take.
    label = spelt(shortened(one_line(entry.label), LABEL_LIMIT))
    if entry.children:
        item = base.MenuItem(label, pystray_menu(entry.children, clicked, spelt))
        item.entry = entry
        return item

    checked, action = entry.checked, entry.action

    def click() -> None:
        if action is not None:
            clicked(action)

    item = base.MenuItem(
        label,
        click,
        checked=None if checked is None else lambda _: checked,
        default=entry.default and clickable(entry),
        enabled=clickable(entry),
    )
    item.entry = entry
    return item
