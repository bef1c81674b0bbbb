"""The days of the history are those of the user's zone, also where a clock change makes one longer or shorter."""

import itertools
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.history.as_json import history_json
from agent.history.reading import LATEST_OUTAGES, PICTURED, read_days
from agent.history.spans import NOT_LINKED, Changes, Span, SpanKind
from agent.history.store import Store
from agent.history.writer import HISTORY_FILE
from agent.tws.coming import KnownFrom
from agent.tws.reset_windows import Region

HOUR = 3600.0
NOON = datetime(2026, 11, 24, 12, 0).astimezone().timestamp()

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
    read = read_days(tmp_path, 3, datetime(*today, 12).astimezone())
    midnights = read.midnights

    assert [round((b - a) / 3600) for a, b in itertools.pairwise(midnights)] == hours
    assert midnights[-2] < read.until < midnights[-1]
    assert read.kept.began is None
    assert read.ahead == {}


def test_before_the_first_hour_of_a_day_it_is_that_day(zone: str, tmp_path: Path) -> None:
    read = read_days(tmp_path, 1, datetime(2026, 10, 25, 0, 0).astimezone())

    assert read.midnights[0] == read.until
    assert len(read.midnights) == 2


def test_what_comes_ends_with_a_day_of_the_zone(zone: str, tmp_path: Path) -> None:
    """The clocks go back on the third day of it."""
    read = read_days(tmp_path, 1, datetime(2026, 10, 22, 12, 0).astimezone())

    assert read.ahead_until == datetime(2026, 10, 30, tzinfo=ZoneInfo(zone)).timestamp()
    assert (read.ahead_until - read.midnights[-1]) / 3600 == 7 * 24 + 1


def test_what_comes_is_read_for_what_is_watched_however_few_days_are_asked_for(zone: str, tmp_path: Path) -> None:
    now = datetime(2026, 11, 20, 12, 0).astimezone()
    began = now.timestamp() - 3 * 86_400
    store = Store(tmp_path / HISTORY_FILE)
    region = Span("Paper", SpanKind.REGION, "europe", KnownFrom.FILE)
    so = (Span("", SpanKind.RUN, "0.1.0"), Span("Paper", SpanKind.STATE, "connected"), region)
    store.write([Changes(began, begun=tuple((span, began) for span in so)), Changes(now.timestamp())])
    store.close()
    read = read_days(tmp_path, 1, now, pictures=True)

    assert read.ahead["Paper"].region is Region.EUROPE
    assert read.ahead["Paper"].coming[0].begins == datetime(2026, 11, 21, 4, 45, tzinfo=ZoneInfo(zone)).timestamp()
    assert {one.span.kind for one in read.kept.spans} <= set(PICTURED)


@pytest.mark.parametrize("apart", [900.0, 300.0], ids=["apart", "one after the other"])
def test_the_latest_outages_have_the_programs_that_the_whole_has(tmp_path: Path, apart: float) -> None:
    now = datetime(2026, 11, 20, 12).astimezone()
    began = now.timestamp() - 40 * apart - HOUR
    well, ill, waits = (
        Span("Paper", SpanKind.STATE, what, state)
        for what, state in (("connected", ""), ("problem", ""), ("warning", NOT_LINKED))
    )
    store = Store(tmp_path / HISTORY_FILE)
    store.write([Changes(began, begun=((well, began),))])
    for number in range(2 * LATEST_OUTAGES):
        at, bot = began + HOUR + number * apart, Span("Paper", SpanKind.PROGRAM, f"bot-{number}")
        store.write([Changes(at - 200, begun=((bot, at - 200),))])
        store.write([Changes(at, ended=(well, bot), begun=((ill, at),))])
        # In every other one a log-in is awaited after it, which is an outage of its own.
        if number % 2:
            store.write([Changes(at + 100, ended=(ill,), begun=((waits, at + 100),))])
        store.write([Changes(at + 250, ended=(ill, waits), begun=((well, at + 250),))])
    store.close()

    every, latest = (
        history_json(read_days(tmp_path, 7, now, pictures=True, whole=whole), strips=True)["connections"][0]
        for whole in (True, False)
    )

    assert len(latest["outages"]) == LATEST_OUTAGES < len(every["outages"]) == latest["outages_in_all"]
    assert latest["outages"] == every["outages"][-LATEST_OUTAGES:]
    assert latest["outages"][0]["programs"]
    assert {**latest, "outages": []} == {**every, "outages": []}


@pytest.mark.parametrize(("silent_for", "ended"), [(60.0, None), (3600.0, NOON - 3600.0)])
def test_what_an_agent_left_open_that_was_killed_ends_where_it_was_last_heard_of(
    silent_for: float, ended: float | None, tmp_path: Path
) -> None:
    store = Store(tmp_path / HISTORY_FILE)
    begun = ((Span("", SpanKind.RUN, "1"), NOON - 7200.0), (Span("Paper", SpanKind.STATE, "connected"), NOON - 7200.0))
    store.write([Changes(NOON - 7200.0, begun=begun), Changes(NOON - silent_for)])
    store.close()
    for pictures in (False, True):
        read = read_days(tmp_path, 1, datetime.fromtimestamp(NOON).astimezone(), pictures=pictures)

        assert [one.ended for one in read.kept.spans] == [ended, ended]
