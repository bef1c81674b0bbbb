"""The process table: which TWS and IB Gateway run. Reads command lines of Java-like processes only, and keeps none."""

import os
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from agent.core.clock import Moment
from agent.core.facts import Fact, Known, OtherProcess, Process, Processes, Unknown
from agent.platforms.bounded_process import BoundedProcess
from agent.tws.applications import Application, ClientPortal, may_be_application, recognise

YOUNG = 120.0
"""Seconds after which a process is taken for what it is: a launcher script becomes Java under the same process ID."""

AGAIN = 0.5
"""A young process is looked at again when this part of its age has passed since the last time: the later, the less
likely that it still becomes another program."""

SWEEP = 24
"""An older process is looked at again at every so many looks: one in two minutes with a look every 5 s."""

EXEC_TIME = 5.0
"""Seconds a process may be without a command line while it starts, before that counts as withheld."""

MEMORY_EVERY = 60.0
"""Seconds between two memory samples kept."""

MEMORY_KEPT = 120
"""Memory samples kept: two hours."""

PEAK_KEPT = 1800.0
"""Seconds a peak of memory is remembered, so that memory that sways around a limit does not seem to come and go."""

MEMORY_SPAN = 1800.0
"""Seconds the samples must span before a growth is told: shorter spans show Java's garbage collector."""

MemorySample = tuple[float, int]
"""(monotonic seconds, resident bytes)"""


def growth(samples: Collection[MemorySample]) -> float | None:
    """Slope of memory over time in bytes per second (least squares); None until watched long enough."""
    times = [t for t, _ in samples]
    if len(times) < 2 or max(times) - min(times) < MEMORY_SPAN:
        return None
    middle = sum(times) / len(times)
    mean = sum(m for _, m in samples) / len(samples)
    spread = sum((t - middle) ** 2 for t in times)
    return sum((t - middle) * (m - mean) for t, m in samples) / spread


def higher(peak: MemorySample | None, sample: MemorySample) -> MemorySample:
    """The peak after one more sample; one that is too old gives way to whatever is held now."""
    if peak is None or sample[1] >= peak[1] or sample[0] - peak[0] > PEAK_KEPT:
        return sample
    return peak


@dataclass(slots=True)
class _Seen:
    """What is known about one process."""

    process: psutil.Process
    name: str
    started: float
    read: float
    """Epoch seconds at which it was looked at last."""
    found: Application | ClientPortal | None = None
    withheld: bool = False
    elsewhere: bool = False
    exe: str | None = None
    folders: tuple[str, ...] | None = None
    """Working folder and program folder; None until asked for."""
    cpu: tuple[float, float] | None = None
    """(monotonic seconds, processor seconds used) at the last look."""
    memory: deque[MemorySample] = field(default_factory=lambda: deque(maxlen=MEMORY_KEPT))
    peak: MemorySample | None = None


