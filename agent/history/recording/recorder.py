"""Records what the core takes in, in a thread of its own: the agent hands in steps and never waits for a disk.

The recording is a folder of files, each a piece of it (see `lines`). They are only ever appended to, so a kill costs
the last second and half a line, and what told nothing new before it. The oldest go when they are older than a day, or
when all together are too large.
"""

import contextlib
import logging
import os
import re
import sys
import threading
from collections import deque
from pathlib import Path

from agent import __version__
from agent.core.events import HeartbeatAnswered, Looked, Tick
from agent.core.state_machine.looks import decides_nothing
from agent.core.state_machine.state import AgentState, Knowledge
from agent.core.state_machine.step import AgentStep
from agent.history.recording.lines import LineWriter
from agent.platforms.files import PRIVATE, open_regular, reason_of
from agent.platforms.folders import make_private, opened_own

logger = logging.getLogger("agent")

RECORDING_FOLDER = "recording"
"""In the data folder."""
RECORDED_SECONDS = 24 * 3600.0
"""Seconds of a recording that are kept at least, unless it is too large."""
MOST_RECORDED = 24 << 20
"""Bytes of all pieces together: a quiet day has 8 MB."""
_PIECE_BYTES = 1 << 20
_PIECE_SECONDS = 3600.0
"""A piece ends with whichever comes first, so that what goes is never much at once."""
_MOST_PIECES = 200
"""An agent that is started again and again makes a small piece each time."""
MOST_STEPS = 1_000
"""Steps that wait for a disk that hangs; of more, the latest are lost, and the recording goes on behind them."""
MOST_HELD_BACK = 200
"""Steps that tell nothing new and wait for one that does; the first look of each `JUDGED_EVERY` does."""
BATCH_SECONDS = 1.0
"""Seconds after which steps are written: more of them in one go cost the machine less."""
TRY_AGAIN_SECONDS = 15.0
"""Seconds between two tries at a disk that refuses."""
_CLOSING = 2.0
"""Seconds that the last steps may take at the end."""
_NAME = re.compile(r"(\d{8})\.jsonl")


def pieces_of(folder: Path) -> list[Path]:
    """The files of the recording in a data folder, in their order; none where there is none. Raises OSError."""
    try:
        found = list((folder / RECORDING_FOLDER).iterdir())
    except FileNotFoundError:
        return []
    return sorted(one for one in found if _NAME.fullmatch(one.name))


