"""The relays of Gatelight that run here: what each reports, and which program is behind each of its connections."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from agent.core.clock import Moment
from agent.core.evidence.relays import relayed_label
from agent.core.evidence.relays_together import NearTogether, application_told, merged_reports, names_beside
from agent.core.facts import Fact, Known, RelaySeen, Unknown
from agent.core.relay_facts import (
    LEARNT_LASTS,
    REPORT_SCHEMA,
    LimitUse,
    RelayCounts,
    RelayProgram,
    RelayRefusal,
    application_at,
    spelled_application,
)
from agent.observers.programs import program_file
from agent.platforms.bounded_process import BoundedProcess
from agent.platforms.files import read_file
from agent.platforms.sockets.row import SocketReader, SocketState, sole_listener
from agent.tws.ports import port_in

LATE_AFTER = 12.0
"""Seconds after which a relay that has something to count has told nothing for too long; it reports every two."""
IDLE_LATE_AFTER = 100.0
"""The same for one with nothing to count, which reports every half minute."""
MOST_RELAYS = 32
"""Relays that are reported."""
_MOST_REFUSALS = 30
_MOST_SAID = 20
_LATEST_STEPS = 2
"""Steps of ten seconds of which the busiest second is told: the present one, and the one before."""
_MOST_ANSWERS = 10
"""Kinds of requests."""
_MOST_PROGRAMS = 128
"""Programs of one relay that are reported."""
_LARGEST_REPORT = 16 << 20
"""Bytes; a usual one has a few kilobytes."""
_SAME_START = 60.0
"""Seconds. The file tells when the relay began to count, soon after its process was started."""
_COMMANDS = frozenset({"relay", "keep-relay"})
"""The commands that relays are started with."""
_MOST_ASKED = 2
"""How often the system is asked for the program of one connection, which may have ended before the first time."""
_LISTENERS_KEPT = 30.0
"""Seconds for which it is believed that one program alone listens on a port."""
_OTHER_VERSION = Unknown("it was started by another version of Gatelight, and its report cannot be read")


class ProgramOf(NamedTuple):
    """The process at the end of a connection."""

    pid: int
    name: str
    script: str


class RelayObserver:
    """Reads the reports of one data folder, from any thread; remembers the program of each connection."""

    def __init__(self, folder: Path | None, make_reader: Callable[[], SocketReader]) -> None:
        """Without a `folder` there is no relay to see."""
        self._folder = folder
        self._make_reader = make_reader
        self._reader: SocketReader | None = None
        self._programs: dict[tuple[int, str], ProgramOf | int] = {}
        """By port of the relay and address of the program: its process, or how often it was asked for in vain."""
        self._near = NearTogether()
        self._sole: dict[int, tuple[float, bool]] = {}
        """By port of this computer: when it was looked last (monotonic), and whether one program alone listens."""
        self._one_at_a_time = threading.Lock()

    def observe(self, now: Moment) -> Fact[tuple[RelaySeen, ...]]:
        """The relays by name, each with what it counts, or with the reason why that is not known."""
        if self._folder is None:
            return Known(())
        with self._one_at_a_time:
            reports = self._reports(self._folder, now)
            return Known(self._counted_together([(told, self._seen(told, now)) for told in reports], now))

    def told(self, now: Moment) -> list[dict[str, Any]]:
        """The reports themselves, by name: each with `age_s`, with the `application` to which it leads, and with the
        `label` of each program, its `pid` and its `name` where they are known. Where what it counts is not known,
        `unknown` says why."""
        if self._folder is None:
            return []
        with self._one_at_a_time:
            reports = self._reports(self._folder, now)
            for one in reports:
                one["age_s"] = round(max(0.0, now.wall - float(one["written"])), 1)
                counts = self._seen(one, now).counts
                if isinstance(counts, Unknown):
                    one["unknown"] = counts.reason
                    continue
                for program in (*_list(one, "programs"), *_list(one, "left"), *_list(one, "refusals")):
                    self._name(_port(one), program)
        return sorted(reports, key=lambda one: str(one.get("name", "")))

    def told_together(self, now: Moment) -> list[dict[str, Any]]:
        """The same by application: one report of all relays that lead to it, with the names of those that are
        `uncounted`, and beside it `unknown` where one does not tell."""
        reports = self.told(now)
        known = [one for one in reports if "unknown" not in one]
        merged = merged_reports(known)
        told = {(relay["port"], relay["pid"]) for one in merged for relay in one["relays"]}
        left = [one for one in reports if (one.get("port"), one["pid"]) not in told]
        for one in merged:
            one["uncounted"] = names_beside(one, left)
        return merged + [{"name": str(one.get("name", "")), "unknown": _OTHER_VERSION.reason} | one for one in left]

    def _counted_together(self, seen: Sequence[tuple[dict[str, Any], RelaySeen]], now: Moment) -> tuple[RelaySeen, ...]:
        """Each relay, with what all those to one application use of its limits together."""
        merged = merged_reports(told for told, one in seen if isinstance(one.counts, Known))
        self._near.judge(merged, now)
        shared = {application_told(one): one for one in merged}
        found = []
        for told, one in seen:
            all_of_them = shared.get(application_told(told))
            if isinstance(one.counts, Known) and all_of_them is not None:
                ten, written = all_of_them["history"]["ten_minutes"], float(all_of_them["written"])
                counts = replace(
                    one.counts.value,
                    lines=_use(all_of_them["lines"], written),
                    history=_use(ten, written),
                    history_safe_at=written + float(ten["safe_in_s"]),
                )
                found.append(replace(one, counts=Known(counts)))
            else:
                found.append(one)
        return tuple(found)

    def _name(self, port: int, told: dict[str, Any]) -> None:
        found = self._programs.get((port, str(told["peer"])))
        if isinstance(found, ProgramOf):
            told |= {"pid": found.pid, "name": found.name}
        told["label"] = relayed_label(self._program(port, told, 0.0))

    def _reports(self, folder: Path, now: Moment) -> list[dict[str, Any]]:
        reports = [told for told in reports_in(folder) if relay_runs(told)][:MOST_RELAYS]
        self._ask_for_programs(reports, now)
        self._tell_applications(reports, now)
        return reports

    def _tell_applications(self, reports: Iterable[dict[str, Any]], now: Moment) -> None:
        """Add to each report where its relay leads to, as `application`: the same for every relay to one listener."""
        for told in reports:
            # What stands there already was not found out here.
            told.pop("application", None)
            to = str(told.get("to"))
            if (port := _port_at(to)) is not None:
                elsewhere = bool(application_at(to)[0])
                here = elsewhere and told.get("here") is True and self._is_sole(port, now)
                told["application"] = spelled_application(application_at(to, here=here))

    def _is_sole(self, port: int, now: Moment) -> bool:
        """Whether one program alone listens on a port of this computer; while none does, as it was before."""
        looked, sole = self._sole.get(port, (float("-inf"), False))
        if now.monotonic - looked >= _LISTENERS_KEPT:
            self._reader = self._reader or self._make_reader()
            with suppress(OSError, psutil.Error):
                reading = self._reader.read(frozenset(), frozenset({port}), thorough=False, now=now.monotonic)
                found = sole_listener(reading, port)
                sole = sole if found is None else found
            self._sole[port] = now.monotonic, sole
        return sole

    def _ask_for_programs(self, reports: Iterable[Mapping[str, Any]], now: Moment) -> None:
        """Find out which processes the connections belong to that are new."""
        asked = {(_port(told), str(one.get("peer"))) for told in reports for one in _list(told, "programs")}
        # What has left may still count.
        gone = {
            (_port(told), str(one.get("peer")))
            for told in reports
            for one in (*_list(told, "left"), *_list(told, "refusals"))
        }
        self._programs = {key: found for key, found in self._programs.items() if key in asked | gone}
        new = {key for key in asked if isinstance(tries := self._programs.get(key, 0), int) and tries < _MOST_ASKED}
        if not new:
            return
        self._reader = self._reader or self._make_reader()
        owners = owners_of(self._reader, {port for port, _ in new}, now)
        for key in new:
            tries = self._programs.get(key, 0)
            self._programs[key] = owners.get(key) or (tries + 1 if isinstance(tries, int) else 0)

    def _seen(self, told: Mapping[str, Any], now: Moment) -> RelaySeen:
        to = str(told.get("to", ""))
        try:
            counts = self._counts(told, now)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            counts = _OTHER_VERSION
        said = tuple(str(one.get("text", "")) for one in _list(told, "said"))[-_MOST_SAID:]
        return RelaySeen(
            name=str(told.get("name", "")),
            pid=int(told["pid"]),
            port=_port(told),
            host=to.rpartition(":")[0].strip("[]"),
            to_port=_port_at(to) or 0,
            counts=counts,
            allow=tuple(map(str, allow)) if isinstance(allow := told.get("allow"), list) else (),
            lines=lines if isinstance(lines := told.get("configured_lines"), int) else 0,
            kept=told.get("kept") is True,
            draining=told.get("draining") is True,
            said=said,
            here=bool(application_at(to)[0]) and not application_told(told)[0],
        )

    def _counts(self, told: Mapping[str, Any], now: Moment) -> Fact[RelayCounts]:
        if told.get("schema") != REPORT_SCHEMA:
            return _OTHER_VERSION
        written, programs, left = float(told["written"]), _list(told, "programs"), _list(told, "left")
        ten = told["history"]["ten_minutes"]
        late_after = LATE_AFTER if programs or ten["used"] else IDLE_LATE_AFTER
        if not -late_after <= now.wall - written <= late_after:
            return Unknown("it has reported nothing for a while")
        made = [self._program(_port(told), one, written) for one in (*programs, *left)]
        return Known(
            RelayCounts(
                written=written,
                programs=tuple(made[:_MOST_PROGRAMS]),
                lines=_use(told["lines"], written),
                history=_use(ten, written),
                history_safe_at=written + max(0.0, float(ten["safe_in_s"])),
                refusals=tuple(self._refusal(_port(told), one, written) for one in _list(told, "refusals"))[
                    -_MOST_REFUSALS:
                ],
                messages=int(told.get("messages", 0)),
                refused=tuple((str(limit), int(number)) for limit, number in dict(told.get("refused", {})).items()),
            )
        )

    def _refusal(self, port: int, told: Mapping[str, Any], written: float) -> RelayRefusal:
        at = written - float(told["ago_s"])
        return RelayRefusal(at, int(told["code"]), str(told["request"]), self._program(port, told, written))

    def _program(self, port: int, told: Mapping[str, Any], written: float) -> RelayProgram:
        peer, connected = str(told["peer"]), "connected_s" in told
        found = self._programs.get((port, peer))
        client_id, rate = told.get("client_id"), told.get("messages_per_s")
        return RelayProgram(
            peer=peer,
            since=written - float(told.get("connected_s", 0.0)),
            pid=found.pid if isinstance(found, ProgramOf) else None,
            name=found.name if isinstance(found, ProgramOf) else None,
            script=found.script if isinstance(found, ProgramOf) else "",
            client_id=None if client_id is None else int(client_id),
            lines=int(told.get("lines", 0)),
            history=int(told.get("historical_requests_in_window", 0)),
            rate=None if rate is None else _use({"used": rate["now"], **rate}, written),
            uncounted=str(told.get("uncounted_because", "")),
            connected=connected,
            peak=max(map(int, rate["peaks"][-_LATEST_STEPS:]), default=0) if rate is not None else 0,
            answers=tuple(
                (str(kind), float(one["median_s"]))
                for kind, one in dict(told.get("answers", {})).items()
                if "median_s" in one
            )[:_MOST_ANSWERS],
        )


def reports_in(folder: Path) -> Iterator[dict[str, Any]]:
    """The reports that lie in a folder, whether their relays still run or not."""
    try:
        files = sorted(folder.glob("*.json"))
    except OSError:
        return
    for file in files:
        try:
            told = json.loads(read_file(file, _LARGEST_REPORT, links=False))
            if not (isinstance(told, dict) and isinstance(told["programs"], list) and told["pid"]):
                continue
            if isinstance(told["written"], int | float):
                yield told
        except (OSError, ValueError, KeyError, RecursionError):
            # It ends at this moment, or it is not a report.
            continue


def last_words(folder: Path, pid: int) -> dict[str, Any]:
    """What a relay that has ended has left about its end; empty where it has left nothing."""
    for file in folder.glob(f"*-{pid}.json"):
        with suppress(OSError, ValueError, RecursionError):
            told = json.loads(read_file(file, _LARGEST_REPORT, links=False))
            if isinstance(told, dict):
                return told
    return {}


def clear_away(folder: Path, pid: int | None = None) -> None:
    """Remove what relays that have ended have left, or the one of that process, but for what the next one should
    know."""
    for file in folder.glob("*-*.*" if pid is None else f"*-{pid}.*"):
        with suppress(OSError, ValueError, RecursionError):
            told = json.loads(read_file(file, _LARGEST_REPORT, links=False)) if file.suffix == ".json" else {}
            if not _is_for_the_next(told) and _has_ended(int(file.stem.rpartition("-")[2])):
                file.unlink()


def _has_ended(pid: int) -> bool:
    """Whether there is no such process, or one that only waits to be collected."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error as fault:
        return isinstance(fault, psutil.NoSuchProcess)


