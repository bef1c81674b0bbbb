"""The agent's memory on disk: what was told, shown, snoozed and paused; read at the start, written at each change."""

import json
import logging
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.core.memory import (
    ChangeKept,
    DayKept,
    Memory,
    PortKept,
    ProgramId,
    ProgramKept,
    SeenRunning,
    Served,
    ServedBefore,
    ShownBefore,
    Snoozed,
    Standing,
    Stopped,
    Told,
    ToldThere,
    UpdateNotes,
    WaitingNotice,
    WellKept,
)
from agent.core.problem import Severity
from agent.platforms.files import read_file, replace_own_file
from agent.runtime.aside import Worker, done_within
from agent.tws.applications import ApplicationKind

logger = logging.getLogger(__name__)

FORMAT = 1
LONGEST_FILE = 16 << 20
"""Bytes; the agent writes some thousands, and of a hundred connections with many programs a few millions."""
_READ_SECONDS = 3.0
"""Seconds that reading the file may take."""
LATEST = 32503680000.0
"""Epoch seconds of the year 3000; the agent never writes a later time."""
_SERVER = re.compile(r"(?:[0-9]{1,10}/[0-9]{0,12})?", re.ASCII)
"""See `PortKept.server`."""
MOST_REPEATS = 1000
"""Repeats of one notice. Their distance grows: ten take months."""
_FOREVER = "resume"
"""Stands for "until told to resume", since JSON has no infinity."""


