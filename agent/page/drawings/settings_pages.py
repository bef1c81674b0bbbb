"""The pages of the settings window that guides lead to, with every label in the order of the page.

The labels come from `agent.tws.api_settings_table`. This file holds only the few that the API does not report.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from agent.page.drawings.layout import Layout, spoken
from agent.tws.api_settings_table import LOCK_AND_EXIT, PRECAUTIONS, SETTINGS, FieldKind, SettingField


class RowShape(Enum):
    """How a row of a page looks."""

    BOX = auto()
    """A box to tick, and its label."""
    RADIO = auto()
    """One choice of several."""
    FIELD = auto()
    """A label, and a field to fill in."""
    TIME = auto()
    """A label, a field, and the choice between the halves of the day."""
    ADDRESSES = auto()
    """A label, a list, and buttons to change it."""


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """One row of a page."""

    label: str
    shape: RowShape
    unit: str = ""
    """The text after the field."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the settings window."""

    path: tuple[str, ...]
    """The page's place in the tree on the left."""
    rows: tuple[SettingsRow, ...]
    choices: tuple[tuple[str, ...], ...] = ()
    """Groups of radio buttons, by label; one button of each group is on."""
    whole: bool = False
    """Whether `rows` are all the page has; otherwise it has others, which no guide names."""

    @property
    def name(self) -> str:
        """The page's place in the way guides write it."""
        return spoken(self.path)

    def has(self, label: str) -> bool:
        """Whether a row has this label."""
        return any(row.label == label for row in self.rows)


ENABLE = "Enable ActiveX and Socket Clients"
"""A box of TWS alone. The API never reports it: while it is not ticked, TWS answers no question."""
IN_TWS_ONLY = {"let_api_account_requests_switch_subscription"}
"""Names of the settings that IB Gateway does not show, because it shows no account on the screen."""
ADDRESS_BUTTONS = ("Create", "Edit", "Delete")
"""The buttons of the list of Trusted IPs."""
BUTTONS = ("Apply", "OK")
"""The buttons below every page."""

_LOCK = "Never lock Trader Workstation"
_SHAPES = {
    FieldKind.FLAG: RowShape.BOX,
    FieldKind.NUMBER: RowShape.FIELD,
    FieldKind.TEXT: RowShape.FIELD,
    FieldKind.TEXTS: RowShape.ADDRESSES,
}
_TIMES, HALVES, _EXITS = (tuple(field.label.split(" / ")) for field in LOCK_AND_EXIT)
"""Labels of the time, of the halves of the day, and of the choice. Times and choices have the same order."""


def pages(layout: Layout, chosen: Iterable[str] = ()) -> tuple[Page, ...]:
    """The pages of one application, in the order of the tree.

    `chosen`: labels of the radio buttons that are on. The label of the time depends on them.
    """
    return (
        Page(("General",), (SettingsRow("Memory Allocation", RowShape.FIELD, "MB"),)),
        Page(("Lock and Exit",), _lock_and_exit(layout, set(chosen)), choices=((_LOCK,), _EXITS)),
        Page(("API", "Settings"), _api_settings(layout), whole=True),
        Page(("API", "Precautions"), tuple(map(_row, (f for f in PRECAUTIONS if f.label))), whole=True),
    )


def _lock_and_exit(layout: Layout, chosen: set[str]) -> tuple[SettingsRow, ...]:
    locks = () if layout is Layout.GATEWAY else (SettingsRow(_LOCK, RowShape.RADIO),)
    times = {label: time for label, time in zip(_EXITS, _TIMES, strict=True) if label in chosen}
    time = next(iter(times.values()), _TIMES[-1])
    return (*locks, *(SettingsRow(label, RowShape.RADIO) for label in _EXITS), SettingsRow(time, RowShape.TIME))


def _api_settings(layout: Layout) -> tuple[SettingsRow, ...]:
    if layout is Layout.GATEWAY:
        return tuple(_row(field) for field in SETTINGS if field.name not in IN_TWS_ONLY)
    return (SettingsRow(ENABLE, RowShape.BOX), *map(_row, SETTINGS))


def _row(field: SettingField) -> SettingsRow:
    return SettingsRow(field.label, _SHAPES[field.kind])
