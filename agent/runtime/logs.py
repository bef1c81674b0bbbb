"""The log: one file of limited size, without anything private, that never brings the agent down."""

import contextlib
import getpass
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from agent.platforms.files import PRIVATE, open_regular, reason_of
from agent.platforms.folders import make_private
from agent.runtime.aside import Worker, done_within
from agent.runtime.json_lines import ABOUT, TEXT, JsonLines, log_time
from agent.tws.printable import printable
from agent.tws.privacy import Private, redact, spellings

FILE_SIZE = 1 << 20
"""Bytes after which a new file is begun."""
FILES_KEPT = 5
"""Older files that are kept beside the current one."""
ROLLOVER_AGAIN = 300.0
"""Seconds until another try, where a new file could not be begun."""
_OPEN_SECONDS = 3.0
"""Seconds that the disk may take to open the file at the start."""
LONGEST_RECORD = 20_000
"""Characters of one record: a program on the other side of a socket can make us log any text."""
_SPACES = "\t\xa0\u202f"
"""Spaces that Python calls unprintable, and that are harmless."""
_SAID_ELSEWHERE = ("ib_async.client", "ib_async.Decoder")
"""Loggers whose errors (a refused or closed connection) the agent judges and reports itself, once."""
_CHATTY = ("ib_async.wrapper", "ib_async.ib", "apscheduler", "PIL", "asyncio")
"""Loggers that report every message, job or file; only -vv logs what is below a warning."""


def private_here(words: tuple[str, ...] = ()) -> Private:
    """What is private on this machine: home folder, user name and the given words (remote addresses)."""
    homes: list[str] = []
    names: list[str] = []
    # Both fail for a user without an entry in the user database, as in containers.
    with contextlib.suppress(RuntimeError, KeyError, OSError):
        homes += spellings(str(Path.home()))
    with contextlib.suppress(Exception):
        names += spellings(getpass.getuser())
    return Private(tuple(homes), tuple(names), words)


class Redaction(logging.Filter):
    """Cleans every record before a handler writes it: message, arguments, exception, stack. Lets all records pass."""

    def __init__(self, private: Private) -> None:
        super().__init__()
        self.private = private
        """Replaced while the agent runs, when the configuration names other remote addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record in place; never raises."""
        if getattr(record, "redacted_for", None) is self.private:
            return True
        try:
            self._clean(record)
        except Exception as error:
            # Better no message than one with private text.
            record.msg = f"(a record that could not be cleaned: {type(error).__name__})"
            record.args, record.exc_info, record.exc_text, record.stack_info = None, None, None, None
            vars(record).update(dict.fromkeys(ABOUT, ""))
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
        # The text is enough; from the exception the next handler would write everything uncleaned.
        record.exc_info = None
        if record.stack_info:
            record.stack_info = _one_line(self._safe(record.stack_info))
        for name in ABOUT:
            if told := getattr(record, name, ""):
                setattr(record, name, _one_line(self._safe(str(told))))
        record.redacted_for = self.private

    def _safe(self, text: str) -> str:
        # Cut after redaction, which does not recognise half an account number. The rough cut before limits the work.
        rough = text[: 4 * LONGEST_RECORD]
        clean = redact(rough, self.private)
        if len(clean) <= LONGEST_RECORD and len(rough) == len(text):
            return clean
        return clean[:LONGEST_RECORD] + f"… (cut, {len(text)} characters)"


def _one_line(text: str) -> str:
    """A text with its control characters made visible, so that no text from outside looks like one of our records."""
    return "".join(c if c.isprintable() or c in _SPACES else _visible(c) for c in text)


def _visible(character: str) -> str:
    return "\n    " if character == "\n" else character.encode("unicode_escape").decode("ascii")


class _Formatter(logging.Formatter):
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """See `log_time`."""
        return log_time(record.created)