class ProcessObserver:
    """Looks for the applications, and remembers what it found, so that another look costs little."""

    def __init__(self, is_elsewhere: Callable[[int], bool] = lambda pid: False) -> None:
        self._is_elsewhere = is_elsewhere
        self._seen: dict[int, _Seen] = {}
        self._looks = 0
        self._last = Moment(0.0, 0.0)

    def observe(self, now: Moment) -> Fact[Processes]:
        """The applications that run now."""
        try:
            pids = psutil.pids()
        except (psutil.Error, OSError) as error:
            return Unknown(f"the process table could not be read ({_words(error)})")
        self._looks += 1
        self._last = now
        for gone in self._seen.keys() - set(pids):
            del self._seen[gone]
        for pid in pids:
            seen = self._seen.get(pid)
            if seen is None or self._is_due(seen, now):
                self._look_at(pid, now)
        if not self._seen:
            # Not even this process: an empty table would say that nothing runs.
            return Unknown("the process table is there, but no process in it could be read")
        applications: list[Process] = []
        portals: list[OtherProcess] = []
        unreadable: list[OtherProcess] = []
        for pid, seen in list(self._seen.items()):
            if seen.withheld:
                unreadable.append(OtherProcess(pid, seen.name))
            elif isinstance(seen.found, ClientPortal):
                portals.append(OtherProcess(pid, "Client Portal Gateway"))
            elif seen.found is not None and not seen.elsewhere:
                measured = self._measure(seen, seen.found, now)
                if measured is not None:
                    applications.append(measured)
        applications.sort(key=lambda p: (p.started, p.pid))
        return Known(Processes(tuple(applications), tuple(portals), tuple(unreadable)))

    def name_of(self, pid: int) -> str | None:
        """Name of a process, without path, as of the last looks; None where there is none or it is withheld."""
        if pid not in self._seen:
            # It started after the process table was read, and has a socket already.
            self._look_at(pid, self._last)
        seen = self._seen.get(pid)
        return seen.name or None if seen is not None else None

    def pids_named(self, names: Collection[str]) -> tuple[int, ...]:
        """The processes with one of these names (lower case)."""
        return tuple(pid for pid, seen in self._seen.items() if seen.name.lower() in names)

    def folders_of(self, pid: int) -> tuple[str, ...]:
        """Working folder and program folder of an application, where they are told."""
        seen = self._seen.get(pid)
        if seen is None:
            return ()
        if seen.folders is None:
            found = []
            with suppress(psutil.Error, OSError):
                found.append(seen.process.cwd())
            if seen.exe:
                found.append(os.path.dirname(seen.exe))  # noqa: PTH120 - a path as the system spells it
            seen.folders = tuple(found)
        return seen.folders

    def _is_due(self, seen: _Seen, now: Moment) -> bool:
        """Whether to read name and start time again: the young now and then, a few of the others in turn, never all."""
        age = now.wall - seen.started
        if age < YOUNG:
            return not 0.0 <= now.wall - seen.read < age * AGAIN
        return (seen.process.pid + self._looks) % SWEEP == 0

    def _look_at(self, pid: int, now: Moment) -> None:
        before = self._seen.get(pid)
        try:
            process: psutil.Process = BoundedProcess(pid)
        except (psutil.Error, OSError):
            self._seen.pop(pid, None)
            return
        try:
            if before is not None and process == before.process:
                # The same process still: its start time, which costs two more files to read, is known.
                process, started = before.process, before.started
            else:
                started = process.create_time()
            name = process.name()
        except psutil.AccessDenied:
            # Kept without a name, so that it is not asked again at every look.
            started, name = 0.0, ""
        except (psutil.Error, OSError):
            self._seen.pop(pid, None)
            return
        seen = _Seen(process, name, started, now.wall)
        if may_be_application(name):
            self._recognise(seen, now)
        if before is not None and before.started == started and before.found == seen.found:
            seen.cpu, seen.memory, seen.peak = before.cpu, before.memory, before.peak
        self._seen[pid] = seen

    def _recognise(self, seen: _Seen, now: Moment) -> None:
        try:
            seen.exe = seen.process.exe() or None
        except (psutil.Error, OSError):
            seen.exe = None
        denied = False
        try:
            cmdline = seen.process.cmdline() or None
        except psutil.AccessDenied:
            cmdline, denied = None, True
        except (psutil.Error, OSError):
            return
        seen.found = recognise(seen.name, seen.exe, cmdline)
        if seen.found is None and cmdline is None:
            # An empty one is a zombie's, or that of a process about to become another program, or withheld.
            starting = now.wall - seen.started < EXEC_TIME
            seen.withheld = denied or not (starting or _is_zombie(seen.process))
        seen.elsewhere = isinstance(seen.found, Application) and self._is_elsewhere(seen.process.pid)

    def _measure(self, seen: _Seen, application: Application, now: Moment) -> Process | None:
        """The application with what it uses; None when it has gone, a zombie included."""
        process = seen.process
        memory = cpu = None
        try:
            if not process.is_running():
                del self._seen[process.pid]
                return None
            with process.oneshot():
                if process.status() == psutil.STATUS_ZOMBIE:
                    return None
                times = process.cpu_times()
                memory = process.memory_info().rss
            used = times.user + times.system
            if seen.cpu is not None and now.monotonic > seen.cpu[0]:
                cpu = max(0.0, (used - seen.cpu[1]) / (now.monotonic - seen.cpu[0]))
            seen.cpu = (now.monotonic, used)
            if not seen.memory or now.monotonic - seen.memory[-1][0] >= MEMORY_EVERY:
                seen.memory.append((now.monotonic, memory))
            seen.peak = higher(seen.peak, (now.monotonic, memory))
        except (psutil.NoSuchProcess, ProcessLookupError):
            return None
        except (psutil.Error, OSError):
            memory = None
        return Process(
            pid=process.pid,
            application=application,
            started=seen.started,
            memory=memory,
            memory_peak=None if memory is None or seen.peak is None else seen.peak[1],
            memory_growth=growth(seen.memory),
            cpu=cpu,
        )


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OSError):
        return False


def _words(error: Exception) -> str:
    """Why, without anything that names a person."""
    if isinstance(error, psutil.AccessDenied | PermissionError):
        return "permission denied"
    return error.strerror or "system error" if isinstance(error, OSError) else "system error"
