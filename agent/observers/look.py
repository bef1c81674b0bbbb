"""One look at the machine: asks every observer and puts the facts together. Never raises, never decides."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from agent.core.clock import Moment
from agent.core.evidence.relays import with_relays
from agent.core.facts import (
    Fact,
    Installation,
    Known,
    MachineFacts,
    Process,
    Processes,
    RelaySeen,
    SettingsHints,
    Sockets,
    Unknown,
)
from agent.observers.installed import InstalledObserver
from agent.observers.launcher_log import LauncherLogObserver
from agent.observers.machine import MachineObserver
from agent.observers.processes import ProcessObserver
from agent.observers.relays import RelayObserver
from agent.observers.settings_files import SettingsFilesObserver
from agent.observers.sockets import SocketObserver, SocketsSeen
from agent.observers.windows import WindowObserver
from agent.platforms import Platform, current
from agent.tws.time_zone import TimeZone

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

STILL_LOOKING = Unknown("the previous look at this machine has not finished")


class Looker:
    """Looks at the machine, from any thread, one look at a time."""

    def __init__(
        self,
        platform: Platform | None = None,
        below: Path | None = None,
        fellow: int | None = None,
        relays: Path | None = None,
    ) -> None:
        """With `below`, only applications whose settings are below that folder are seen, and no other's files read.

        `fellow`: the process of the Gatelight that runs besides this one. `relays`: the folder of its relays' reports.
        """
        self._platform = platform or current()
        self._below = below
        self._fellow = fellow
        self._processes = ProcessObserver(self._platform.is_elsewhere, self._platform.process_table())
        self._settings_files = SettingsFilesObserver(self._platform.settings_roots() if below is None else ())
        self._launcher_logs = LauncherLogObserver(self._places)
        self._machine = MachineObserver(self._platform)
        self._installed = InstalledObserver(self._platform)
        self._windows = WindowObserver(self._platform)
        self._relays = RelayObserver(relays, self._platform.socket_reader)
        self._sockets: SocketObserver | None = None
        self._looking = threading.Lock()
        self._failing: set[str] = set()

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        """The facts of this machine, `ports` being those configured for connections to it.

        A thorough look also reads the sockets of every program anew, the program folders, and which applications have
        a window: right after a failed attempt to connect, and for the doctor.
        """
        if not self._looking.acquire(blocking=False):
            zone = self._zone(now)
            nothing = MachineFacts.nothing_seen(STILL_LOOKING, taken=now.monotonic)
            return replace(nothing, utc_offset=zone.utc_offset, clock_changes=zone.changes)
        try:
            relays = self.relays(now)
            ports |= {relay.port for relay in relays.value} if isinstance(relays, Known) else frozenset()
            processes, sockets = self._tables(ports, thorough=thorough, now=now)
            processes = self._with_logins(processes, now=now)
            processes = self._with_windows(processes, thorough=thorough, now=now)
            zone = self._zone(now)
            machine = MachineFacts(
                processes=processes,
                sockets=sockets,
                network=self._guarded("the network", self._machine.network),
                installed=self._installations(processes, thorough=thorough, now=now),
                surroundings=self._guarded("the surroundings", self._machine.surroundings),
                utc_offset=zone.utc_offset,
                clock_changes=zone.changes,
                taken=now.monotonic,
                own_names=self._guarded("the addresses", lambda: self._machine.own_names(now, anew=thorough)),
                relays=relays,
                virtual_networks=self._machine.virtual_networks,
            )
            return with_relays(machine)
        finally:
            self._looking.release()

    def relays(self, now: Moment) -> Fact[tuple[RelaySeen, ...]]:
        """The relays alone, which is quick; also while a look goes on."""
        return self._guarded("the relays", lambda: self._relays.observe(now))

    def _tables(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> tuple[Fact[Processes], Fact[Sockets]]:
        processes = self._guarded("the process table", lambda: self._processes.observe(now))
        if isinstance(processes, Known):
            meant = filter(self._is_meant, processes.value.applications)
            processes = Known(replace(processes.value, applications=tuple(map(self._with_hints, meant))))
        given = processes.value if isinstance(processes, Known) else Processes()

        def read() -> Fact[SocketsSeen]:
            return Known(self._socket_observer().observe(given, ports, thorough=thorough, now=now))

        seen = self._guarded("the socket table", read)
        if isinstance(seen, Unknown):
            return processes, seen
        return Known(seen.value.processes) if isinstance(processes, Known) else processes, seen.value.sockets

    def _is_meant(self, process: Process) -> bool:
        folder = process.application.settings_folder
        return self._below is None or (folder is not None and Path(folder).is_relative_to(self._below))

    def _with_logins(self, processes: Fact[Processes], *, now: Moment) -> Fact[Processes]:
        if isinstance(processes, Unknown):
            return processes
        given = processes.value.applications

        def read() -> Fact[tuple[Process, ...]]:
            return Known(self._launcher_logs.observe(given, now.wall))

        seen = self._guarded("launcher.log", read)
        return processes if isinstance(seen, Unknown) else Known(replace(processes.value, applications=seen.value))

    def _places(self, process: Process) -> tuple[Path, ...]:
        return self._settings_files.places(process.application, self._processes.folders_of(process.pid))

    def _with_windows(self, processes: Fact[Processes], *, thorough: bool, now: Moment) -> Fact[Processes]:
        if isinstance(processes, Unknown):
            return processes
        given = processes.value.applications

        def read() -> Fact[tuple[Process, ...]]:
            return Known(self._windows.observe(given, thorough=thorough, now=now))

        seen = self._guarded("the windows", read)
        return processes if isinstance(seen, Unknown) else Known(replace(processes.value, applications=seen.value))

    def _installations(
        self, processes: Fact[Processes], *, thorough: bool, now: Moment
    ) -> Fact[tuple[Installation, ...]]:
        if self._below is not None:
            return Known(())
        running = frozenset(p.pid for p in processes.value.applications) if isinstance(processes, Known) else None
        return self._guarded(
            "the program folders", lambda: self._installed.observe(running, thorough=thorough, now=now)
        )

    def _with_hints(self, process: Process) -> Process:
        def read() -> Fact[Fact[SettingsHints]]:
            folders = self._processes.folders_of(process.pid)
            return Known(self._settings_files.observe(process.application, folders, foreign=process.foreign))

        hints = self._guarded("the settings files", read)
        return replace(process, hints=hints.value if isinstance(hints, Known) else hints)

    def _socket_observer(self) -> SocketObserver:
        if self._sockets is None:
            platform = self._platform
            self._sockets = SocketObserver(
                platform.socket_reader(), self._processes, platform.published_port, self._fellow
            )
        return self._sockets

    def _zone(self, now: Moment) -> TimeZone:
        try:
            return self._machine.zone(now)
        except (OSError, OverflowError, ValueError):
            return TimeZone()

    def _guarded(self, what: str, observe: Callable[[], Fact[_T]]) -> Fact[_T]:
        """What an observer says; a fault of its own is a line in the log, once, and an Unknown."""
        try:
            found = observe()
        except Exception as error:
            if what not in self._failing:
                self._failing.add(what)
                logger.warning("reading %s failed: %s", what, type(error).__name__, exc_info=True)
            return Unknown(f"reading {what} failed unexpectedly ({type(error).__name__})")
        self._failing.discard(what)
        return found
