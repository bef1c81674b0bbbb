"""The file of the history: what is written is read back, whatever happened to file, process or clock."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agent.core.effects import Happened, MarkKind
from agent.history.spans import Changes, Kept, KeptSpan, LatencyMinute, Mark, Span, SpanKind
from agent.history.store import (
    _MIGRATIONS,
    HISTORY_SCHEMA,
    MINUTES_KEPT,
    MOST_BYTES,
    NOT_WATCHED,
    HistoryDamaged,
    HistoryTooNew,
    Store,
)
from agent.history.troubles import connections
from tests.attacks.scale import whole

WELL = Span("Paper", SpanKind.STATE, "connected")
ILL = Span("Paper", SpanKind.STATE, "problem")
LOST = Span("Paper", SpanKind.PROBLEM, "server-link-lost", "error", "IB Gateway has lost its link")
DAY = 86400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def written(path: Path, *many: Changes) -> Store:
    store = Store(path)
    store.begin()
    store.write(many)
    return store


def test_what_is_written_is_read_back(path: Path) -> None:
    store = written(
        path,
        Changes(100.0, begun=((WELL, 100.0),)),
        Changes(
            160.0,
            ended=(WELL,),
            begun=((ILL, 160.0), (LOST, 155.0)),
            marks=(Mark(161.0, Happened(MarkKind.SAID, "Paper", "server-link-lost", "IB Gateway has lost its link")),),
            latencies=(LatencyMinute("Paper", 2, 0.25, 0.0015, 6),),
        ),
        Changes(200.0, ended=(LOST,), ends={LOST: "over"}),
    )
    kept = store.read(0.0, 300.0)

    assert kept.spans == (
        KeptSpan(WELL, 100.0, 160.0),
        KeptSpan(LOST, 155.0, 200.0, "over"),
        KeptSpan(ILL, 160.0, None),
    )
    assert kept.spans[1].span.title == "IB Gateway has lost its link"
    assert kept.marks == (
        Mark(161.0, Happened(MarkKind.SAID, "Paper", "server-link-lost", "IB Gateway has lost its link")),
    )
    assert kept.latencies == (LatencyMinute("Paper", 2, 0.25, 0.0015, 6),)
    assert kept.began == 100.0


def test_the_latencies_of_some_minutes_are_read_as_one_with_the_worst_of_them(path: Path) -> None:
    minutes = [(10, 0.25, 0.002, 6), (11, 0.5, 0.005, 3), (12, 0.125, 0.001, 6)]
    store = written(path, Changes(900.0, latencies=tuple(LatencyMinute("Paper", *one) for one in minutes)))

    assert [one.minute for one in store.read(600.0, 900.0).latencies] == [10, 11, 12]
    assert store.read(600.0, 900.0, minutes=2).latencies == (
        LatencyMinute("Paper", 10, 0.5, 0.003, 9),
        LatencyMinute("Paper", 12, 0.125, 0.001, 6),
    )
    assert store.read(600.0, 900.0, minutes=0).latencies == ()


def test_whole_hours_are_read_as_the_minutes_they_are_made_of(path: Path) -> None:
    some = [LatencyMinute("Paper", 600 + n * 7, 0.001 * (n % 50), 0.0005 * (n % 30), 1 + n % 6) for n in range(200)]
    # An agent that begins again writes the minute once more.
    some.append(LatencyMinute("Paper", 621, 0.9, 0.5, 2))
    store = written(path, *(Changes(60.0 * one.minute, latencies=(one,)) for one in some))
    kept = {one.minute: one for one in some}.values()

    for hours in (1, 2, 12):
        told = store.read(600 * 60.0, 3000 * 60.0, minutes=hours * 60).latencies
        for one in told:
            inside = [minute for minute in kept if 0 <= minute.minute - one.minute < hours * 60]
            assert one.count == sum(minute.count for minute in inside)
            assert one.worst == pytest.approx(max(minute.worst for minute in inside))
            mean = sum(minute.mean * minute.count for minute in inside) / one.count
            assert one.mean == pytest.approx(mean, abs=1e-6)
        assert sum(one.count for one in told) == sum(minute.count for minute in kept)


def test_an_hour_that_began_before_is_told_from_the_time_on(path: Path) -> None:
    """As in a zone whose midnight is at half past an hour of UTC."""
    minutes = (LatencyMinute("Paper", 610, 0.2, 0.2, 1), LatencyMinute("Paper", 650, 0.1, 0.1, 1))
    store = written(path, Changes(660 * 60.0, latencies=minutes))

    assert [one.minute for one in store.read(630 * 60.0, 700 * 60.0, minutes=60).latencies] == [630]


def test_of_some_kinds_only_those_are_read_and_no_marks_where_none_are_wanted(path: Path) -> None:
    said = Mark(101.0, Happened(MarkKind.SAID, "Paper", "server-link-lost"))
    store = written(path, Changes(100.0, begun=((WELL, 100.0), (LOST, 100.0)), marks=(said,)))
    kept = store.read(0.0, 300.0, kinds=(SpanKind.PROBLEM,), marks=False)

    assert ([one.span for one in kept.spans], kept.marks) == ([LOST], ())
    assert kept.by_kind == {("Paper", SpanKind.PROBLEM): [KeptSpan(LOST, 100.0, None)]}
    assert kept.heard == 100.0


@pytest.fixture(params=range(1, HISTORY_SCHEMA))
def earlier(path: Path, request: pytest.FixtureRequest) -> Path:
    """A file as an earlier version of the tables left it."""
    with sqlite3.connect(path) as first:
        for statement in _MIGRATIONS[0]:
            first.execute(statement)
        first.execute("INSERT INTO connection VALUES (1, 'Paper')")
        first.execute("INSERT INTO span VALUES (1, 1, 'state', 'connected', '', '', 100.0, NULL, '')")
        first.executemany(
            "INSERT INTO latency VALUES (1, ?, ?, ?, ?)", [(m, m * 10, m * 5, 2) for m in range(600, 800)]
        )
        for statement in (one for later in _MIGRATIONS[1 : request.param] for one in later):
            first.execute(statement)
        first.execute(f"PRAGMA user_version = {request.param}")
    first.close()
    return path


def test_a_file_of_an_earlier_version_is_read_and_brought_up_to_date(earlier: Path) -> None:
    def read(*, reads: bool) -> tuple[int, Kept]:
        store = Store(earlier, reads=reads)
        try:
            version = int(str(store._one("PRAGMA user_version")))
            return version, store.read(600 * 60.0, 800 * 60.0, minutes=60)
        finally:
            store.close()

    before, after, later = read(reads=True), read(reads=False), read(reads=True)

    assert [version for version, _ in (after, later)] == [HISTORY_SCHEMA, HISTORY_SCHEMA] != [before[0]] * 2
    assert before[1] == after[1] == later[1]
    assert [one.minute for one in before[1].latencies] == [600, 660, 720, 780]


def test_connections_are_named_in_the_order_in_which_they_came_first(path: Path) -> None:
    other = Span("Live", SpanKind.STATE, "connected")
    store = written(path, Changes(100.0, begun=((WELL, 100.0),)), Changes(200.0, begun=((other, 200.0),)))
    store.write([Changes(300.0, ended=(WELL,), begun=((ILL, 300.0),))])
    early, late = store.read(0.0, 400.0), store.read(250.0, 400.0)
    store.close()

    assert early.names == late.names == ("Paper", "Live")
    assert connections(early) == connections(late) == ("Paper", "Live")


def test_only_what_touches_the_time_is_read(path: Path) -> None:
    store = written(
        path,
        Changes(100.0, begun=((WELL, 100.0),)),
        Changes(200.0, ended=(WELL,), begun=((ILL, 200.0),)),
    )

    assert [kept.span for kept in store.read(50.0, 99.0).spans] == []
    assert [kept.span for kept in store.read(50.0, 150.0).spans] == [WELL]
    assert [kept.span for kept in store.read(150.0, 250.0).spans] == [WELL, ILL]
    assert [kept.span for kept in store.read(9e9, 9e9 + 1).spans] == [ILL]
    assert store.read(9e9, 9e9 + 1).firsts == {WELL.connection: 100.0}


def test_what_a_killed_agent_left_open_ends_where_it_was_last_heard_of(path: Path) -> None:
    written(path, Changes(100.0, begun=((WELL, 100.0),)), Changes(160.0)).close()
    store = written(path, Changes(900.0, begun=((WELL, 900.0),)))

    assert store.read(0.0, 1000.0).spans == (KeptSpan(WELL, 100.0, 160.0, NOT_WATCHED), KeptSpan(WELL, 900.0, None))


def test_a_clock_that_was_set_back_ends_nothing_before_it_began(path: Path) -> None:
    store = written(path, Changes(5000.0, begun=((WELL, 5000.0),)), Changes(1400.0, ended=(WELL,)))

    assert store.read(0.0, 6000.0).spans == (KeptSpan(WELL, 5000.0, 5000.0),)


def test_changes_are_written_all_or_not_at_all(path: Path) -> None:
    store = written(path, Changes(100.0, begun=((WELL, 100.0),)))
    with pytest.raises(sqlite3.Error):
        store.write([Changes(200.0, ended=(WELL,)), Changes(201.0, begun=((ILL, object()),))])  # type: ignore[arg-type]

    assert store.read(0.0, 300.0).spans == (KeptSpan(WELL, 100.0, None),)
    store.write([Changes(202.0, ended=(WELL,))])
    assert store.read(0.0, 300.0).spans == (KeptSpan(WELL, 100.0, 202.0),)


def test_a_file_of_a_later_version_is_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as later:
        later.execute("CREATE TABLE new (x)")
        later.execute(f"PRAGMA user_version = {HISTORY_SCHEMA + 1}")
    later.close()
    before = path.read_bytes()

    with pytest.raises(HistoryTooNew):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["text", "cut", "page"])
def test_a_damaged_file_is_told(path: Path, damage: str) -> None:
    store = Store(path)
    store.write([Changes(float(n), begun=((Span("Paper", SpanKind.PROGRAM, f"p{n}" * 50), 1.0),)) for n in range(500)])
    store.close()
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = bytearray(b"no database at all, only words\n" * 100)
    elif damage == "cut":
        del content[len(content) // 2 :]
    else:
        content[4096:12288] = os.urandom(8192)
    path.write_bytes(content)

    with pytest.raises(HistoryDamaged):
        Store(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_the_file_belongs_to_its_user_alone(path: Path) -> None:
    store = written(path, Changes(100.0, begun=((WELL, 100.0),)))

    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    store.close()


def test_what_is_too_old_goes_and_what_lasts_stays(path: Path) -> None:
    store = written(
        path,
        Changes(
            10 * DAY,
            begun=((WELL, 10 * DAY), (LOST, 10 * DAY)),
            marks=(Mark(10 * DAY, Happened(MarkKind.FIX, "Paper", "use-port")),),
            latencies=(LatencyMinute("Paper", 10 * 1440, 0.1, 0.1, 1),),
        ),
        Changes(11 * DAY, ended=(LOST,)),
        Changes(100 * DAY),
    )
    store.forget(before=50 * DAY)
    kept = store.read(0.0, 200 * DAY)

    assert kept.spans == (KeptSpan(WELL, 10 * DAY, None),)
    assert kept.marks == ()
    assert kept.latencies == ()


def test_a_file_that_is_too_large_loses_its_oldest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.history.store.MOST_BYTES", 200_000)
    store = written(path)
    for day in range(100):
        one = Span("Paper", SpanKind.PROGRAM, f"program {day} " * 20)
        many = tuple(
            Mark(day * DAY, Happened(MarkKind.SILENT, "Paper", "app-frozen", "quiet hours " * 5)) for _ in range(40)
        )
        store.write([Changes(day * DAY, begun=((one, day * DAY),), marks=many), Changes(day * DAY + 9, ended=(one,))])
    for _ in range(20):
        store.forget(before=0.0)
    kept = store.read(0.0, 100 * DAY)
    store.close()

    assert path.stat().st_size <= 200_000
    assert kept.spans
    assert kept.spans[-1].began == 99 * DAY


def test_room_that_is_free_in_the_file_is_no_reason_to_lose_anything(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = written(path, Changes(0.0, begun=((WELL, 0.0),)))
    large = tuple(LatencyMinute("Paper", minute, 0.25, 0.001, 6) for minute in range(20_000))
    store.write([Changes(DAY, latencies=large), Changes(20 * DAY)])
    monkeypatch.setattr("agent.history.store.MOST_BYTES", 200_000)
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM latency")
    other.close()
    store.forget(before=-1.0)
    kept = store.read(0.0, 30 * DAY, minutes=60)
    store.close()

    assert path.stat().st_size <= 200_000
    assert len(kept.latencies) == -(-20_000 // 60)


def test_of_minutes_only_the_latest_days_are_kept_and_of_hours_all(path: Path) -> None:
    first, days = 30_000_000 // 1440 * 1440, 5
    many = [LatencyMinute("Paper", first + 15 * n, 0.25, 0.001, 6) for n in range(days * 96)]
    store = written(path, Changes(first * 60.0, begun=((WELL, first * 60.0),), latencies=tuple(many)))
    store.write([Changes(first * 60.0 + days * DAY)])
    store.forget(before=0.0)

    kept = [one.minute for one in store.read(0.0, 1e11, minutes=1).latencies]
    assert kept == [one.minute for one in many if one.minute >= first + 1440 * days - MINUTES_KEPT / 60]
    assert len(store.read(0.0, 1e11, minutes=60).latencies) == days * 24
    store.close()


def test_three_months_of_a_hundred_busy_connections_find_room(path: Path) -> None:
    """Their minutes take most of it, and come in turn."""
    day, names = 30_000_000 // 1440 * 1440, [f"Connection {number}" for number in range(100)]
    store = written(path, Changes(day * 60.0, begun=((WELL, day * 60.0),)))
    for hour in range(day, day + 1440, 60):
        minutes = range(hour, hour + 60)
        of_all = tuple(LatencyMinute(name, minute, 0.0254, 0.0123, 6) for minute in minutes for name in names)
        store.write([Changes(hour * 60.0, latencies=of_all)])
    store.close()
    with_minutes = path.stat().st_size
    store = Store(path)
    store.write([Changes(day * 60.0 + 9 * DAY)])
    store.forget(before=0.0)
    store.close()
    with sqlite3.connect(path) as other:
        other.execute("VACUUM")
    other.close()
    hours = path.stat().st_size

    assert with_minutes * MINUTES_KEPT / DAY + hours * 90 < MOST_BYTES


_KILLED = """
import sys, pathlib
from agent.history.spans import Changes, Span, SpanKind
from agent.history.store import Store
store = Store(pathlib.Path(sys.argv[1]))
store.begin()
number = int(sys.argv[2])
while True:
    number += 1
    so = Span("Paper", SpanKind.STATE, str(number))
    before = Span("Paper", SpanKind.STATE, str(number - 1))
    store.write([Changes(float(number), ended=(before,), begun=((so, float(number)),))])
    print(number, flush=True)
