"""The settings window: tree on the left, page on the right, buttons below. What a step names is marked."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.page.drawings import settings_tree
from agent.page.drawings.canvas import (
    BUTTON,
    TITLE_BAR,
    WIDTH,
    around,
    bar,
    button,
    button_width,
    disc,
    mark,
    number,
    path,
    picture,
    pointer,
    rect,
    window,
)
from agent.page.drawings.layout import MENUS, Drawing, Layout
from agent.page.drawings.settings_pages import ADDRESS_BUTTONS, BUTTONS, Page, RowShape, SettingsRow, pages
from agent.page.drawings.settings_rows import ControlState, chosen_row, draw
from agent.page.drawings.step import Label, Step

_LEFT, _TOP = 2, 2
_INNER = WIDTH - 2 * _LEFT
_ROOM = 204
"""Height for the rows: those that a step names, and as many neighbours as fit."""
_SHORT_ROOM = 96
"""Height for the rows where the step names no row."""
_BOTTOM = BUTTON + 20
"""Height of the strip with the buttons."""
_SCROLL_BAR = 9
"""Width of the scroll bar."""
_SCROLL_SIGN = 6
"""More room for a marked scroll bar: its number is wider than the bar."""
_SCROLL = ""
"""Stands for the scroll bar among the labels of marks; the scroll bar has no label."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the drawing shows."""

    layout: Layout
    pages: tuple[Page, ...]
    page: Page | None
    """The open page; None: not known."""
    state: ControlState
    on_tree: bool
    on_page: bool
    on_buttons: bool
    """Whether there is a mark on the tree, on the page, on the buttons."""
    latest: str
    """The row of the open page that the steps named last; empty: none."""
    offered: tuple[str, ...] = ()
    """Boxes among which the user chooses."""


def settings_window(step: Step, layout: Layout, context: Sequence[Step]) -> Drawing | None:
    """Draw a step that takes place in the settings window; None if it names nothing there."""
    earlier = [label for before in context for label in before.labels if label.wanted]
    decided = [*earlier, *(label for label in step.labels if label.wanted)]
    every = pages(layout, (label.text for label in decided))
    names, page = _names(step, every), _open_page(decided, every)
    offered = _offered(step, page) if not names else ()
    if not names and not offered:
        return None
    orders: dict[str, int | None] = {name: order for order, name in enumerate(names, 1)}
    if len(names) == 1 and "Create" not in names:
        orders = dict.fromkeys(names)
    scene = _Scene(
        layout=layout,
        pages=every,
        page=page,
        state=ControlState(
            ticked=_ticked(decided, every) | dict.fromkeys(offered, False),
            values={label.text: label.value for label in decided if label.value},
            orders=orders,
            touched=frozenset(label.text for label in decided) | frozenset(offered),
            new_address=_new_address(decided),
        ),
        on_tree=any(one.name in step.wanted for one in every),
        on_page=page is not None and any(_on(page, name) for name in (*names, *offered)),
        on_buttons=any(name in BUTTONS for name in names),
        latest=_latest(decided, page),
        offered=offered,
    )
    alt = _alt(scene)
    return Drawing(_draw(scene, alt), alt)


def _names(step: Step, every: Sequence[Page]) -> list[str]:
    """The labels that the step names in the window, in its order; a place in the tree as one label per part."""
    places = {page.name: page.path for page in every}
    names = [_SCROLL] if "scroll to the bottom" in step.words else []
    for label in step.wanted:
        if label in places:
            names += places[label]
        elif label in BUTTONS or any(_on(page, label) for page in every):
            names.append(label)
    return list(dict.fromkeys(names))


def _latest(decided: Sequence[Label], page: Page | None) -> str:
    """The row of the open page that was named last."""
    if page is None:
        return ""
    on_page = (label.text for label in reversed(decided) if _on(page, label.text))
    label = next(on_page, "")
    return page.rows[-1].label if label in ADDRESS_BUTTONS else label


def _new_address(decided: Sequence[Label]) -> str | None:
    """The text that the steps so far enter into the list of addresses; None: they enter nothing."""
    return next((label.value for label in reversed(decided) if label.text == ADDRESS_BUTTONS[0]), None)


