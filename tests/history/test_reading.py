"""The days of the history are those of the user's zone, also where a clock change makes one longer or shorter."""

import itertools
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from agent.history.reading import read_days

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows takes its zone from the system alone")


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield "Europe/Berlin"
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("today", "hours"),
    [((2026, 10, 26), [24, 25, 24]), ((2026, 3, 30), [24, 23, 24]), ((2026, 7, 1), [24, 24, 24])],
)
def test_a_day_of_a_clock_change_has_its_own_length(
    today: tuple[int, int, int], hours: list[int], zone: str, tmp_path: Path
) -> None:
    kept, midnights, until = read_days(tmp_path, 3, datetime(*today, 12).astimezone())

    assert [round((b - a) / 3600) for a, b in itertools.pairwise(midnights)] == hours
    assert midnights[-2] < until < midnights[-1]
    assert kept.began is None


def test_before_the_first_hour_of_a_day_it_is_that_day(zone: str, tmp_path: Path) -> None:
    _, midnights, until = read_days(tmp_path, 1, datetime(2026, 10, 25, 0, 0).astimezone())

    assert midnights[0] == until
    assert len(midnights) == 2
