"""The table of IB's reset windows is usable as it stands."""

from datetime import date
from zoneinfo import ZoneInfo

from agent.tws.reset_windows import RESET_TABLES, Region, reset_windows


def test_every_source_is_named_with_its_day_and_has_windows() -> None:
    for table in RESET_TABLES:
        assert table.source
        assert date(2024, 1, 1) <= table.as_of
        assert table.windows
        assert all(window.begins != window.ends and ZoneInfo(window.zone) for window in table.windows)


def test_every_region_has_a_window() -> None:
    assert {window.region for window in reset_windows()} == set(Region)