def _offered(step: Step, page: Page | None) -> tuple[str, ...]:
    """The boxes of the open page that the step leaves to the user: those it names, else all of them."""
    if page is None or not re.search(r"\btick\b.*\bthe boxes\b", step.words):
        return ()
    boxes = tuple(row.label for row in page.rows if row.shape is RowShape.BOX)
    return tuple(label for label in boxes if label in step.plain) or boxes


def _on(page: Page, label: str) -> bool:
    """Whether the page has this label, on a row or on a button of its list."""
    addresses = any(row.shape is RowShape.ADDRESSES for row in page.rows)
    return page.has(label) or (addresses and label in (*ADDRESS_BUTTONS, _SCROLL))


def _open_page(decided: Sequence[Label], every: Sequence[Page]) -> Page | None:
    """The page of the latest label, which is its place in the tree or one of its rows."""
    for label in reversed(decided):
        for page in every:
            if label.text == page.name or _on(page, label.text):
                return page
    return None


def _ticked(decided: Sequence[Label], every: Sequence[Page]) -> dict[str, bool]:
    """The state of boxes and radio buttons, as far as the steps set it."""
    rows = [row for page in every for row in page.rows]
    boxes = {row.label for row in rows if row.shape is RowShape.BOX}
    ticked = {label.text: label.ticked for label in decided if label.text in boxes and label.ticked is not None}
    named = {label.text for label in decided}
    for page in every:
        for group in page.choices:
            picked = [name for name in group if name in named]
            ticked |= {name: name == picked[-1] for name in group if picked}
    return ticked


def _draw(scene: _Scene, alt: str) -> str:
    tree = settings_tree.WIDE if scene.on_tree else settings_tree.WIDTH
    top, left = _TOP + TITLE_BAR, _LEFT + tree
    shown = _shown(scene, _width(tree, scene))
    page = _rows(scene, shown, left, top + 16, _width(tree, scene)) if shown else _stand_ins(left + 18, top + 22, tree)
    height = max(page[1] + 16, settings_tree.height_of(scene.pages) + 14)
    bottom = top + height + (_BOTTOM if scene.on_buttons else 0)
    title = MENUS[scene.layout][-1].rstrip(".")
    parts = [
        window(_LEFT, _TOP, _INNER, bottom - _TOP, title),
        path(f"M{left:g} {top:g}v{height:g}", "d-line"),
        settings_tree.tree(scene.pages, scene.page, _on_tree(scene), _LEFT, top + 7, tree),
        page[0],
    ]
    if shown and scene.page is not None and scene.page.whole and len(shown) < len(scene.page.rows):
        parts.append(_scroll_bar(scene, shown, top + 5, height - 10))
    if scene.on_buttons:
        parts.append(_buttons(scene, top + height))
    return picture(bottom + 14, "".join(parts), alt)


def _on_tree(scene: _Scene) -> dict[str, int | None]:
    parts = {part for page in scene.pages for part in page.path} if scene.on_tree else set()
    return {name: order for name, order in scene.state.orders.items() if name in parts}


def _width(tree: float, scene: _Scene) -> float:
    """The width for a row."""
    scrolled = scene.page is not None and scene.page.whole
    beside = 0 if not scrolled else _SCROLL_BAR + (_SCROLL_SIGN if _SCROLL in scene.state.orders else 0)
    return _INNER - tree - 20 - _numbered(scene) - 18 - beside


def _numbered(scene: _Scene) -> float:
    """The width for numbers at the left of the rows."""
    return 20 if scene.on_page and len(scene.state.orders) > 1 else 0


def _shown(scene: _Scene, width: float) -> list[SettingsRow]:
    """The rows to show."""
    if scene.page is None or (scene.on_tree and not scene.on_page):
        return []
    rows, orders = scene.page.rows, scene.state.orders
    if scene.offered:
        return [row for row in rows if row.label in scene.offered]
    wanted = list(orders) if scene.on_page else [scene.latest]
    if any(name in (*ADDRESS_BUTTONS, _SCROLL) for name in orders):
        wanted = [*wanted, rows[-1].label]
    room = _ROOM if scene.on_page else _SHORT_ROOM
    return [rows[index] for index in chosen_row(rows, wanted, room, width, scene.state)]