class StepRecorder:
    """The recorder of one agent."""

    def __init__(self, folder: Path, knowledge: Knowledge, run: float, *, most: int = MOST_RECORDED) -> None:
        """`folder` is the data folder; `run`: see `lines.PieceBegun`; `most` bytes are kept."""
        self._folder = folder / RECORDING_FOLDER
        self._most = most
        self._lines = LineWriter(knowledge, __version__, sys.platform, run)
        self._waiting: deque[tuple[int, AgentStep, bool]] = deque()
        self._number = 0
        self._came = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._write, name="recording", daemon=True)
        self._file: int | None = None
        self._path: Path | None = None
        self._size = 0
        """Bytes of the piece that is being written."""
        self._begins = 0
        """Bytes of the state with which it begins: of a hundred connections, more than `_PIECE_BYTES`."""
        self._began = 0.0
        """Monotonic time at which it began."""
        self._next = 0
        """Number of the step that would go on with it."""
        self._now = float("-inf")
        """Monotonic time of the step that was written last."""
        self._again_at = float("-inf")
        """Monotonic time before which a disk that refused is left alone."""
        self._refusal = ""

    def start(self) -> None:
        """Begin; the folder is made in the thread."""
        self._thread.start()

    def take(self, step: AgentStep, *, failed: bool = False) -> None:
        """Hand in a step; never blocks. `failed`: its decision failed."""
        # A step that does not go in has a number as well: its lack is seen.
        number, self._number = self._number, self._number + 1
        if len(self._waiting) < MOST_STEPS:
            self._waiting.append((number, step, failed))
            if failed or len(self._waiting) > MOST_HELD_BACK or not _decides_nothing(step):
                self._came.set()

    def close(self) -> None:
        """End; first write what waits, for a moment at most."""
        self._closing.set()
        self._came.set()
        if self._thread.ident is not None:
            self._thread.join(_CLOSING)

    # ── the thread ──────────────────────────────────────────────────────────────────────────────

    def _write(self) -> None:
        while not self._closing.is_set():
            self._came.wait()
            self._closing.wait(BATCH_SECONDS)
            self._came.clear()
            self._write_all()
        self._write_all()
        self._end_piece()

    def _write_all(self) -> None:
        lines: list[str] = []
        try:
            while self._waiting:
                number, step, failed = self._waiting.popleft()
                now = self._now = step.now.monotonic
                if now < self._again_at:
                    continue
                if self._file is None or number != self._next or self._is_over(now):
                    self._flush(lines)
                    self._begin_piece(step.before, number, now)
                lines.append(self._lines.step(step, number, failed=failed))
                self._size += len(lines[-1])
                self._next = number + 1
            self._flush(lines)
        except Exception as fault:
            # Whatever it is, no fault of the recording may become one of the agent.
            self._end_piece()
            self._refused(fault)

    def _is_over(self, now: float) -> bool:
        return self._size > self._room or now - self._began > _PIECE_SECONDS or self._is_removed()

    @property
    def _room(self) -> int:
        """Bytes of a piece: half of them are steps at least."""
        return max(_PIECE_BYTES, 2 * self._begins)

    def _is_removed(self) -> bool:
        """Whether the file is not there any more: its folder was deleted."""
        return self._path is not None and not self._path.exists()

    def _flush(self, lines: list[str]) -> None:
        if not lines:
            return
        content = "".join(lines).encode("utf-8", "replace")
        lines.clear()
        assert self._file is not None
        written = 0
        while written < len(content):
            written += os.write(self._file, content[written:])
        if self._refusal:
            logger.info("the recording is written again")
            self._refusal = ""

    def _begin_piece(self, state: AgentState, number: int, now: float) -> None:
        self._end_piece()
        with opened_own(self._folder.parent):
            # Another user may have put a folder in the place of the data folder.
            make_private(self._folder)
        names = [int(one.stem) for one in pieces_of(self._folder.parent)]
        path = self._folder / f"{max(names, default=0) + 1:08}.jsonl"
        with opened_own(self._folder):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            self._file = open_regular(path, flags, PRIVATE)
        begins = self._lines.piece(state, number)
        self._path, self._size, self._began = path, len(begins), now
        self._begins = len(begins)
        self._forget(path)
        self._flush([begins])

    def _end_piece(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                os.close(file)

    def _forget(self, latest: Path) -> None:
        """Remove the oldest pieces: those that ended a day ago, and as many as are too much."""
        found = [(one, one.stat()) for one in pieces_of(self._folder.parent) if one != latest]
        newest = max((kept.st_mtime for _, kept in found), default=0.0)
        left = self._most - self._room
        for count, (one, kept) in enumerate(reversed(found), 2):
            left -= kept.st_size
            if left < 0 or count > _MOST_PIECES or newest - kept.st_mtime > RECORDED_SECONDS:
                one.unlink(missing_ok=True)

    def _refused(self, fault: Exception) -> None:
        self._again_at = self._now + TRY_AGAIN_SECONDS
        reason = reason_of(fault)
        if reason != self._refusal:
            logger.warning("the recording cannot be written (%s): it goes on once it can", reason)
        self._refusal = reason


def _decides_nothing(step: AgentStep) -> bool:
    """Whether it is a heartbeat that was answered, or a look that was as the one before it, and nothing is wrong.

    Where something is, the clock alone decides what is told of it, and a bundle that is made then needs that.
    """
    state, machine = step.before, step.before.machine
    wrong = bool(state.own.ledger.entries) or any(watched.ledger.entries for watched in state.watched)
    return (
        bool(step.arrivals)
        and not wrong
        and all(
            isinstance(event, HeartbeatAnswered | Tick)
            or (isinstance(event, Looked) and decides_nothing(machine, event.machine))
            for event in (arrival.event for arrival in step.arrivals)
        )
    )
