"""The writer: what it is given is in the file, on a disk that works, refuses, or holds a damaged file."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.history import writer as under_test
from agent.history.spans import Changes, Span, SpanKind
from agent.history.store import HISTORY_SCHEMA, Store
from agent.history.writer import HISTORY_FILE, HistoryWriter

WELL = Span("Paper", SpanKind.STATE, "connected")
FIRST = Changes(100.0, begun=((WELL, 100.0),))
KEEP = 90 * 86400.0


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def writer(tmp_path: Path, told: list[str]) -> Iterator[HistoryWriter]:
    writer = HistoryWriter(tmp_path, KEEP, tell=told.append)
    yield writer
    writer.close()


def kept(path: Path) -> list[Span]:
    store = Store(path)
    try:
        return [one.span for one in store.read(0.0, 1e9).spans]
    finally:
        store.close()


def test_what_it_was_given_is_written_before_it_ends(writer: HistoryWriter, tmp_path: Path) -> None:
    writer.start()
    writer.take(FIRST)
    writer.close()

    assert kept(tmp_path / HISTORY_FILE) == [WELL]


def test_a_damaged_file_is_set_aside_and_said(writer: HistoryWriter, tmp_path: Path, told: list[str]) -> None:
    (tmp_path / HISTORY_FILE).write_text("no database " * 1000)
    writer.start()
    writer.take(FIRST)
    writer.close()

    assert kept(tmp_path / HISTORY_FILE) == [WELL]
    assert (tmp_path / "history-damaged-1.db").read_text().startswith("no database")
    assert told == ["It was set aside as history-damaged-1.db in Gatelight’s data folder, and a new one begins now."]


def test_only_the_latest_damaged_files_are_kept(tmp_path: Path) -> None:
    for turn in range(4):
        (tmp_path / HISTORY_FILE).write_text(f"damaged {turn} " * 1000)
        writer = HistoryWriter(tmp_path, KEEP)
        writer.start()
        writer.take(FIRST)
        writer.close()

    left = sorted(one.read_text()[:9] for one in tmp_path.glob("history-damaged-*.db"))
    assert left == ["damaged 2", "damaged 3"]


def test_a_file_of_a_later_version_stays_and_another_is_written(writer: HistoryWriter, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / HISTORY_FILE) as later:
        later.execute(f"PRAGMA user_version = {HISTORY_SCHEMA + 1}")
    later.close()
    before = (tmp_path / HISTORY_FILE).read_bytes()
    writer.start()
    writer.take(FIRST)
    writer.close()

    assert (tmp_path / HISTORY_FILE).read_bytes() == before
    assert kept(tmp_path / f"history-{HISTORY_SCHEMA}.db") == [WELL]


def test_a_disk_that_refuses_is_tried_again_and_nothing_is_lost(
    writer: HistoryWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "RETRY_SECONDS", 0.01)
    refused, well = 0, threading.Event()

    def refuses(path: Path) -> Store:
        nonlocal refused
        refused += 1
        if refused <= 3:
            raise OSError(28, "No space left on device")
        well.set()
        return Store(path)

    monkeypatch.setattr(under_test, "Store", refuses)
    writer.start()
    writer.take(FIRST)
    assert well.wait(30.0)
    writer.close()

    assert kept(tmp_path / HISTORY_FILE) == [WELL]


def test_two_agents_on_one_file_lose_nothing_and_damage_nothing(tmp_path: Path) -> None:
    writers = [HistoryWriter(tmp_path, KEEP) for _ in range(2)]
    for writer in writers:
        writer.start()
    for number in range(50):
        for which, writer in enumerate(writers):
            of_it = Span(f"of {which}", SpanKind.STATE, str(number))
            writer.take(Changes(float(number), begun=((of_it, float(number)),)))
    for writer in writers:
        writer.close()

    names = [span.connection for span in kept(tmp_path / HISTORY_FILE)]
    assert (names.count("of 0"), names.count("of 1")) == (50, 50)
    assert list(tmp_path.glob("history-damaged-*")) == []


def test_who_hands_in_more_than_a_hanging_disk_takes_loses_the_oldest(
    writer: HistoryWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "MOST_CHANGES", 10)
    for number in range(100):
        writer.take(Changes(float(number)))

    assert writer._waiting.qsize() == 10
    assert writer._lost == 90