def _is_for_the_next(told: Any) -> bool:
    """Whether the next relay would believe what this one has learnt."""
    with suppress(KeyError, TypeError, ValueError):
        return 0 <= time.time() - float(told["learnt"]["at"]) < LEARNT_LASTS
    return False


def relay_runs(told: Mapping[str, Any]) -> bool:
    """Whether the process that wrote a report is still the same one."""
    try:
        process = psutil.Process(int(told["pid"]))
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        # Where the clock was set meanwhile, only the command line tells.
        same = abs(process.create_time() - float(told["started"])) < _SAME_START
        return same or not _COMMANDS.isdisjoint(BoundedProcess(process.pid).cmdline())
    except psutil.AccessDenied:
        return True
    except (psutil.Error, KeyError, ValueError, TypeError, OverflowError):
        return False


def owners_of(reader: SocketReader, ports: set[int], now: Moment) -> dict[tuple[int, str], ProgramOf]:
    """The process of each connection to these ports of this machine, by port and by the address of its program."""
    owners: dict[tuple[int, str], ProgramOf] = {}
    try:
        rows = reader.read(frozenset(), frozenset(ports), thorough=True, now=now.monotonic).rows
    except (OSError, psutil.Error):
        return owners
    for row in rows:
        if row.state is SocketState.LISTEN or row.pid is None or row.remote_port not in ports:
            continue
        address = f"[{row.local_address}]" if ":" in row.local_address else row.local_address
        try:
            name = psutil.Process(row.pid).name()
        except psutil.Error:
            continue
        script = program_file(row.pid, name).script
        owners[row.remote_port, f"{address}:{row.local_port}"] = ProgramOf(row.pid, name, script)
    return owners


def _port_at(target: str) -> int | None:
    """The port of where a relay leads to; None where it tells none."""
    return port_in(target.rpartition(":")[2])


def _port(told: Mapping[str, Any]) -> int:
    port = told.get("port")
    return port if isinstance(port, int) else 0


def _list(told: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = told.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _use(told: Mapping[str, Any], written: float) -> LimitUse:
    near, use = told.get("near"), LimitUse(int(told["used"]), int(told["of"]), unsure=int(told.get("in_doubt", 0)))
    if near is None:
        return use
    return replace(use, near_since=written - float(near["since_s"]), most=int(near["most"]))
