"""The main window with the menu open that leads to the settings."""

from agent.page.drawings.canvas import STRONG, TITLE_BAR, WIDTH, around, bar, picture, rect, text_line, width_of, window
from agent.page.drawings.layout import MENUS, Drawing, Layout, spoken
from agent.page.drawings.step import Step

_TOP = 2 + TITLE_BAR
_ROW = 34
"""Height of the menu bar, and of the entry to choose."""
_OTHER = 30
"""Height of every other entry."""
_MENUS = {
    Layout.MOSAIC: ((), (52, 40, 60)),
    Layout.CLASSIC: ((36,), (44, 60, 40)),
    Layout.GATEWAY: ((36,), (52,)),
}
"""Widths of the grey bars for other menus, before and after the one to open."""
_ENTRIES = {
    Layout.MOSAIC: ((120, 90), (140, 70)),
    Layout.CLASSIC: ((90, 120), (110,)),
    Layout.GATEWAY: ((110,), (80,)),
}
"""Widths of the grey bars for other entries, above and below the one to choose."""


def menu_bar(step: Step, layout: Layout) -> Drawing | None:
    """Draw the step that opens the settings; None for another step."""
    menu, entry = MENUS[layout]
    if spoken((menu, entry)) not in step.wanted:
        return None
    bars, left = _bar(layout, menu)
    entries, bottom = _open_menu(layout, entry, left)
    frame = window(2, 2, WIDTH - 4, bottom + 14, layout.program, layout.tag)
    where = f"{layout.application} ({layout.tag})" if layout.tag else layout.application
    alt = f"The window of {where}: the menu {menu} is open, and in it {entry} is marked."
    return Drawing(picture(bottom + 18, frame + bars + entries, alt), alt)


def _bar(layout: Layout, menu: str) -> tuple[str, float]:
    """The menu bar, and the left edge of the open menu."""
    before, after = _MENUS[layout]
    x = 24.0
    parts = []
    for stand_in in before:
        parts.append(bar(x, _TOP + 14, stand_in))
        x += stand_in + 34
    left, width = x, width_of(menu, STRONG, bold=True) + 30
    label = text_line(left + 20, _TOP + 22, menu, "d-b")
    parts.append(around(left, _TOP + 3, width, _ROW - 6, label, 1))
    x += width + 24
    for stand_in in after:
        parts.append(bar(x, _TOP + 14, stand_in))
        x += stand_in + 26
    return "".join(parts), left


def _open_menu(layout: Layout, entry: str, left: float) -> tuple[str, float]:
    """The entries of the open menu, and their lower edge."""
    above, below = _ENTRIES[layout]
    across = width_of(entry, STRONG, bold=True) + 62
    height = _OTHER * (len(above) + len(below)) + _ROW + 8
    y: float = _TOP + _ROW
    parts = [rect(left, y, across, height, "d-frame")]
    y += 4
    for width in above:
        parts.append(bar(left + 32, y + 11, min(width, across - 50)))
        y += _OTHER
    label = text_line(left + 32, y + 22, entry, "d-b")
    parts.append(around(left + 12, y + 2, across - 20, _ROW - 4, label, 2, hand=True))
    y += _ROW
    for width in below:
        parts.append(bar(left + 32, y + 11, min(width, across - 50)))
        y += _OTHER
    return "".join(parts), y + 4