"""


def test_nothing_that_was_committed_is_lost_when_the_writer_is_killed(path: Path) -> None:
    number = 0
    for turn in range(200 if whole() else 12):
        with subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(path), str(number)], stdout=subprocess.PIPE, text=True
        ) as writing:
            assert writing.stdout is not None
            for _ in range(1 + turn * 7 % 40):
                line = writing.stdout.readline()
                number = int(line)
            writing.kill()
            number = max([number, *(int(line) for line in writing.stdout if line.endswith("\n"))])
        kept = Store(path).read(0.0, 1e9)
        states = [int(kept.span.what) for kept in kept.spans]
        assert states[-1] >= number
        assert states == sorted(states)
        number = states[-1]
    store = Store(path)
    store.begin()
    assert all(kept.ended is not None for kept in store.read(0.0, 1e9).spans)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root makes a folder another user's")
def test_a_folder_of_another_user_gets_no_history(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(0o777)
    os.chown(theirs, 65534, 65534)

    with pytest.raises(OSError, match="another user"):
        Store(theirs / "history.db")
    assert list(theirs.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such links")
def test_a_link_in_the_place_of_the_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    path.symlink_to(elsewhere)

    with pytest.raises(OSError, match="symbolic link"):
        Store(path)
    assert elsewhere.read_text() == "mine"
