"""The process table: which TWS and IB Gateway run. Reads command lines of Java-like processes only, and keeps none."""

import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest

import psutil

from agent.core.clock import Moment
from agent.core.facts import Fact, Known, OtherProcess, Process, Processes, Unknown
from agent.platforms.bounded_process import BoundedProcess
from agent.platforms.process_table import Described, ProcessTable, PsutilTable
from agent.tws.applications import Application, ClientPortal, may_be_application, recognise
from agent.tws.client_programs import PROCESS_NAMES
from agent.tws.outside import LONGEST_NAME, clean

logger = logging.getLogger(__name__)

MOST_REPORTED = 32
"""Processes that are reported of: any user can start programs that look like TWS, by the thousand."""
YOUNG = 120.0
"""Seconds during which a process may still become another program: a launcher script becomes Java under the same
process ID."""

_AGAIN = 0.5
"""A young process is looked at again when this part of its age has passed since the last time: the later, the less
likely that it still becomes another program."""

YOUNG_CHECKED = 200
"""Young processes that are looked at again in one look at most, the youngest first: a crowd that came at once does not
all have its turn at once, look after look."""

SWEEP, TURN = 24, 5.0
"""The older processes are looked at again in so many parts, one after the other, each of so many seconds: all of them
in two minutes, however often there are looks."""

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

_NAMELESS = "the system does not tell what other users’ programs are called"

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
class _Used:
    """What an application used so far."""

    cpu: tuple[float, float] | None = None
    """(monotonic seconds, processor seconds used) at the last look."""
    memory: deque[MemorySample] = field(default_factory=lambda: deque(maxlen=MEMORY_KEPT))
    peak: MemorySample | None = None


@dataclass(slots=True)
class _Seen:
    """What is known about one process."""

    name: str
    started: float
    born: float
    """Monotonic time at which it started, or was first seen where the clock cannot be right."""
    read: float
    """Monotonic time at which it was looked at last."""
    mark: Hashable
    found: Application | ClientPortal | None = None
    withheld: bool = False
    elsewhere: bool = False
    foreign: bool = False
    """It is known to be another user's."""
    ours: bool = False
    """It is known to be this user's."""
    exe: str | None = None
    folders: tuple[str, ...] | None = None
    """Working folder and program folder; None until asked for."""
    used: _Used | None = None


