"""What a relay keeps in the data folder: its report, and orders that come as a file beside that.

A thread reads orders, so that a slow disk never holds up the relay.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from agent.core.relay_facts import LEARNT_LASTS, RelayOrder, application_at
from agent.errors import RelayError
from agent.platforms.files import read_file, replace_own_file
from agent.platforms.sockets.row import sole_listener
from agent.platforms.sockets.through_psutil import every_row

_LOOK_EVERY = 1.0
"""Seconds between two looks for an order."""
_LARGEST = 16 << 20
"""Bytes of a report, or of an order, that are read."""
_TOLD_LATELY = 12.0
"""Seconds: a relay with something to count reports every two."""


def report_path(folder: Path, port: int) -> Path:
    """The report of the relay in this process. Several of one port may follow each other."""
    return folder / f"{port}-{os.getpid()}.json"


def order_path(report: Path) -> Path:
    """Where the relay that writes a report looks for orders."""
    return report.with_suffix(".order")


class OrderReader:
    """Hands each order that comes to `obey`, in a thread of its own."""

    def __init__(self, path: Path, obey: Callable[[RelayOrder], None], say: Callable[[str], None]) -> None:
        """`say` gets the sentence of an order that cannot be done (RelayError of `obey`)."""
        self._path = path
        self._obey = obey
        self._say = say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="orders", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more, and remove an order that is left."""
        self._over.set()
        with suppress(OSError):
            self._path.unlink()

    def _run(self) -> None:
        while not self._over.wait(_LOOK_EVERY):
            try:
                told = json.loads(read_file(self._path, _LARGEST, links=False))
                self._path.unlink()
                self._obey(RelayOrder.of_json(told))
            except RelayError as fault:
                self._say(str(fault))
            except (OSError, ValueError, TypeError, KeyError, RecursionError):
                # There is none, or it is none.
                continue


def learnt_before(folder: Path, order: RelayOrder) -> tuple[int, float] | None:
    """The allowance that an earlier relay of this name has learnt, and when (epoch seconds)."""
    found = [
        (float(told["learnt"]["at"]), int(told["learnt"]["lines"]))
        for told in _reports(folder)
        if told.get("name") == order.name and told.get("configured_lines") == order.lines and "learnt" in told
    ]
    at, lines = max(found, default=(0.0, 0))
    return (lines, at) if lines > 0 and 0 <= time.time() - at < LEARNT_LASTS else None


def lines_beside(folder: Path, target: str) -> int:
    """Market data lines that programs of other relays to the same application use, as those have told lately.

    Needs a report of this process, which tells whether `target` is on this computer. May take its time.
    """
    reports = list(_reports(folder))
    here = any(told.get("here") is True for told in reports if told.get("pid") == os.getpid())
    meant, used = application_at(target), 0
    alone: bool | None = None
    for told in reports:
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            fresh = 0 <= time.time() - float(told["written"]) < _TOLD_LATELY
            if not fresh or told["pid"] == os.getpid():
                continue
            host, port = application_at(str(told["to"]))
            same = (host, port) == meant
            if not same and port == meant[1] and here and told.get("here") is True:
                alone = _one_alone_listens(int(port)) if alone is None else alone
                same = alone
            used += int(told["lines"]["used"]) if same else 0
    return used


def _one_alone_listens(port: int) -> bool:
    try:
        return sole_listener(every_row(), port) is True
    except (psutil.Error, OSError):
        return False


def _reports(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.glob("*.json"):
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            told = json.loads(read_file(path, _LARGEST, links=False))
            if isinstance(told, dict) and (told.get("learnt") is None or float(told["learnt"]["at"]) >= 0):
                yield told


def leave_word(
    path: Path, order: RelayOrder, fault: str = "", *, cut: int = 0, known: Mapping[str, Any] | None = None
) -> None:
    """Leave the reason why the relay could not begin; without one, that it was told to end, and what that has `cut`.

    `known`: what the next relay should know, as `Meter.for_the_next` tells it.
    """
    why: dict[str, Any] = {"failed": fault} if fault else {"stopped": True, "cut": cut}
    about = {"name": order.name, "port": order.listen, "pid": os.getpid(), "written": time.time()}
    told = {**about, **why, **(known or {})}
    with suppress(OSError):
        replace_own_file(path, json.dumps(told).encode())
