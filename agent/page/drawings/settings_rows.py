"""Rows of a page of the settings window, each as SVG text and a height."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.page.drawings.canvas import (
    BOX,
    BUTTON,
    LABEL,
    LEADING,
    STRONG,
    around,
    bar,
    box,
    button,
    fitted,
    lines,
    mark,
    number,
    pointer,
    radio,
    rect,
    text_line,
    width_of,
    wrapped,
)
from agent.page.drawings.settings_pages import ADDRESS_BUTTONS, HALVES, RowShape, SettingsRow

_GAP = 13
"""Units between rows."""
_FIELD = 26
"""Height of a field to fill in."""
_INSET = BOX + 9
"""From the left edge of a box to its label."""
_HALF = 50
"""Width of the choice of one half of the day."""
_LIST = 64
"""Height of the list of addresses."""
_BUTTON_GAP = 5
"""Units between the buttons below the list."""
_TRUSTED_FROM_THE_BEGINNING = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ControlState:
    """The state of the page at one step, as far as the steps tell."""

    ticked: Mapping[str, bool]
    """Boxes and radio buttons whose state the steps decide, by label."""
    values: Mapping[str, str]
    """Contents of fields that the steps decide, by label."""
    orders: Mapping[str, int | None]
    """The number of each mark, by label; None: it is the only mark."""
    touched: frozenset[str] = frozenset()
    """Labels that the steps so far have named."""
    new_address: str | None = None
    """A new line in the list of addresses; empty: its text is not known; None: there is no new line."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A piece of a page."""

    svg: str
    height: float


def _height_of(row: SettingsRow, width: float, state: ControlState) -> float:
    """The height of a row, with the gap below it."""
    return draw(row, 0, 0, width, state).height


def draw(row: SettingsRow, x: float, y: float, width: float, state: ControlState) -> Drawn:
    """Draw a row at `x`, `y`, in so much width."""
    match row.shape:
        case RowShape.BOX | RowShape.RADIO:
            return _choice(row, x, y, width, state)
        case RowShape.FIELD | RowShape.TIME:
            return _field(row, x, y, width, state)
        case RowShape.ADDRESSES:
            return _addresses(row, x, y, width, state)


def _text(row: SettingsRow, x: float, y: float, width: float, state: ControlState) -> tuple[str, float]:
    """The label, bold where it is marked, and its height."""
    marked = row.label in state.orders
    size = STRONG if marked else LABEL
    label = wrapped(row.label, width, size, bold=marked)
    kind = "d-b" if marked else "d-t" if row.label in state.touched else "d-s"
    return lines(x, y + 13, label, kind), len(label) * LEADING


def _framed(
    row: SettingsRow, x: float, y: float, width: float, height: float, content: str, state: ControlState
) -> Drawn:
    """The finished row, marked where the step names it."""
    if row.label in state.orders:
        order = state.orders[row.label]
        left = x - (8 if order is None else 14)
        content = around(left, y - 7, x + width + 6 - left, height + 10, content, order)
        height += 8
    return Drawn(content, height + _GAP)


def _choice(row: SettingsRow, x: float, y: float, width: float, state: ControlState) -> Drawn:
    label, height = _text(row, x + _INSET, y, width - _INSET, state)
    shape = box if row.shape is RowShape.BOX else radio
    sign = shape(x, y, state.ticked.get(row.label), marked=row.label in state.orders)
    return _framed(row, x, y, width, height, sign + label, state)


def _field(row: SettingsRow, x: float, y: float, width: float, state: ControlState) -> Drawn:
    marked = row.label in state.orders
    label_width = width_of(row.label, STRONG if marked else LABEL, bold=marked)
    room = 76 + width_of(row.unit) + 6
    beside = label_width + 10 + room <= width
    label, height = _text(row, x, y + (4 if beside else 0), label_width if beside else width, state)
    left, top = (x + label_width + 10, y) if beside else (x, y + height)
    content = label + _entry(left, top, 76, state.values.get(row.label, ""), marked)
    taken = _FIELD if beside else height + _FIELD + 4
    beyond = text_line(left + 82, top + 18, row.unit, "d-s") if row.unit else ""
    if row.shape is RowShape.TIME and left + 86 + _HALF * len(HALVES) <= x + width:
        beyond = _halves(left + 86, top + 5)
    elif row.shape is RowShape.TIME:
        beyond = _halves(x, top + _FIELD + 7)
        taken += BOX + 10
    drawn = _framed(row, x, y, width, taken, content, state)
    return Drawn(drawn.svg + beyond, drawn.height)


