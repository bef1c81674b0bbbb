"""The log-off that is set: who says so, and whether the application has just ended by it."""

from dataclasses import replace
from datetime import datetime

import pytest

from agent.core.facts import Facts, SettingsHints, Sight
from agent.problems.shared.log_off import RESTART, ended_by, log_offs
from agent.tws.api_settings import LockAndExit
from tests.problems.scene import NOW, backing_off, facts, machine

BY_IBC = SettingsHints(auto_logoff_time=1425, source="config.ini")
CLOSED = SettingsHints(auto_restart_time=60, closes_at=1320, closes_on=4, source="config.ini")
LOGS_OFF, RESTARTS = LockAndExit("11:45", "PM", "logoff"), LockAndExit("11:45", "PM", "restart")


def gone(at: str, hints: SettingsHints | None = None) -> Facts:
    """The application ended at that time (UTC, of November 2026), and it is the Monday after."""
    wall = datetime.fromisoformat(f"2026-11-{at}+00:00").timestamp()
    since = NOW.monotonic - (NOW.wall - wall)
    return facts(machine(), backing_off(), sight=Sight(last_pid=3117, ever=True, gone_since=since, hints=hints))


@pytest.mark.parametrize(
    ("hints", "lock", "lines"),
    [
        (None, None, []),
        (None, RESTARTS, []),
        (None, LOGS_OFF, ["Lock and Exit is set to “Auto logoff” every day at 23:45, as the API told at 13:59:00"]),
        (BY_IBC, None, ["config.ini: it logs off every day at 23:45"]),
        (BY_IBC, LockAndExit(None, None, None), ["config.ini: it logs off every day at 23:45"]),
        (BY_IBC, RESTARTS, []),
        (CLOSED, RESTARTS, ["config.ini: IBC closes it every Friday at 22:00"]),
        (SettingsHints(auto_restart_time=60, auto_logoff_time=1425, source="config.ini"), None, []),
        (SettingsHints(closes_at=1320, source="config.ini"), None, ["config.ini: IBC closes it every day at 22:00"]),
    ],
)
def test_what_the_application_tells_counts_more_than_files(
    hints: SettingsHints | None, lock: LockAndExit | None, lines: list[str]
) -> None:
    assert [x.line for x in log_offs(gone("23 13:00", hints), lock)] == lines


@pytest.mark.parametrize(
    ("at", "explained"),
    [
        ("22 23:43:50", False),
        ("22 23:44:10", True),
        ("22 23:45:00", True),
        ("22 23:49:50", True),
        ("22 23:50:10", False),
        ("23 11:45:00", False),
    ],
)
def test_an_end_at_the_set_time_is_that_log_off(at: str, explained: bool) -> None:
    assert (ended_by(gone(at, BY_IBC), None) is not None) is explained
    assert (ended_by(gone(at), LOGS_OFF) is not None) is explained

    for seen, lock in ((gone(at), RESTARTS), (gone(at, SettingsHints(auto_restart_time=1425, source="x")), None)):
        found = ended_by(seen, lock)

        assert (found is not None) is explained
        assert found is None or found.what == RESTART


@pytest.mark.parametrize(
    ("at", "explained"), [("20 22:00:30", True), ("21 22:00:30", False), ("19 22:00:30", False), ("20 22:06", False)]
)
def test_one_that_is_set_for_a_day_of_the_week_is_so_on_that_day_only(at: str, explained: bool) -> None:
    assert (ended_by(gone(at, CLOSED), RESTARTS) is not None) is explained


def test_around_midnight_the_day_of_the_set_time_counts() -> None:
    late = SettingsHints(closes_at=1439, closes_on=4, source="config.ini")
    early = SettingsHints(closes_at=0, closes_on=5, source="config.ini")

    assert ended_by(gone("21 00:02", late), None) is not None
    assert ended_by(gone("20 00:02", late), None) is None
    assert ended_by(gone("20 23:59:30", early), None) is not None
    assert ended_by(gone("21 23:59:30", early), None) is None


def test_the_time_is_local() -> None:
    seen = gone("22 21:45:30", BY_IBC)

    assert ended_by(seen, None) is None
    assert ended_by(replace(seen, machine=replace(seen.machine, utc_offset=7200.0)), None) is not None


def test_nothing_explains_an_application_that_was_never_seen_to_go() -> None:
    assert ended_by(facts(machine(), backing_off(), sight=Sight()), LOGS_OFF) is None