class MemoryFile:
    """The file in the data folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._worker = Worker("memory")
        self._latest: Memory | None = None
        self._written: Memory | None = None
        self._refusal = ""
        """Why the disk refused it last; empty when it did not."""

    @property
    def unkept(self) -> str:
        """Why the latest is not kept, in words for people; empty when it is."""
        return "" if self._latest is self._written else self._refusal or "the disk does not answer"

    def read(self) -> Memory:
        """The stored memory; an empty one where there is none, or where it is not readable."""
        try:
            text = done_within(_READ_SECONDS, lambda: read_file(self._path, LONGEST_FILE, links=False), "memory")
            return _from_json(json.loads(text))
        except FileNotFoundError:
            return Memory()
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as fault:
            logger.warning("the memory of earlier notices cannot be read (%s) and starts anew", type(fault).__name__)
            return Memory(welcomed=True)

    def write(self, memory: Memory) -> None:
        """Store the memory. A disk that refuses is logged once; neither it nor a hanging disk does other harm."""
        self._latest = memory
        if not self._worker.do(self._write_latest):
            logger.debug("what was announced waits for a disk that hangs")

    def write_again(self, memory: Memory) -> None:
        """Store the memory even if it was stored before: the folder was made anew."""
        self._written = None
        self.write(memory)

    def close(self) -> None:
        """End; first write the memory that waits, for a moment at most."""
        self._worker.close()

    def _write_latest(self) -> None:
        memory = self._latest
        if memory is None or memory is self._written:
            return
        try:
            replace_own_file(self._path, json.dumps(_to_json(memory)).encode())
        except OSError as fault:
            reason = fault.strerror or type(fault).__name__
            if not self._refusal:
                logger.warning("what was announced cannot be kept: %s", reason)
            self._refusal = reason
        else:
            self._written = memory
            self._refusal = ""


def _to_json(memory: Memory) -> dict[str, Any]:
    kept: dict[str, Any] = asdict(memory)
    kept["format"] = FORMAT
    if memory.paused_until == math.inf:
        kept["paused_until"] = _FOREVER
    return kept


def _from_json(kept: Any) -> Memory:
    """TypeError, ValueError or KeyError for anything that `_to_json` does not write."""
    if _is(dict, kept)["format"] != FORMAT:
        raise ValueError("another format")
    paused = kept["paused_until"]
    return Memory(
        told=tuple(_told(t) for t in _is(list, kept["told"])),
        snoozed=tuple(_snoozed(s) for s in _is(list, kept["snoozed"])),
        # What an earlier version wrote has neither.
        shown=tuple(_shown(s) for s in _is(list, kept.get("shown", []))),
        running=tuple(_running(r) for r in _is(list, kept.get("running", []))),
        paused_until=math.inf if paused == _FOREVER else None if paused is None else _time(paused),
        stopped=_all_stopped(kept),
        # What an earlier version wrote has none.
        served=tuple(_served(s) for s in _is(list, kept.get("served", []))),
        # Nor these.
        ports=tuple(_port(p) for p in _is(list, kept.get("ports", []))),
        well=tuple(_well(w) for w in _is(list, kept.get("well", []))),
        # A user of an earlier version need not be welcomed.
        welcomed=kept.get("welcomed", True) is not False,
        # What an earlier version wrote has none.
        updates=_updates(kept["updates"]) if "updates" in kept else UpdateNotes(),
        summary_said=None if kept.get("summary_said") is None else _time(kept["summary_said"]),
        # Nor these.
        told_there=tuple(_told_there(t) for t in _is(list, kept.get("told_there", []))),
        standing=tuple(_standing(s) for s in _is(list, kept.get("standing", []))),
        waiting=tuple(_waiting(w) for w in _is(list, kept.get("waiting", []))),
        taken_back_by=_is(str, kept.get("taken_back_by", "")),
    )


def _told_there(kept: Mapping[str, Any]) -> ToldThere:
    target, connection, key, title = (_is(str, kept[part]) for part in ("target", "connection", "key", "title"))
    return ToldThere(target, connection, key, _time(kept["at"]), _repeats(kept["repeats"]), title, _crowd(kept))


def _crowd(kept: Mapping[str, Any]) -> float | None:
    """Files of an earlier version have none."""
    return None if kept.get("crowd") is None else _time(kept["crowd"])


def _standing(kept: Mapping[str, Any]) -> Standing:
    return Standing(
        _is(str, kept["connection"]), _is(str, kept["key"]), _time(kept["since"]), seen=kept["seen"] is True
    )


def _waiting(kept: Mapping[str, Any]) -> WaitingNotice:
    target, key, title, text = (_is(str, kept[part]) for part in ("target", "key", "title", "text"))
    severity = Severity(kept["severity"]).value
    over, crowd, ended = kept["over"] is True, _crowd(kept), _is(str, kept.get("ended", ""))
    return WaitingNotice(target, key, _time(kept["at"]), severity, title, text, over=over, crowd=crowd, ended=ended)


def _told(kept: Mapping[str, Any]) -> Told:
    return Told(
        connection=_is(str, kept["connection"]),
        key=_is(str, kept["key"]),
        since=_time(kept["since"]),
        at=_time(kept["at"]),
        repeats=_repeats(kept["repeats"]),
        # Files of an earlier version have no title.
        title=_is(str, kept.get("title", "")),
        # Nor do they tell these.
        unshown=kept.get("unshown") is True,
        began=kept.get("began") is True,
        taken_back=kept.get("taken_back") is True,
    )


def _shown(kept: Mapping[str, Any]) -> ShownBefore:
    names, values = (tuple(_is(str, one) for one in _is(list, kept[part])) for part in ("names", "values"))
    if len(names) != len(values):
        raise ValueError("words without their values")
    return ShownBefore(
        connection=_is(str, kept["connection"]),
        key=_is(str, kept["key"]),
        since=_time(kept["since"]),
        severity=Severity(kept["severity"]).value,
        names=names,
        values=values,
        # Files of an earlier version do not tell.
        began=kept.get("began") is True,
    )


def _running(kept: Mapping[str, Any]) -> SeenRunning:
    return SeenRunning(
        connection=_is(str, kept["connection"]),
        kind=ApplicationKind(kept["kind"]).value,
        pid=None if kept["pid"] is None else _is(int, kept["pid"]),
        implicit=kept["implicit"] is True,
        # Files of an earlier version have none that is well.
        well=kept.get("well") is True,
    )


def _snoozed(kept: Mapping[str, Any]) -> Snoozed:
    return Snoozed(_is(str, kept["connection"]), _is(str, kept["code"]), _time(kept["until"]))


def _served(kept: Mapping[str, Any]) -> ServedBefore:
    by = _is(dict, kept["served"])
    program, pid, application = by["program"], by["pid"], by["application"]
    if not isinstance(application, bool):
        raise TypeError("an application or not")
    return ServedBefore(
        _is(str, kept["connection"]),
        Served(
            port=_is(int, by["port"]),
            program=None if program is None else _is(str, program),
            pid=None if pid is None else _is(int, pid),
            application=application,
        ),
    )


def _port(kept: Mapping[str, Any]) -> PortKept:
    return PortKept(
        connection=_is(str, kept["connection"]),
        port=_is(int, kept["port"]),
        server=_server(kept["server"]),
        observed=_days(kept["observed"]),
        programs=tuple(_program(p) for p in _is(list, kept["programs"])),
    )


def _server(kept: Any) -> str:
    if not _SERVER.fullmatch(_is(str, kept)):
        raise ValueError("no process and its start")
    return str(kept)


def _days(kept: Any) -> tuple[DayKept, ...]:
    found = tuple(DayKept(_is(int, d["day"]), _is(int, d["quarters"])) for d in _is(list, kept))
    if any(not 0 <= d.quarters < 1 << 96 for d in found):
        raise ValueError("a day has 96 quarters of an hour")
    return found


def _program(kept: Mapping[str, Any]) -> ProgramKept:
    who, lost, missing = _is(dict, kept["id"]), kept["lost_at"], kept["missing_since"]
    return ProgramKept(
        id=ProgramId(*(_is(str, who[part]) for part in ("name", "script", "place", "peer"))),
        first=_is(int, kept["first"]),
        days=_days(kept["days"]),
        there=kept["there"] is True,
        pid=None if kept["pid"] is None else _is(int, kept["pid"]),
        lost_at=None if lost is None else _time(lost),
        lost_port=_is(int, kept["lost_port"]),
        missing_since=None if missing is None else _time(missing),
        slowest=_time(kept["slowest"]),
        ignored=kept["ignored"] is True,
    )


def _well(kept: Mapping[str, Any]) -> WellKept:
    names, values = (tuple(_is(str, one) for one in _is(list, kept[part])) for part in ("names", "values"))
    if len(names) != len(values):
        raise ValueError("what was known, without how it was")
    return WellKept(
        connection=_is(str, kept["connection"]),
        kind=ApplicationKind(kept["kind"]).value,
        names=names,
        values=values,
        changes=tuple(
            ChangeKept(_is(str, c["what"]), _is(str, c["before"]), _is(str, c["now"]), _time(c["at"]))
            for c in _is(list, kept["changes"])
        ),
    )


def _all_stopped(kept: Mapping[str, Any]) -> tuple[Stopped, ...]:
    if "stopped" in kept:
        return tuple(_stopped(s) for s in _is(list, kept["stopped"]))
    # An earlier version kept the names, and in another list those that come back by themselves.
    back = {_is(str, r["connection"]): _time(r["at"]) for r in _is(list, kept.get("returning", []))}
    return tuple(Stopped(_is(str, name), None, back.get(name)) for name in _is(list, kept["disconnected"]))


def _stopped(kept: Mapping[str, Any]) -> Stopped:
    since, until = (None if kept[key] is None else _time(kept[key]) for key in ("since", "until"))
    return Stopped(_is(str, kept["connection"]), since, until, _time(kept["reminded"]))


def _updates(kept: Mapping[str, Any]) -> UpdateNotes:
    address, version, page = (_is(str, kept[key]) for key in ("address", "version", "page"))
    return UpdateNotes(address, _time(kept["due"]), _time(kept["heard"]), version, page)


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a time is a number")
    if not 0 <= value <= LATEST:
        raise ValueError("a time beyond any calendar")
    return float(value)


def _repeats(value: Any) -> int:
    count = int(_is(int, value))
    if not 0 <= count <= MOST_REPEATS:
        raise ValueError("more repeats than there is time for")
    return count


def _is(kind: type, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"not a {kind.__name__}")
    return value