class _File(logging.handlers.RotatingFileHandler):
    """A rotating file that is silent while it cannot be written, and goes on afterwards."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._failing = False
        self._lost = 0
        self._no_rollover_before = 0.0
        super().__init__(path, maxBytes=FILE_SIZE, backupCount=FILES_KEPT, encoding="utf-8", errors="replace")

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        # The folder above too, which may be the data folder: another user may have put one in its place.
        make_private(path.parent.parent, close=False)
        make_private(path.parent)
        descriptor = open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0))
        if hasattr(os, "fchmod"):
            # A file that exists already may have any mode.
            with contextlib.suppress(OSError):
                os.fchmod(descriptor, PRIVATE)
        return open(descriptor, "a", encoding="utf-8", errors="replace")  # noqa: PTH123

    def shouldRollover(self, record: logging.LogRecord) -> int:
        """Whether it is time for a new file; not soon after a try that failed."""
        return int(time.monotonic() >= self._no_rollover_before and bool(super().shouldRollover(record)))

    def doRollover(self) -> None:
        """Begin a new file; where that fails (on Windows, while a viewer has the file open) go on with the old one.

        Moving the current file is tried first. The library moves the older files before it, and each failed try would
        lose the oldest one.
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
        """Write the record; after records were lost, also write their number."""
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
        """Close a file that was deleted or moved by another program, so that a new one is opened."""
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
        """Count a record that never reached this handler."""
        self._lost += 1
        self._failing = True

    def handleError(self, record: logging.LogRecord) -> None:
        """Tell once that the log cannot be written, and close the file, so that the next record opens it again."""
        error = sys.exc_info()[1]
        self._lost += 1
        # A stream that failed still holds the text, and fails again when it is closed.
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
    """Hands each record to a thread that writes it, so that a hanging disk delays only the log."""

    def __init__(self, file: _File) -> None:
        super().__init__()
        self._file = file
        self._worker = Worker("log")

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Set the format of the file."""
        self._file.setFormatter(fmt)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand the record to the thread."""
        if not self._worker.do(partial(self._write, record)):
            self._file.lose()

    def _write(self, record: logging.LogRecord) -> None:
        self._file.handle(record)

    def close(self) -> None:
        """Write the records that wait, for a moment at most."""
        self._worker.do(self._file.close)
        self._worker.close()
        super().close()


def _discard(stream: TextIOWrapper) -> None:
    """Close a stream and forget its text; where flushing fails, the descriptor is closed nevertheless."""
    with contextlib.suppress(OSError, ValueError):
        stream.close()
    with contextlib.suppress(OSError, ValueError):
        stream.detach().close()


class _Console(logging.StreamHandler[TextIO]):
    """Standard error, for -v. A terminal that is gone is no error, since no user would see a report."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Do nothing."""


class Logs:
    """The logging of this process, from `set_up_logs` to `close`."""

    def __init__(self, redaction: Redaction, handlers: list[logging.Handler], problem: str) -> None:
        self._redaction = redaction
        self._handlers = handlers
        self._levels: dict[str, int] = {}
        self.problem = problem
        """Why there is no log file, as one sentence; empty when there is one."""

    def keep_private(self, private: Private) -> None:
        """Mask this from now on."""
        self._redaction.private = private

    def close(self) -> None:
        """Write the records that wait, and remove the handlers."""
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

    def __exit__(self, *_: object) -> None:
        self.close()


def set_up_logs(
    file: Path | None,
    verbosity: int = 0,
    private: Private | None = None,
    tell: Callable[[str], None] | None = None,
    *,
    json: bool = False,
) -> Logs:
    """Start logging to the file (None: no file) and, with a verbosity above 0, to standard error.

    `verbosity` is the number of -v options: 0 logs transitions, 1 also the agent's details, 2 everything, even that of
    ib_async. `tell` gets one sentence for the user when the log cannot be written. `json`: the log, and what is said on
    standard error, are JSON lines.
    """
    say = tell or _say
    # No line tells it, and a record would load what makes processes.
    logging.logMultiprocessing = False
    redaction = Redaction(private_here() if private is None else private)
    handlers: list[logging.Handler] = []
    problem = ""
    if file is not None:
        try:
            handlers.append(_Aside(done_within(_OPEN_SECONDS, partial(_File, file, say), "log")))
        except (OSError, ValueError) as error:
            problem = f"The log {file} cannot be written ({reason_of(error)}); Gatelight goes on without it."
            with contextlib.suppress(Exception):
                say(problem)
    if verbosity > 0 and sys.stderr is not None:
        console = _Console(sys.stderr)
        console.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)
        handlers.append(console)
    if not handlers:
        # Without any handler Python writes warnings to standard error, with nothing masked.
        handlers.append(logging.NullHandler())
    logs = Logs(redaction, handlers, problem)
    for handler in handlers:
        handler.addFilter(redaction)
        handler.setFormatter(JsonLines() if json else _Formatter(TEXT))
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
