"""The socket table: who listens on the ports of interest, who is connected, what the applications are connected to."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol

import psutil

from agent.core.clock import Moment
from agent.core.facts import (
    ApiClient,
    Fact,
    FormerClient,
    Known,
    Listener,
    OtherProcess,
    Process,
    Processes,
    Sockets,
    Unknown,
)
from agent.observers import socket_table
from agent.observers.programs import ProgramFile, program_file
from agent.platforms import interfaces
from agent.platforms.bounded_process import BoundedProcess
from agent.platforms.sockets.row import SocketReader, SocketReading, SocketRow
from agent.tws.ports import CLIENT_PORTAL_PORT, DEFAULT_API_PORTS
from agent.tws.relays import relay_kind

ALWAYS_OF_INTEREST = frozenset({*DEFAULT_API_PORTS.values(), CLIENT_PORTAL_PORT})
"""Ports whose listeners are always reported, with or without a connection that uses them."""

MOST_FORMER = 64
"""Processes that were connected to an API port and are remembered."""

_PUBLISHERS = frozenset({"docker-proxy", "rootlesskit-docker-proxy"})
"""Relays that root may run, and whose command line tells the port that they listen on."""


class Names(Protocol):
    """Who runs under which process ID."""

    def name_of(self, pid: int) -> str | None:
        """Name of a process, without path."""

    def pids_named(self, names: Collection[str]) -> tuple[int, ...]:
        """The processes with one of these names (lower case)."""

    def start_of(self, pid: int) -> float | None:
        """When a process started, in epoch seconds; None where there is none of that ID."""


@dataclass(frozen=True, slots=True)
class SocketsSeen:
    """One look at the sockets."""

    processes: Processes
    """The processes given, with what their sockets tell."""
    sockets: Fact[Sockets]


class SocketObserver:
    """Reads the socket table and remembers since when each connection has stood."""

    def __init__(
        self,
        reader: SocketReader,
        names: Names,
        published_port: Callable[[list[str]], int | None] = lambda cmdline: None,
        fellow: int | None = None,
    ) -> None:
        """`fellow`: the process of the Gatelight that runs besides this one; it is no other program."""
        self._reader = reader
        self._names = names
        self._published_port = published_port
        self._fellow = fellow
        self._api_ports: frozenset[int] = frozenset()
        self._upstream_since: dict[tuple[int, SocketRow], float] = {}
        self._client_since: dict[tuple[int, int | None, str], tuple[float, frozenset[str]]] = {}
        """By program: since when it has been connected without a break, and its ends of the connections."""
        self._former: dict[int, tuple[float, ProgramFile]] = {}
        """By process: its start, and its program, of all that have been connected."""
        self._both: bool | None = None
        self._published: dict[int, int | None] = {}

    def observe(
        self, processes: Processes, ports: frozenset[int], *, thorough: bool, now: Moment, own_pid: int | None = None
    ) -> SocketsSeen:
        """The sockets of these processes, and of all processes that use `ports` or an API port.

        `processes` carry their settings hints already: IBC's command port is not the API.
        """
        pids = frozenset(p.pid for p in processes.applications)
        interest = ports | ALWAYS_OF_INTEREST | self._api_ports
        try:
            others = frozenset(p.pid for p in (*processes.client_portal, *processes.unreadable))
            reading = self._reader.read(pids, interest, others=others, thorough=thorough, now=now.monotonic)
            if socket_table.is_torn(reading.rows, interest):
                # A connection of ours that ends, of which one end was read before and the other after that, would be
                # one of a program that the system does not name.
                reading = self._reader.read(pids, interest, others=others, thorough=thorough, now=now.monotonic)
        except (psutil.Error, OSError) as error:
            denied = isinstance(error, psutil.AccessDenied | PermissionError)
            return SocketsSeen(
                processes,
                Unknown(f"the socket table could not be read ({'permission denied' if denied else 'system error'})"),
            )
        applications = tuple(self._with_sockets(p, reading, now) for p in processes.applications)
        self._forget_upstreams(pids, reading.rows)
        self._api_ports = frozenset(port for p in applications for port in p.api_ports)
        seen = replace(
            processes,
            applications=applications,
            client_portal=tuple(_with_ports(p, reading.rows) for p in processes.client_portal),
            unreadable=tuple(_with_ports(p, reading.rows) for p in processes.unreadable),
        )
        interest = ports | ALWAYS_OF_INTEREST | self._api_ports
        served = (ports | self._api_ports | frozenset(DEFAULT_API_PORTS.values())) - frozenset(
            port for p in seen.client_portal for port in p.ports
        )
        clients = self._clients(reading, served, pids, now, os.getpid() if own_pid is None else own_pid)
        return SocketsSeen(
            seen,
            Known(
                Sockets(
                    tuple(self._listener(row) for row in socket_table.listeners(reading.rows, interest)),
                    clients,
                    tuple(
                        replace(self._listener(row), address=row.local_address)
                        for row in socket_table.listeners_elsewhere(reading.rows, interest)
                    ),
                    self._former_clients(clients),
                    reading.unseen,
                )
            ),
        )

    def _with_sockets(self, process: Process, reading: SocketReading, now: Moment) -> Process:
        rows = reading.rows
        named = process.hints.value.command_server_port if isinstance(process.hints, Known) else None
        mode = process.application.mode_hint
        ports = socket_table.api_ports(rows, process.pid, process.kind, mode, named, both=self._both_loopbacks())
        listening = named is not None and named in socket_table.listening_ports(rows, process.pid)
        links = socket_table.upstream(rows, process.pid)
        for link in links:
            if (process.pid, link) not in self._upstream_since:
                self._upstream_since[process.pid, link] = now.monotonic - self._stood(link)
        oldest = min(links, key=lambda link: self._upstream_since[process.pid, link], default=None)
        return replace(
            process,
            api_ports=ports,
            ports_withheld=process.pid in reading.withheld and not ports,
            command_port=named if listening else None,
            close_wait=socket_table.close_wait(rows, process.pid, ports),
            upstream=f"{oldest.remote_address}:{oldest.remote_port}" if oldest is not None else None,
            upstream_since=self._upstream_since[process.pid, oldest] if oldest is not None else None,
        )

    def _both_loopbacks(self) -> bool:
        """Whether this machine has a loopback address of IPv6 besides the other one; read once."""
        if self._both is None:
            try:
                self._both = any("::1" in found for found in interfaces.addresses_by_interface().values())
            except (psutil.Error, OSError):
                return True
        return self._both

    def _stood(self, link: SocketRow) -> float:
        """Seconds for which a connection that is seen for the first time has stood already, as far as that is told."""
        try:
            return self._reader.stood(link)
        except OSError:
            return 0.0

    def _forget_upstreams(self, pids: frozenset[int], rows: tuple[SocketRow, ...]) -> None:
        standing = set(rows)
        self._upstream_since = {
            (pid, row): since for (pid, row), since in self._upstream_since.items() if pid in pids and row in standing
        }

    def _listener(self, row: SocketRow) -> Listener:
        pid, port = row.pid, row.local_port
        program = self._names.name_of(pid) if pid is not None else None
        if pid is None and (relay := self._container_relay(port)) is not None:
            pid, program = relay
        return Listener(port, pid, program, relay_kind(program), row.waiting, row.room)

    def _container_relay(self, port: int) -> tuple[int, str] | None:
        """The container relay, run by root, whose command line says that it listens on a port without a known owner."""
        relays = self._names.pids_named(_PUBLISHERS)
        self._published = {pid: found for pid, found in self._published.items() if pid in relays}
        for pid in relays:
            if pid not in self._published:
                try:
                    self._published[pid] = self._published_port(BoundedProcess(pid).cmdline())
                except (psutil.Error, OSError):
                    self._published[pid] = None
            if self._published[pid] == port:
                return pid, self._names.name_of(pid) or ""
        return None

    def _clients(
        self, reading: SocketReading, ports: frozenset[int], applications: frozenset[int], now: Moment, own_pid: int
    ) -> tuple[ApiClient, ...]:
        """One per program and port, its connections counted; those the system does not name, one per connection."""
        found: dict[tuple[int, int | None, str], ApiClient] = {}
        rows = socket_table.clients(reading.rows, ports, applications)
        ends: dict[tuple[int, int | None, str], set[str]] = {}
        for row in rows:
            ends.setdefault(_client_key(row), set()).add(row.end)
        for row in rows:
            key = _client_key(row)
            earlier = found.get(key)
            since, before = self._client_since.get(key, (now.wall, frozenset()))
            own = row.pid is not None and row.pid in (own_pid, self._fellow)
            file = ProgramFile() if row.pid is None or own else self._program_file(row.pid)
            found[key] = ApiClient(
                port=row.port,
                pid=row.pid,
                name=self._names.name_of(row.pid) if row.pid is not None else None,
                peer=row.peer,
                # A program that closed all its connections and opened others between two looks is connected anew.
                since=since if before & ends[key] else now.wall,
                own=own,
                connections=1 if earlier is None else earlier.connections + 1,
                script=file.script,
                place=file.place,
            )
        self._client_since = {key: (client.since, frozenset(ends[key])) for key, client in found.items()}
        return tuple(found.values())

    def _program_file(self, pid: int) -> ProgramFile:
        """What program a client is; read once for each process."""
        started = self._names.start_of(pid)
        known = self._former.pop(pid, None)
        if known is None or known[0] != started:
            known = (started or 0.0, program_file(pid, self._names.name_of(pid) or ""))
        # The latest stand last, and the earliest are forgotten first.
        self._former[pid] = known
        while len(self._former) > MOST_FORMER:
            del self._former[next(iter(self._former))]
        return known[1]

    def _former_clients(self, clients: Collection[ApiClient]) -> tuple[FormerClient, ...]:
        now = {client.pid for client in clients}
        gone = [(pid, started) for pid, (started, _) in self._former.items() if pid not in now]
        return tuple(FormerClient(pid, self._names.start_of(pid) == started) for pid, started in gone)


def _client_key(row: socket_table.ClientRow) -> tuple[int, int | None, str]:
    return row.port, row.pid, "" if row.pid is not None else row.peer or row.end


def _with_ports(process: OtherProcess, rows: tuple[SocketRow, ...]) -> OtherProcess:
    return replace(process, ports=socket_table.listening_ports(rows, process.pid))
