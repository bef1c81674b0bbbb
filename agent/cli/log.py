"""`gatelight logs`: the end of the agent's log, and with `-f` every new line."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from agent.errors import AgentNotRunning
from agent.platforms.files import open_regular
from agent.runtime.json_lines import as_text

SHOWN = 65_536
"""Bytes of an earlier log that are shown; the file has the rest."""
_EVERY = 0.5
"""Seconds between two looks for new lines."""


def command(path: Path, out: Callable[[str], None], *, follow: bool, over: threading.Event | None = None) -> int:
    """Print the log; with `follow` until Ctrl-C, or until `over` is set. Raises AgentNotRunning where there is none."""
    try:
        reading = _Reading(path)
    except OSError:
        raise AgentNotRunning(f"There is no log file in {path.parent}: start the agent with `gatelight run`.") from None
    with reading:
        for line in reading.new_lines():
            out(as_text(line))
        ended = over or threading.Event()
        while follow and not ended.wait(_EVERY):
            for line in reading.new_lines():
                out(as_text(line))
    return 0


def _opened(path: Path) -> BinaryIO:
    """The file, if it is one: a pipe in its place would be waited for without end. Raises OSError."""
    return open(open_regular(path, os.O_RDONLY), "rb")  # noqa: PTH123


class _Reading:
    """A log file that is read while another program writes it, and puts it away for a new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _opened(path)
        self._rest = b""
        size = os.fstat(self._file.fileno()).st_size
        if size > SHOWN:
            self._file.seek(size - SHOWN)
            # The first line is not whole.
            self._file.readline()

    def __enter__(self) -> "_Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def new_lines(self) -> list[str]:
        """The whole lines that have come since the last call."""
        read = self._rest + self._file.read()
        if self._replaced():
            # OSError: it is gone again, or no file stands there.
            with suppress(OSError):
                following = _opened(self._path)
                self._file.close()
                self._file = following
                read += self._file.read()
        *whole, self._rest = read.split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in whole]

    def _replaced(self) -> bool:
        """Whether the path leads to another file by now."""
        try:
            found, ours = self._path.stat(), os.fstat(self._file.fileno())
        except OSError:
            # Between two files there is none.
            return False
        return not os.path.samestat(found, ours)