def _entry(x: float, y: float, width: float, value: str, marked: bool) -> str:
    field = rect(x, y, width, _FIELD, "d-on" if marked else "d-field")
    if not value:
        return field + bar(x + 8, y + 9, width / 2)
    return field + text_line(x + 8, y + 18, fitted(value, width - 16), "d-v")


def _halves(x: float, y: float) -> str:
    """The choice between the halves of the day."""
    parts = []
    for label in HALVES:
        parts += [radio(x, y, None), text_line(x + BOX + 5, y + 13, label, "d-s")]
        x += _HALF
    return "".join(parts)


def _addresses(row: SettingsRow, x: float, y: float, width: float, state: ControlState) -> Drawn:
    """The list and the buttons below it, of which those that the step names are marked."""
    label, height = _text(row, x, y, width, state)
    top = y + height + 3
    inside = [
        rect(x, top, width, _LIST, "d-field"),
        text_line(x + 12, top + 21, _TRUSTED_FROM_THE_BEGINNING, "d-s"),
    ]
    if state.new_address is not None:
        inside.append(_new_address(x, top + 30, width, state))
    left, below = x, top + _LIST + 6
    for name in ADDRESS_BUTTONS:
        marked = name in state.orders
        # The buttons are narrow, because three of them stand side by side.
        across = width_of(name, STRONG if marked else LABEL, bold=marked) + 13
        drawn = button(left, below, name, across, marked=marked)
        inside.append(_clicked(drawn, left, below, across, state.orders[name]) if marked else drawn)
        left += across + _BUTTON_GAP
    taken = height + _LIST + BUTTON + 14
    if row.label in state.orders:
        # Where a button is named too, the label only shows where to look.
        order, alone = state.orders[row.label], not any(name in state.orders for name in ADDRESS_BUTTONS)
        edge = x - (8 if order is None else 14)
        across = x + (width + 6 if alone else width_of(row.label, STRONG, bold=True) + 8) - edge
        label = around(edge, y - 7, across, taken + 8 if alone else height + 8, label, order, hand=False)
        if alone:
            inside.append(mark(pointer(x + 50, below + BUTTON - 12)))
    return Drawn(label + "".join(inside), taken + 4 + _GAP)


def _new_address(x: float, y: float, width: float, state: ControlState) -> str:
    value = fitted(state.new_address or "", width - 40)
    marked = any(name in state.orders for name in ADDRESS_BUTTONS)
    left = x + (24 if marked else 12)
    content = text_line(left, y + 18, value, "d-v") if value else bar(left, y + 9, width / 2)
    if not marked:
        return content
    return around(x + 8, y, width - 14, _FIELD, content, len(state.orders) + 1)


def _clicked(drawn: str, x: float, y: float, width: float, order: int | None) -> str:
    """A marked button of the list, without a frame around it: there is no room for one."""
    sign = pointer(x + width - 14, y + BUTTON - 8) if order is None else number(x, y + BUTTON, order)
    return mark(drawn + sign)


def chosen_row(
    rows: tuple[SettingsRow, ...], wanted: Iterable[str], room: float, width: float, state: ControlState
) -> tuple[int, ...]:
    """The rows to show, by index: the wanted ones, else the first, and as many neighbours as fit into the room."""
    names = set(wanted)
    shown = {index for index, row in enumerate(rows) if row.label in names} or {0}
    room -= sum(_height_of(rows[index], width, state) for index in shown)
    while True:
        # Neighbours below come first: the eye reads on from the marked row.
        near = dict.fromkeys(near for index in sorted(shown) for near in (index + 1, index - 1))
        heights = {i: _height_of(rows[i], width, state) for i in near if i not in shown and 0 <= i < len(rows)}
        fitting = next((index for index, height in heights.items() if height <= room), None)
        if fitting is None:
            return tuple(sorted(shown))
        shown.add(fitting)
        room -= heights[fitting]
