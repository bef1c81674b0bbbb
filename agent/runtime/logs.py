"""The log: one file that never grows without end, holds nothing private, and never brings the agent down."""

import contextlib
import getpass
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import TextIO

from agent.platforms.files import PRIVATE, open_regular
from agent.platforms.folders import make_private
from agent.runtime.aside import Worker, done_within
from agent.tws.printable import printable
from agent.tws.privacy import Private, redact

FILE_SIZE = 1 << 20
"""Bytes after which a new file is begun."""
FILES_KEPT = 5
"""Older files kept beside the one being written."""
ROLLOVER_AGAIN = 300.0
"""Seconds after which a new file is tried for again, where one could not be begun."""
_OPEN_SECONDS = 3.0
"""Seconds that the disk may take to open it at the start."""
LONGEST_RECORD = 20_000
"""Characters; a program on the other side of a socket can make us log as much as it likes."""
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_SPACES = "\t\xa0\u202f"
"""Not printable to Python, and harmless."""
_SAID_ELSEWHERE = ("ib_async.client", "ib_async.Decoder")
"""What it calls errors (a refused or closed connection) the agent judges, and says once, by itself."""
_CHATTY = ("ib_async.wrapper", "ib_async.ib", "apscheduler", "PIL", "asyncio")
"""Loggers that report every message, job or file; silent below a warning unless -vv asks for all of it."""


def private_here(words: tuple[str, ...] = ()) -> Private:
    """What is private on this machine: home folder and user name, with the given words (remote addresses) besides."""
    homes, names = [], []
    # Either fails for a user who is not in the user database, as containers have them.
    with contextlib.suppress(RuntimeError, KeyError, OSError):
        homes.append(str(Path.home()))
    with contextlib.suppress(Exception):
        names.append(getpass.getuser())
    return Private(tuple(homes), tuple(names), words)


