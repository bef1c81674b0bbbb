"""The file of the history: SQLite, one writer, any number of readers.

A process that is killed loses what was not committed, a second at most; its spans end where it was last heard of.
"""

import contextlib
import logging
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from agent.core.effects import Happened, MarkKind
from agent.history.spans import Changes, Kept, KeptSpan, LatencyMinute, Mark, Span, SpanKind
from agent.platforms.files import PRIVATE, open_regular
from agent.platforms.folders import opened_own

logger = logging.getLogger("agent")

HISTORY_SCHEMA = 2
"""Version of the tables, `user_version` of the file."""
MOST_BYTES = 20 * 1024 * 1024
"""Size of the file from which on the oldest of it goes, whatever its age."""
NOT_WATCHED = "not watched"
"""The end of a span whose end nothing saw: the agent was killed, or its machine went off."""
HOUR_MINUTES = 60
"""Minutes of which the file keeps one latency besides those of each minute: three months are read at once."""
MINUTES_KEPT = 3 * 86_400.0
"""Seconds for which it keeps the latencies of each minute, of which only today’s are read: those of a hundred
connections would fill the file within a week."""
_WAIT = 2.0
"""Seconds to wait for another process that reads or writes."""

_MIGRATIONS: tuple[Sequence[str], ...] = (
    (
        "CREATE TABLE connection (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "CREATE TABLE span (id INTEGER PRIMARY KEY, connection INTEGER NOT NULL REFERENCES connection,"
        " kind TEXT NOT NULL, what TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL,"
        " began REAL NOT NULL, ended REAL, end TEXT NOT NULL DEFAULT '')",
        "CREATE INDEX span_ended ON span (ended)",
        "CREATE TABLE mark (id INTEGER PRIMARY KEY, at REAL NOT NULL, connection INTEGER NOT NULL"
        " REFERENCES connection, kind TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL)",
        "CREATE INDEX mark_at ON mark (at)",
        "CREATE TABLE latency (connection INTEGER NOT NULL REFERENCES connection, minute INTEGER NOT NULL,"
        " worst INTEGER NOT NULL, mean INTEGER NOT NULL, count INTEGER NOT NULL,"
        " PRIMARY KEY (connection, minute)) WITHOUT ROWID",
        "CREATE TABLE heard (only INTEGER PRIMARY KEY CHECK (only = 1), at REAL NOT NULL)",
    ),
    (
        "CREATE TABLE latency_hour (connection INTEGER NOT NULL REFERENCES connection, hour INTEGER NOT NULL,"
        " worst INTEGER NOT NULL, total INTEGER NOT NULL, count INTEGER NOT NULL,"
        " PRIMARY KEY (connection, hour)) WITHOUT ROWID",
        "INSERT INTO latency_hour SELECT connection, minute / 60, max(worst), sum(mean * count), sum(count)"
        " FROM latency GROUP BY connection, minute / 60",
    ),
)
"""From each schema to the next. Latencies are in microseconds."""
_FIRST_SCHEMA_WITH_HOURS = 2

_BY_MINUTE = (
    "SELECT connection, min(minute), max(worst), sum(mean * count) / sum(count), sum(count) FROM latency"
    " WHERE connection IN (SELECT id FROM connection) AND minute BETWEEN :since AND :until"
    " GROUP BY connection, (minute - :since) / :minutes ORDER BY 2, 1"
)
_BY_HOUR = (
    "SELECT connection, max(min(hour) * 60, :since), max(worst), sum(total) / sum(count), sum(count) FROM latency_hour"
    " WHERE hour BETWEEN :since / 60 AND :until / 60 GROUP BY connection, (hour - :since / 60) / (:minutes / 60)"
    " ORDER BY 2, 1"
)
"""An hour that begins before the time counts from its begin on."""


class HistoryTooNew(Exception):
    """The file was written by a later version."""


class HistoryDamaged(Exception):
    """The file is no SQLite file, or its content is broken."""


class Store:
    """An open file. Every method may raise OSError or sqlite3.Error; use it in one thread."""

    def __init__(self, path: Path, *, reads: bool = False) -> None:
        """Open or make the file; with `reads` only to read it, beside the agent that writes.

        Raises HistoryTooNew and HistoryDamaged; the file is as it was then. Raises OSError also where the folder
        belongs to another user.
        """
        if reads:
            self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT)
        else:
            with opened_own(path.parent):
                os.close(open_regular(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), PRIVATE))
                self._db = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        self._ids: dict[str, int] = {}
        self._hours = True
        """Whether the file keeps latencies of hours."""
        try:
            version = self._counted("user_version")
            if version > HISTORY_SCHEMA:
                raise HistoryTooNew(f"{path.name} has schema {version}, this version knows {HISTORY_SCHEMA}")
            if reads:
                # One of an earlier version is read as it is: only the agent brings it up to date.
                if version < 1:
                    raise HistoryDamaged(path.name)
                self._hours = version >= _FIRST_SCHEMA_WITH_HOURS
                return
            if self._one("PRAGMA quick_check(1)") != "ok":
                raise HistoryDamaged(path.name)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._migrate(version)
        except sqlite3.DatabaseError as fault:
            self._db.close()
            if isinstance(fault, sqlite3.OperationalError):
                raise
            raise HistoryDamaged(path.name) from fault
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _one(self, query: str, *values: object) -> object:
        row = self._db.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _counted(self, name: str) -> int:
        return int(str(self._one(f"PRAGMA {name}")))

    def _migrate(self, version: int) -> None:
        for number, statements in enumerate(_MIGRATIONS[version:], version + 1):
            with self._at_once():
                for statement in statements:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {number}")

    @contextlib.contextmanager
    def _at_once(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # ── writing ─────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """End what an earlier agent left open, at the time at which it was last heard of."""
        with self._at_once():
            heard = self._heard()
            self._db.execute(
                "UPDATE span SET ended = max(began, coalesce(?, began)), end = ? WHERE ended IS NULL",
                (heard, NOT_WATCHED),
            )

    def write(self, many: Iterable[Changes]) -> None:
        """Write changes, in their order, all or nothing."""
        with self._at_once():
            for changes in many:
                self._apply(changes)
                self._db.execute(
                    "INSERT INTO heard VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET at = excluded.at", (changes.at,)
                )

    def _apply(self, changes: Changes) -> None:
        for span in changes.ended:
            self._db.execute(
                # A clock that was set back does not make a span end before it began.
                "UPDATE span SET ended = max(began, ?), end = ?"
                " WHERE ended IS NULL AND connection = ? AND kind = ? AND what = ? AND state = ?",
                (changes.at, changes.ends.get(span, ""), *self._key(span)),
            )
        for span, began in changes.begun:
            self._db.execute(
                "INSERT INTO span (connection, kind, what, state, title, began) VALUES (?, ?, ?, ?, ?, ?)",
                (*self._key(span), span.title, began),
            )
        for mark in changes.marks:
            of = mark.happened
            self._db.execute(
                "INSERT INTO mark (at, connection, kind, what, detail) VALUES (?, ?, ?, ?, ?)",
                (mark.at, self._id(of.connection), of.kind.value, of.what, of.detail),
            )
        for one in changes.latencies:
            self._db.execute(
                "INSERT OR REPLACE INTO latency VALUES (?, ?, ?, ?, ?)",
                (self._id(one.connection), one.minute, _micro(one.worst), _micro(one.mean), one.count),
            )
        # An agent that began again within a minute replaces it: the hour is counted anew.
        for name, hour in {(one.connection, one.minute // HOUR_MINUTES) for one in changes.latencies}:
            self._db.execute(
                "INSERT OR REPLACE INTO latency_hour"
                " SELECT connection, ?, max(worst), sum(mean * count), sum(count) FROM latency"
                " WHERE connection = ? AND minute BETWEEN ? AND ?",
                (hour, self._id(name), hour * HOUR_MINUTES, (hour + 1) * HOUR_MINUTES - 1),
            )

    def _key(self, span: Span) -> tuple[int, str, str, str]:
        return self._id(span.connection), span.kind.value, span.what, span.state

    def _id(self, name: str) -> int:
        known = self._ids.get(name)
        if known is None:
            self._db.execute("INSERT OR IGNORE INTO connection (name) VALUES (?)", (name,))
            known = self._ids[name] = int(str(self._one("SELECT id FROM connection WHERE name = ?", name)))
        return known

    def forget(self, before: float) -> None:
        """Remove what ended before a time (epoch seconds), and the oldest fifth as long as the file is too large."""
        self._forget(before)
        if (heard := self._heard()) is not None:
            self._db.execute("DELETE FROM latency WHERE minute < ?", (int((heard - MINUTES_KEPT) // 60),))
        pages, free, size = (self._counted(name) for name in ("page_count", "freelist_count", "page_size"))
        first, last = self._first(), self._heard()
        if (pages - free) * size > MOST_BYTES and first is not None and last is not None and last > first:
            self._forget(first + (last - first) / 5)
        if pages * size > MOST_BYTES:
            self._db.execute("VACUUM")

    def _forget(self, before: float) -> None:
        with self._at_once():
            self._db.execute("DELETE FROM span WHERE ended < ?", (before,))
            self._db.execute("DELETE FROM mark WHERE at < ?", (before,))
            self._db.execute("DELETE FROM latency WHERE minute < ?", (int(before // 60),))
            self._db.execute("DELETE FROM latency_hour WHERE hour < ?", (int(before // 3600),))
        # After a rollback, an ID may be another connection's.
        self._ids.clear()

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def read(
        self,
        since: float,
        until: float,
        *,
        minutes: int = 1,
        kinds: Iterable[SpanKind] = tuple(SpanKind),
        marks: bool = True,
    ) -> Kept:
        """All that touches a time, in epoch seconds: of so many minutes together one latency, of 0 none; spans of these
        kinds; `marks` or none. Whole hours of minutes are read much faster.
        """
        names = {int(id): str(name) for id, name in self._db.execute("SELECT id, name FROM connection ORDER BY id")}
        return Kept(
            # As they were written they are nearly in order, which costs less than SQLite's own sorting.
            spans=tuple(sorted(self._spans(names, since, until, [k.value for k in kinds]), key=itemgetter(1))),
            marks=tuple(self._marks(names, since, until)) if marks else (),
            latencies=tuple(self._latencies(names, since, until, minutes)) if minutes else (),
            began=self._first(),
            heard=self._heard(),
            names=tuple(names.values()),
            firsts=dict(self._firsts(names)),
        )

    def _spans(self, names: Mapping[int, str], since: float, until: float, kinds: Sequence[str]) -> list[KeptSpan]:
        found = self._db.execute(
            "SELECT connection, kind, what, state, title, began, ended, end FROM span"
            " WHERE began <= ? AND (ended IS NULL OR ended >= ?)"
            f" AND kind IN ({', '.join('?' * len(kinds))}) ORDER BY id",
            (until, since, *kinds),
        )
        same = _Same(names)
        return [KeptSpan(same[row[:5]], row[5], row[6], row[7]) for row in found]

    def _marks(self, names: Mapping[int, str], since: float, until: float) -> Iterator[Mark]:
        found = self._db.execute(
            "SELECT connection, at, kind, what, detail FROM mark WHERE at BETWEEN ? AND ? ORDER BY at, id",
            (since, until),
        )
        for of, at, kind, what, detail in found:
            yield Mark(at, Happened(MarkKind(kind), names[of], what, detail))

    def _latencies(self, names: Mapping[int, str], since: float, until: float, minutes: int) -> Iterator[LatencyMinute]:
        of_hours = self._hours and minutes % HOUR_MINUTES == 0
        asked = {"since": int(since // 60), "until": int(until // 60), "minutes": minutes}
        found = self._db.execute(_BY_HOUR if of_hours else _BY_MINUTE, asked)
        for of, minute, worst, mean, count in found:
            yield LatencyMinute(names[of], minute, worst / 1e6, mean / 1e6, count)

    def _firsts(self, names: Mapping[int, str]) -> Iterator[tuple[str, float]]:
        for id, name in names.items():
            # They are written in about the order in which they begin.
            query = f"SELECT began FROM span WHERE connection = ? AND kind = '{SpanKind.STATE.value}' ORDER BY id"
            began = self._one(f"{query} LIMIT 1", id)
            if isinstance(began, float):
                yield name, began

    def _first(self) -> float | None:
        return self._time("SELECT min(began) FROM span")

    def _heard(self) -> float | None:
        return self._time("SELECT at FROM heard")

    def _time(self, query: str) -> float | None:
        found = self._one(query)
        return found if isinstance(found, float) else None


class _Same(dict[tuple[Any, ...], Span]):
    """Spans by what the file has of them: the same few come again and again."""

    def __init__(self, names: Mapping[int, str]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, of: tuple[Any, ...]) -> Span:
        connection, kind, what, state, title = of
        made = self[of] = Span(self._names[connection], SpanKind(kind), what, state, title)
        return made


def _micro(seconds: float) -> int:
    return round(seconds * 1e6)
