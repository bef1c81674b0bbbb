"""The calendar in words: everything has some, and what is not known is said to be so."""

import pytest

from agent.core.shown.calendar import coming_title, daily_words, newest_source, region_words, source_words, time_words
from agent.tws.coming import ComingKind, DailyEnd, KnownFrom
from agent.tws.reset_windows import RESET_TABLES, Region


def test_everything_that_comes_has_a_title_of_its_own() -> None:
    titles = {coming_title(kind, region) for kind in ComingKind for region in (None, *Region)}

    assert len(titles) == len(ComingKind) + len(Region)


def test_the_source_is_told_with_its_day() -> None:
    assert newest_source() == max(table.as_of for table in RESET_TABLES)
    assert str(newest_source().year) in source_words()


def test_how_a_region_is_known_is_told() -> None:
    assert region_words(Region.AMERICA, KnownFrom.PAPER) == "Paper accounts are on IB’s American servers."
    assert "settings file" in region_words(Region.ASIA, KnownFrom.FILE)
    assert "not known" in region_words(None, KnownFrom.FILE)


@pytest.mark.parametrize(
    ("daily", "elsewhere", "told"),
    [
        (None, None, "not known"),
        (DailyEnd(585, True, KnownFrom.API), None, "Daily restart at 09:45, as the application told"),
        (DailyEnd(585, False, KnownFrom.FILE), None, "Daily log-off at 09:45, as a settings file"),
        (DailyEnd(585, True, KnownFrom.LEARNT, (5, 7)), None, "about 09:45, learnt from the last 7 days"),
        (None, DailyEnd(585, False, KnownFrom.API), "logs off at 09:45 by its own clock"),
    ],
)
def test_how_a_daily_end_is_known_is_told(daily: DailyEnd | None, elsewhere: DailyEnd | None, told: str) -> None:
    assert told in daily_words(daily, elsewhere, 7)


def test_minutes_are_told_as_a_time() -> None:
    assert [time_words(minutes) for minutes in (0, 65, 1439)] == ["00:00", "01:05", "23:59"]
