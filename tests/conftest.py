"""What all tests share: the checkout on the path, the tests of one file in a row, and the longest files first."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

SLOWEST = ("windows", "faults", "desktop", "page", "journeys")
"""Rooms that take longest, in this order: begun last, they would be waited for at the end."""

TOGETHER = {"windows"}
"""Rooms whose files share something that exists once, as the Windows desktop does."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests may not run at the same time; matters where several run at once (`-n`)."""
    rank = {room: number for number, room in enumerate(SLOWEST)}
    items.sort(key=lambda item: rank.get(_room(item), len(rank)))
    for item in items:
        room = _room(item)
        item.add_marker(pytest.mark.xdist_group(room if room in TOGETHER else item.path.as_posix()))


def _room(item: pytest.Item) -> str:
    found = item.path.resolve().relative_to(HERE).parts if item.path.resolve().is_relative_to(HERE) else ()
    return found[0] if len(found) > 1 else ""
