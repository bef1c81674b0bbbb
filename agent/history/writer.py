"""Writes the history in a thread of its own: the agent hands in changes and never waits for a disk."""

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from agent.history.spans import Changes
from agent.history.store import HISTORY_SCHEMA, HistoryDamaged, HistoryTooNew, Store

logger = logging.getLogger("agent")

HISTORY_FILE = "history.db"
MOST_CHANGES = 10_000
"""Changes that wait for a disk that hangs or is full; of more, the oldest are lost."""
COMMIT_SECONDS = 1.0
"""Seconds after which changes are committed: more of them in one go cost the disk less."""
RETRY_SECONDS = 15.0
"""Seconds between two tries at a disk that refuses."""
FORGET_EVERY = 6 * 3600.0
"""Seconds between two removals of what is too old."""
_CLOSING = 2.0
"""Seconds that the last changes may take at the end."""
MOST_DAMAGED = 2
"""Damaged files that are kept beside the new one."""


def history_file(folder: Path) -> Path | None:
    """The file that an agent of this version writes in a data folder; None where there is none yet."""
    files = [folder / f"history-{HISTORY_SCHEMA}.db", folder / HISTORY_FILE]
    return next((file for file in files if file.is_file()), None)


class HistoryWriter:
    """The writer of one agent."""

    def __init__(self, folder: Path, keep: float, *, tell: Callable[[str], None] = lambda _: None) -> None:
        """`keep`: seconds that things are kept. `tell` is called in the thread, with a sentence for the user."""
        self._folder = folder
        self.keep = keep
        self._tell = tell
        self._waiting: queue.Queue[Changes | None] = queue.Queue()
        self._thread = threading.Thread(target=self._write, name="history", daemon=True)
        self._closing = threading.Event()
        self._store: Store | None = None
        self._forgotten = 0.0
        """Epoch seconds at which what was too old was removed last."""
        self._refusal = ""
        self._lost = 0

    def start(self) -> None:
        """Begin; the file is opened in the thread."""
        self._thread.start()

    def take(self, changes: Changes) -> None:
        """Hand in changes; never blocks."""
        if self._waiting.qsize() >= MOST_CHANGES:
            with contextlib.suppress(queue.Empty):
                self._waiting.get_nowait()
                self._lost += 1
        self._waiting.put(changes)

    def close(self) -> None:
        """End; first write what waits, for a moment at most."""
        self._closing.set()
        self._waiting.put(None)
        if self._thread.ident is not None:
            self._thread.join(_CLOSING)

    # ── the thread ──────────────────────────────────────────────────────────────────────────────

    def _write(self) -> None:
        batch: list[Changes] = []
        ends = False
        while not ends:
            ends = self._collect(batch)
            if batch and not self._written(batch):
                spare = max(0, len(batch) - MOST_CHANGES)
                self._lost += spare
                del batch[:spare]
                self._closing.wait(RETRY_SECONDS)
        self._close_file()

    def _written(self, batch: list[Changes]) -> bool:
        """Write a batch and empty it; whether the disk took it."""
        try:
            store = self._store = self._store or self._opened()
            store.write(batch)
            latest = batch[-1].at
            batch.clear()
            if not 0 <= latest - self._forgotten < FORGET_EVERY:
                store.forget(latest - self.keep)
                self._forgotten = latest
        except (OSError, sqlite3.Error) as fault:
            self._close_file()
            self._refused(fault)
            return False
        self._went_well()
        return True

    def _close_file(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            with contextlib.suppress(sqlite3.Error):
                store.close()

    def _collect(self, batch: list[Changes]) -> bool:
        """Wait for changes, then for those that come within a moment; answers whether it is the end."""
        timeout: float | None = None if not batch else 0.001
        while True:
            try:
                one = self._waiting.get(timeout=timeout)
            except queue.Empty:
                return False
            if one is None:
                return True
            batch.append(one)
            timeout = COMMIT_SECONDS if len(batch) < 500 else 0.001

    def _opened(self) -> Store:
        path = self._folder / HISTORY_FILE
        try:
            store = _sound(path, self._set_aside)
        except HistoryTooNew:
            # Left as it is for the later version that wrote it.
            path = self._folder / f"history-{HISTORY_SCHEMA}.db"
            logger.warning("the history was written by a later version of Gatelight; this one writes %s", path.name)
            store = _sound(path, self._set_aside)
        store.begin()
        return store

    def _set_aside(self, path: Path) -> None:
        aside = sorted(self._folder.glob("history-damaged-*.db"))
        taken = [int(one.stem.rpartition("-")[2]) for one in aside if one.stem.rpartition("-")[2].isdigit()]
        kept = self._folder / f"history-damaged-{max(taken, default=0) + 1}.db"
        path.replace(kept)
        for old in aside[: len(aside) + 1 - MOST_DAMAGED]:
            old.unlink(missing_ok=True)
        for side in ("-wal", "-shm"):
            path.with_name(path.name + side).unlink(missing_ok=True)
        logger.warning("the history was damaged; it was set aside as %s, and a new one begins", kept.name)
        self._tell(f"It was set aside as {kept.name} in Gatelight’s data folder, and a new one begins now.")

    def _went_well(self) -> None:
        if self._refusal:
            logger.info("the history is written again")
        self._refusal = ""
        if self._lost:
            logger.warning("%d changes were lost to the history", self._lost)
            self._lost = 0

    def _refused(self, fault: Exception) -> None:
        reason = getattr(fault, "strerror", None) or str(fault)
        if reason != self._refusal:
            logger.warning("the history cannot be written (%s): it goes on once it can", reason)
        self._refusal = reason


def _sound(path: Path, set_aside: Callable[[Path], None]) -> Store:
    """The store in a file; one that is damaged is set aside first."""
    try:
        return Store(path)
    except HistoryDamaged:
        set_aside(path)
        return Store(path)