class ProcessObserver:
    """Looks for the applications, and remembers what it found, so that another look costs little."""

    def __init__(
        self, is_elsewhere: Callable[[int], bool] = lambda pid: False, table: ProcessTable | None = None
    ) -> None:
        self._is_elsewhere = is_elsewhere
        self._table = table or PsutilTable()
        self._seen: dict[int, _Seen] = {}
        self._numbers: Mapping[int, int] = {}
        """The table as it was at the last look."""
        self._young: set[int] = set()
        self._of_interest: set[int] = set()
        """Processes that are, or may be, TWS or IB Gateway."""
        self._nameless: set[int] = set()
        """Processes that are listed without even a name."""
        self._puzzled = False
        """A command line was met that could not be understood."""
        self._last = Moment(0.0, 0.0)
        self._user = ""
        # A user who is not in the user database, as containers have them, has no name.
        with suppress(psutil.Error, OSError, KeyError):
            self._user = psutil.Process().username()

    def observe(self, now: Moment) -> Fact[Processes]:
        """The applications that run now."""
        try:
            numbers = self._table.pids()
        except (psutil.Error, OSError) as error:
            return Unknown(f"the process table could not be read ({_words(error)})")
        for gone in self._seen.keys() - numbers.keys():
            self._forget(gone)
        fresh = [pid for pid, number in numbers.items() if self._numbers.get(pid) != number or pid not in self._seen]
        turned = self._due(now)
        self._numbers, self._last = numbers, now
        for pid in fresh:
            self._look_at(pid, now)
        for pid in turned:
            self._check(pid, now)
        if not self._seen:
            # The table lacks even this process: as an empty table it would claim that nothing runs.
            return Unknown("the process table is there, but no process in it could be read")
        applications: list[Process] = []
        portals: list[OtherProcess] = []
        unreadable: list[OtherProcess] = []
        for pid in self._chosen():
            seen = self._seen[pid]
            if seen.withheld:
                unreadable.append(OtherProcess(pid, seen.name))
            elif isinstance(seen.found, ClientPortal):
                portals.append(OtherProcess(pid, "Client Portal Gateway"))
            elif seen.found is not None and not seen.elsewhere:
                measured = self._measure(pid, seen, seen.found, now)
                if measured is not None:
                    applications.append(measured)
        applications.sort(key=lambda p: (p.started, p.pid))
        unseen = self._table.missing(numbers.keys()) or (_NAMELESS if self._nameless else None)
        programs = tuple(OtherProcess(pid, self._seen[pid].name) for pid in self.pids_named(PROCESS_NAMES))
        told = Processes(tuple(applications), tuple(portals), tuple(unreadable), programs[:MOST_REPORTED], unseen)
        return Known(told)

    def _chosen(self) -> list[int]:
        """What is reported of: where too many look like TWS, this user's own first, and the oldest of them."""
        pids = sorted(self._of_interest)
        if len(pids) <= MOST_REPORTED:
            return pids

        def rank(pid: int) -> tuple[bool, float, int]:
            # By what is known of each: thousands are not asked about again in every look.
            return not self._seen[pid].ours, self._seen[pid].started, pid

        return sorted(nsmallest(MOST_REPORTED, pids, key=rank))

    def name_of(self, pid: int) -> str | None:
        """Name of a process, without path, as of the last looks; None where there is none or it is withheld."""
        if pid not in self._seen:
            # It started after the process table was read, and has a socket already.
            self._look_at(pid, self._last)
        seen = self._seen.get(pid)
        return clean(seen.name, LONGEST_NAME) or None if seen is not None else None

    def pids_named(self, names: Collection[str]) -> tuple[int, ...]:
        """The processes with one of these names (lower case)."""
        return tuple(pid for pid, seen in self._seen.items() if seen.name.lower() in names)

    def start_of(self, pid: int) -> float | None:
        """When a process started, in epoch seconds, as of the last looks; None where there is none of that ID."""
        seen = self._seen.get(pid)
        return None if seen is None else seen.started

    def folders_of(self, pid: int) -> tuple[str, ...]:
        """Working folder and program folder of an application, where they are told."""
        seen = self._seen.get(pid)
        if seen is None:
            return ()
        if seen.folders is None:
            found = []
            with suppress(psutil.Error, OSError):
                found.append(psutil.Process(pid).cwd())
            if seen.exe:
                found.append(os.path.dirname(seen.exe))  # noqa: PTH120 - a path as the system spells it
            seen.folders = tuple(found)
        return seen.folders

    def _due(self, now: Moment) -> list[int]:
        """Whose name and start time to read again: the young now and then, a part of the others in turn, never all."""
        due = []
        for pid in tuple(self._young):
            seen = self._seen[pid]
            age = now.monotonic - seen.born
            if age >= YOUNG:
                self._young.discard(pid)
            elif now.monotonic - seen.read >= age * _AGAIN:
                due.append(pid)
        due = nlargest(YOUNG_CHECKED, due, key=lambda pid: self._seen[pid].born)
        first, last = (int(moment.monotonic // TURN) for moment in (self._last, now))
        parts = {turn % SWEEP for turn in range(max(first, last - SWEEP) + 1, last + 1)}
        if parts:
            due += [pid for pid in self._seen if pid % SWEEP in parts and pid not in self._young]
        return due

    def _check(self, pid: int, now: Moment) -> None:
        """Look at a process again if it has become another one, or can be or become one of ours under its name."""
        seen = self._seen.get(pid)
        if seen is None:
            return
        try:
            same = self._table.mark(pid) == seen.mark
        except (psutil.AccessDenied, PermissionError):
            same = True
        except (psutil.Error, OSError):
            self._forget(pid)
            return
        if same and not may_be_application(seen.name):
            seen.read = now.monotonic
        else:
            self._look_at(pid, now)

    def _forget(self, pid: int) -> None:
        del self._seen[pid]
        self._nameless.discard(pid)
        self._young.discard(pid)
        self._of_interest.discard(pid)

    def _look_at(self, pid: int, now: Moment) -> None:
        before = self._seen.get(pid)
        try:
            told = self._table.describe(pid)
        except (psutil.AccessDenied, PermissionError):
            # Kept without a name, so that it is not asked again at every look.
            told = Described("", 0.0, None)
            self._nameless.add(pid)
        except (psutil.Error, OSError):
            if before is not None:
                self._forget(pid)
            return
        else:
            self._nameless.discard(pid)
        born = min(now.monotonic, now.monotonic - (now.wall - told.started))
        if before is not None and before.started == told.started:
            born = before.born
        seen = _Seen(told.name, told.started, born, now.monotonic, told.mark)
        if may_be_application(told.name):
            self._recognise(pid, seen, now)
        if before is not None and before.started == seen.started and before.found == seen.found:
            seen.used = before.used
        self._seen[pid] = seen
        if now.monotonic - born < YOUNG:
            self._young.add(pid)
        else:
            self._young.discard(pid)
        if seen.found is not None or seen.withheld:
            self._of_interest.add(pid)
        else:
            self._of_interest.discard(pid)

    def _recognise(self, pid: int, seen: _Seen, now: Moment) -> None:
        denied = False
        try:
            process = BoundedProcess(pid)
        except (psutil.Error, OSError):
            return
        try:
            seen.exe = process.exe() or None
        except (psutil.Error, OSError):
            seen.exe = None
        try:
            cmdline = process.cmdline() or None
        except psutil.AccessDenied:
            cmdline, denied = None, True
        except (psutil.Error, OSError):
            return
        try:
            seen.found = recognise(seen.name, seen.exe, cmdline)
        except Exception:
            # Any user can start such a process: it must not hide all others.
            if not self._puzzled:
                self._puzzled = True
                logger.warning("the command line of process %d could not be understood", pid, exc_info=True)
            seen.withheld = True
        if seen.found is None and cmdline is None:
            # A command line is empty for a zombie, for a process that is about to become another program, and where it
            # is withheld.
            starting = now.monotonic - seen.born < EXEC_TIME
            seen.withheld = denied or not (starting or _is_zombie(process))
        seen.elsewhere = isinstance(seen.found, Application) and self._is_elsewhere(pid)
        if seen.found is not None or seen.withheld:
            anothers = self._is_anothers(process)
            seen.ours = anothers is False
            seen.foreign = isinstance(seen.found, Application) and anothers is True
        seen.used = _Used() if isinstance(seen.found, Application) else None

    def _is_anothers(self, process: psutil.Process) -> bool | None:
        """Whether it runs as another user; None where that is not told."""
        with suppress(psutil.Error, OSError, KeyError):
            if sys.platform == "win32":
                return bool(process.username() != self._user)
            return bool(process.uids().real != os.getuid())
        return None

    def _measure(self, pid: int, seen: _Seen, application: Application, now: Moment) -> Process | None:
        """The application with what it uses; None when it has gone, a zombie included."""
        used = seen.used
        assert used is not None
        memory = cpu = None
        try:
            told = self._table.usage(pid)
        except (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
            return None
        except (psutil.Error, OSError):
            pass
        else:
            if told is None:
                return None
            memory = told.memory
            if used.cpu is not None and now.monotonic > used.cpu[0]:
                cpu = max(0.0, (told.processor - used.cpu[1]) / (now.monotonic - used.cpu[0]))
            used.cpu = (now.monotonic, told.processor)
            if not used.memory or now.monotonic - used.memory[-1][0] >= MEMORY_EVERY:
                used.memory.append((now.monotonic, memory))
            used.peak = higher(used.peak, (now.monotonic, memory))
        return Process(
            pid=pid,
            application=application,
            started=seen.started,
            foreign=seen.foreign,
            memory=memory,
            memory_peak=None if memory is None or used.peak is None else used.peak[1],
            memory_growth=growth(used.memory),
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