def _rows(scene: _Scene, shown: Iterable[SettingsRow], x: float, y: float, width: float) -> tuple[str, float]:
    """The rows, and their height."""
    parts, height = [], 0.0
    rows = scene.page.rows if scene.page is not None else ()
    before = None
    for row in shown:
        if before is not None and rows.index(row) > rows.index(before) + 1:
            # Three dots stand for the rows left out between the two.
            parts += [disc(x + 28 + _numbered(scene), y + height - 3 + 6 * dot, 1.8, "d-dot") for dot in range(3)]
            height += 22
        before = row
        drawn = draw(row, x + 20 + _numbered(scene), y + height, width, scene.state)
        parts.append(drawn.svg)
        height += drawn.height
    if scene.offered:
        return around(x + 11, y - 9, width + 17, height + 5, "".join(parts), None), height + 8
    return "".join(parts), height


def _stand_ins(x: float, y: float, tree: float) -> tuple[str, float]:
    """Grey bars in place of a page whose rows are not known, and their height."""
    room = _INNER - tree - 36
    widths = (0.8, 0.55, 0.9, 0.65, 0.75)
    return "".join(bar(x, y + 28 * row, room * part) for row, part in enumerate(widths)), 28.0 * len(widths)


def _scroll_bar(scene: _Scene, shown: Sequence[SettingsRow], y: float, height: float) -> str:
    """The scroll bar, which shows where in the page the rows are."""
    assert scene.page is not None
    rows = scene.page.rows
    x = _LEFT + _INNER - _SCROLL_BAR - 6
    first, share = rows.index(shown[0]) / len(rows), len(shown) / len(rows)
    thumb_height = max(26.0, height * share)
    thumb = y + (height - thumb_height) * min(1.0, first / max(1 - share, 0.01))
    track = rect(x, y, _SCROLL_BAR, height, "d-field", corner=4.5)
    if _SCROLL not in scene.state.orders:
        return track + rect(x, thumb, _SCROLL_BAR, thumb_height, "d-thumb", corner=4.5)
    order = scene.state.orders[_SCROLL]
    middle = x + _SCROLL_BAR / 2
    arrow = path(f"M{middle:g} {thumb - 34:g}v28m-6-7l6 7 6-7", "d-arrow")
    sign = pointer(middle, thumb + thumb_height / 2) if order is None else number(middle, thumb - 46, order)
    return track + mark(rect(x - 1, thumb, _SCROLL_BAR + 2, thumb_height, "d-af", corner=5) + arrow + sign)


def _buttons(scene: _Scene, y: float) -> str:
    """The strip below the page."""
    parts = [path(f"M{_LEFT:g} {y:g}h{_INNER:g}", "d-line")]
    x = _LEFT + _INNER - 14 - sum(button_width(name) + 16 for name in BUTTONS)
    for name in BUTTONS:
        width, orders = button_width(name), scene.state.orders
        drawn = button(x, y + 10, name, width, marked=name in orders)
        if name in orders:
            drawn = around(x - 5, y + 5, width + 10, BUTTON + 10, drawn, orders[name])
        parts.append(drawn)
        x += width + 16
    return "".join(parts)


def _alt(scene: _Scene) -> str:
    """What the picture shows, in words."""
    title = MENUS[scene.layout][-1].rstrip(".")
    where = f" on the page {scene.page.name}" if scene.page is not None and not scene.on_tree else ""
    marked = ", then ".join(_said(name, scene) for name in scene.state.orders)
    if scene.offered:
        marked = f"the boxes {'; '.join(scene.offered)}"
    return f"The window {title} of {scene.layout.application}{where}. Marked: {marked}."


def _said(name: str, scene: _Scene) -> str:
    if name == _SCROLL:
        return "the scroll bar, moved to the bottom"
    if name in BUTTONS or name in ADDRESS_BUTTONS:
        return f"the button {name}"
    rows = {row.label: row for page in scene.pages for row in page.rows}
    if name not in rows:
        return f"{name} in the list on the left"
    ticked, value = scene.state.ticked.get(name), scene.state.values.get(name)
    match rows[name].shape:
        case RowShape.BOX:
            return f"the box {name}" + ("" if ticked is None else ", ticked" if ticked else ", not ticked")
        case RowShape.RADIO:
            return f"{name}, chosen"
        case _:
            return f"the field {name}" + (f" with {value}" if value else "")