class Redaction(logging.Filter):
    """Rewrites every record before it is written anywhere: message, arguments, exception, stack. Lets all pass."""

    def __init__(self, private: Private) -> None:
        super().__init__()
        self.private = private
        """May be replaced while the agent runs, when the configuration names another remote address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place; never raises."""
        if getattr(record, "redacted_for", None) is self.private:
            return True
        try:
            self._clean(record)
        except Exception as error:
            # Better no message than one that may hold anything.
            record.msg = f"(a record that could not be cleaned: {type(error).__name__})"
            record.args, record.exc_info, record.exc_text, record.stack_info = None, None, None, None
        return True

    def _clean(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:
            message = f"{record.msg!s} (with arguments that do not fit: {record.args!r})"
        record.msg, record.args = _one_line(self._safe(message)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _one_line(self._safe(record.exc_text))
        # The text says it all; the exception itself would let the next handler write it in full.
        record.exc_info = None
        if record.stack_info:
            record.stack_info = _one_line(self._safe(record.stack_info))
        record.redacted_for = self.private

    def _safe(self, text: str) -> str:
        # Cut after redaction: half an account number would not be recognised. Cutting twice bounds the work.
        rough = text[: 4 * LONGEST_RECORD]
        clean = redact(rough, self.private)
        if len(clean) <= LONGEST_RECORD and len(rough) == len(text):
            return clean
        return clean[:LONGEST_RECORD] + f"… (cut, {len(text)} characters)"


def _one_line(text: str) -> str:
    """Control characters made visible, so that no text from outside looks like a record of ours."""
    return "".join(c if c.isprintable() or c in _SPACES else _visible(c) for c in text)


def _visible(character: str) -> str:
    return "\n    " if character == "\n" else character.encode("unicode_escape").decode("ascii")


class _Formatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Local time with its offset: users compare it with their own clock, others need the offset."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(" ", "milliseconds")


class _File(logging.handlers.RotatingFileHandler):
    """A rotating file that goes quiet when it cannot be written, and goes on when it can again."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._failing = False
        self._lost = 0
        self._no_rollover_before = 0.0
        super().__init__(path, maxBytes=FILE_SIZE, backupCount=FILES_KEPT, encoding="utf-8", errors="replace")

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        # The data folder as well, where that is what holds it: another user may have put one in its place.
        make_private(path.parent.parent, close=False)
        make_private(path.parent)
        descriptor = open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0))
        if hasattr(os, "fchmod"):
            # One that is there already may have been made by anything.
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, PRIVATE)
        return open(descriptor, "a", encoding="utf-8", errors="replace")  # noqa: PTH123

    def shouldRollover(self, record: logging.LogRecord) -> int:
        """Whether it is time for a new file: not soon again after that was not possible."""
        return int(time.monotonic() >= self._no_rollover_before and bool(super().shouldRollover(record)))

    def doRollover(self) -> None:
        """Begin a new file; where that fails (Windows, while a viewer holds it open) go on with the old one.

        The library moves the older files first, and each try in vain would push the oldest out: so whether this one
        can be moved is tried beforehand.
        """
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        aside = f"{self.baseFilename}.moving"
        try:
            Path(self.baseFilename).rename(aside)
            Path(aside).rename(self.baseFilename)
            super().doRollover()
        except OSError:
            self._no_rollover_before = time.monotonic() + ROLLOVER_AGAIN
        if self.stream is None:
            self.stream = self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, and after a time of silence first how many were lost."""
        lost_before = self._lost
        self._follow()
        super().emit(record)
        if self._failing and self._lost == lost_before:
            lost, self._failing, self._lost = self._lost, False, 0
            note = logging.LogRecord(
                __name__, logging.WARNING, "", 0, "%d records before this were lost", (lost,), None
            )
            super().emit(note)

    def _follow(self) -> None:
        """Let go of a file that was deleted, or moved away by another program: a new one is opened."""
        if self.stream is None:
            return
        try:
            there = os.path.samestat(os.fstat(self.stream.fileno()), os.stat(self.baseFilename))  # noqa: PTH116
        except (OSError, ValueError):
            there = False
        if not there:
            _discard(self.stream)
            self.stream = None

    def lose(self) -> None:
        """Count a record that could not be handed to this one."""
        self._lost += 1
        self._failing = True

    def handleError(self, record: logging.LogRecord) -> None:
        """Say once that the log cannot be written; let go of the file, so that the next record tries anew."""
        error = sys.exc_info()[1]
        self._lost += 1
        # A stream that failed keeps what it could not write, and would fail again when it is closed.
        stream, self.stream = self.stream, None
        with contextlib.suppress(Exception):
            if stream is not None:
                _discard(stream)
        if not self._failing:
            self._failing = True
            reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
            with contextlib.suppress(Exception):
                self._tell(f"The log {self.baseFilename} cannot be written ({reason}); Gatelight goes on without it.")


class _Aside(logging.Handler):
    """Hands each record to a thread that writes it: a disk that hangs holds up nothing but the log."""

    def __init__(self, file: _File) -> None:
        super().__init__()
        self._file = file
        self._worker = Worker("log")

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """The format of the file."""
        self._file.setFormatter(fmt)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record in."""
        if not self._worker.do(partial(self._write, record)):
            self._file.lose()

    def _write(self, record: logging.LogRecord) -> None:
        self._file.handle(record)

    def close(self) -> None:
        """Write what waits, for a moment at most."""
        self._worker.do(self._file.close)
        self._worker.close()
        super().close()


def _discard(stream: TextIOWrapper) -> None:
    """Close a stream and forget what it holds: closing flushes, and where that fails the descriptor is closed still."""
    with contextlib.suppress(OSError, ValueError):
        stream.close()
    with contextlib.suppress(OSError, ValueError):
        stream.detach().close()


class _Console(logging.StreamHandler[TextIO]):
    """Standard error, for -v. A terminal that has gone away is no error: a complaint would not be seen."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Nothing."""


class Logs:
    """The logging of this process; made by `set_up_logs`, ended by `close`."""

    def __init__(self, redaction: Redaction, handlers: list[logging.Handler], problem: str) -> None:
        self._redaction = redaction
        self._handlers = handlers
        self._levels: dict[str, int] = {}
        self.problem = problem
        """Why there is no log file, as one sentence; empty when there is one."""

    def keep_private(self, private: Private) -> None:
        """From now on treat this as private."""
        self._redaction.private = private

    def close(self) -> None:
        """Write what is left and take the handlers away."""
        root = logging.getLogger()
        for handler in self._handlers:
            root.removeHandler(handler)
            with contextlib.suppress(OSError, ValueError):
                handler.close()
        self._handlers = []
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._levels = {}

    def _level(self, name: str, level: int) -> None:
        self._levels.setdefault(name, logging.getLogger(name).level)
        logging.getLogger(name).setLevel(level)

    def __enter__(self) -> "Logs":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def set_up_logs(
    file: Path | None, verbosity: int = 0, private: Private | None = None, tell: Callable[[str], None] | None = None
) -> Logs:
    """Start logging to the file (None: no file), and to standard error from -v on.

    `verbosity` counts the -v: 0 logs transitions, 1 the agent's own details, 2 everything, ib_async included.
    `tell` says one sentence to the user; it is used once at most while the log cannot be written.
    """
    say = tell or _say
    redaction = Redaction(private_here() if private is None else private)
    handlers: list[logging.Handler] = []
    problem = ""
    if file is not None:
        try:
            handlers.append(_Aside(done_within(_OPEN_SECONDS, partial(_File, file, say), "log")))
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            problem = f"The log {file} cannot be written ({reason}); Gatelight goes on without it."
            with contextlib.suppress(Exception):
                say(problem)
    if verbosity > 0 and sys.stderr is not None:
        console = _Console(sys.stderr)
        console.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)
        handlers.append(console)
    if not handlers:
        # Without any handler Python itself writes warnings to standard error, with nothing made unreadable.
        handlers.append(logging.NullHandler())
    logs = Logs(redaction, handlers, problem)
    for handler in handlers:
        handler.addFilter(redaction)
        handler.setFormatter(_Formatter(_FORMAT))
        logging.getLogger().addHandler(handler)
    logs._level("", logging.INFO if verbosity == 0 else logging.DEBUG)
    for name in _CHATTY:
        logs._level(name, logging.WARNING if verbosity < 2 else logging.DEBUG)
    for name in _SAID_ELSEWHERE:
        logs._level(name, logging.CRITICAL if verbosity < 2 else logging.DEBUG)
    return logs


def _say(sentence: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(printable(sentence) + "\n")
