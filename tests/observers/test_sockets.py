"""What the sockets of real look-alikes tell, and what is remembered between two looks."""

import os
import socket
import sys
from collections.abc import Collection, Iterator
from typing import Any

import psutil
import pytest

from agent.core.clock import Moment
from agent.core.facts import (
    ApiClient,
    FormerClient,
    Known,
    Listener,
    OtherProcess,
    Process,
    Processes,
    SettingsHints,
    Sockets,
    Unknown,
)
from agent.observers import sockets
from agent.observers.processes import ProcessObserver
from agent.observers.sockets import SocketObserver, SocketsSeen
from agent.platforms import current
from agent.platforms.linux import published_port
from agent.platforms.sockets.row import SocketReader, SocketReading, SocketRow, SocketState
from agent.platforms.sockets.through_psutil import PsutilReader
from agent.tws.applications import Application, ApplicationKind
from agent.tws.ports import IB_SERVER_PORTS
from agent.tws.relays import RelayKind
from tests.lookalikes import API, Lookalike, Start

LISTEN, ESTABLISHED = SocketState.LISTEN, SocketState.ESTABLISHED
GATEWAY = ("-Dx=y", "install4j.ibgateway.GWClient")


class Real:
    """Both observers on this machine."""

    def __init__(self, reader: SocketReader) -> None:
        self.processes = ProcessObserver()
        self.sockets = SocketObserver(reader, self.processes)

    def look(self, now: Moment, *ports: int) -> tuple[Processes, Sockets]:
        known = self.processes.observe(now)
        assert isinstance(known, Known)
        seen = self.sockets.observe(known.value, frozenset(ports), thorough=False, now=now)
        assert isinstance(seen.sockets, Known)
        return seen.processes, seen.sockets.value


@pytest.fixture(params=["cheapest", "psutil"])
def real(request: pytest.FixtureRequest) -> Real:
    return Real(current().socket_reader() if request.param == "cheapest" else PsutilReader())


def of(processes: Processes, running: Lookalike) -> Process:
    return next(p for p in processes.applications if p.pid == running.pid)


def clients(sockets: Sockets, port: int, pid: int) -> list[ApiClient]:
    """Those of one process: a Gatelight that runs on this machine may take an interest in a look-alike."""
    return [c for c in sockets.clients if (c.port, c.pid) == (port, pid)]


def test_a_real_application_has_its_port_and_we_are_its_client(real: Real, start: Start, now: Moment) -> None:
    running = start(*GATEWAY, listen=((API, 0),))
    (port,) = running.ports
    with socket.create_connection(("127.0.0.1", port)):
        processes, _ = real.look(now)
        later = now.later(40)
        _, sockets = real.look(later)
    (client,) = clients(sockets, port, os.getpid())

    assert of(processes, running).api_ports == (port,)
    assert Listener(port, running.pid, "java") in sockets.listeners
    # It was never accepted, so only our own end is there to be seen.
    assert (client.pid, client.own, client.peer) == (os.getpid(), True, None)


def test_a_program_that_connected_anew_between_two_looks_is_connected_since_then(
    real: Real, start: Start, now: Moment
) -> None:
    running = start(*GATEWAY, listen=(("127.0.0.1", 0),))
    (port,) = running.ports

    def since(at: Moment) -> list[float]:
        return [c.since for c in clients(real.look(at, port)[1], port, os.getpid())]

    with socket.create_connection(("127.0.0.1", port)):
        first = since(now)
        # A second connection beside the first one breaks nothing off.
        beside = socket.create_connection(("127.0.0.1", port))
        second = since(now.later(60))
    third = since(now.later(120))
    beside.close()
    with socket.create_connection(("127.0.0.1", port)):
        fourth = since(now.later(180))

    assert (first, second, third) == ([now.wall], [now.wall], [now.wall])
    assert fourth == [now.later(180).wall]


def test_a_client_of_another_program_is_named_and_keeps_its_first_sight(real: Real, start: Start, now: Moment) -> None:
    running = start(*GATEWAY, listen=((API, 0),))
    (port,) = running.ports
    other = start(name="quantower", connect=(("127.0.0.1", port),))
    first = clients(real.look(now, port)[1], port, other.pid)
    second = clients(real.look(now.later(5), port)[1], port, other.pid)
    other.process.kill()
    other.process.wait()
    third = clients(real.look(now.later(60), port)[1], port, other.pid)

    assert [(c.pid, c.name, c.own, c.since) for c in first] == [(other.pid, "quantower", False, now.wall)]
    assert second == first
    assert third == []


def test_a_new_client_is_seen_within_half_a_minute(real: Real, start: Start, now: Moment) -> None:
    running = start(*GATEWAY, listen=((API, 0),))
    (port,) = running.ports
    real.look(now, port)
    real.look(now.later(5), port)
    other = start(name="quantower", connect=(("127.0.0.1", port),))
    _, sockets = real.look(now.later(35), port)

    assert other.pid in [c.pid for c in sockets.clients]


def test_a_new_port_of_an_application_is_seen_at_the_next_look(real: Real, start: Start, now: Moment) -> None:
    first = start(*GATEWAY)
    assert of(real.look(now)[0], first).api_ports == ()

    second = start(*GATEWAY, listen=((API, 0),))
    processes, _ = real.look(now.later(5))

    assert of(processes, second).api_ports == second.ports


def test_a_foreign_program_on_the_configured_port_is_named(real: Real, start: Start, now: Moment) -> None:
    taker = start(name="squatter", listen=(("127.0.0.1", 0),))
    (port,) = taker.ports
    _, sockets = real.look(now, port)

    assert Listener(port, taker.pid, "squatter") in sockets.listeners


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS gives this machine no second loopback address by itself")
def test_a_program_at_another_address_of_this_machine_is_named_with_it(real: Real, now: Moment) -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        _, seen = real.look(now, port)

    assert [x.port for x in seen.listeners if x.port == port] == []
    (found,) = [x for x in seen.elsewhere if x.port == port]
    assert (found.address, found.pid) == ("127.0.0.2", os.getpid())


def test_a_relay_is_known_by_its_name(real: Real, start: Start, now: Moment) -> None:
    relay = start(name="socat", listen=(("127.0.0.1", 0),))
    (port,) = relay.ports
    _, sockets = real.look(now, port)

    assert Listener(port, relay.pid, "socat", RelayKind.RELAY) in sockets.listeners


@pytest.fixture
def ib_server() -> Iterator[tuple[str, int]]:
    """A listener on a server port of IB, at a loopback address of its own."""
    address = ("127.0.0.77", min(IB_SERVER_PORTS))
    with socket.create_server(address):
        yield address


def test_the_link_to_ibs_servers_is_known_since_it_was_first_seen(
    real: Real, start: Start, now: Moment, ib_server: tuple[str, int]
) -> None:
    running = start(*GATEWAY, connect=(ib_server,))
    first = of(real.look(now)[0], running)
    later = of(real.look(now.later(50))[0], running)

    assert first.upstream == f"{ib_server[0]}:{ib_server[1]}"
    assert (first.upstream_since, later.upstream_since) == (now.monotonic, now.monotonic)
    assert first.api_ports == ()


def test_the_simulated_server_is_no_api_and_its_peer_no_client(
    real: Real, start: Start, now: Moment, ib_server: tuple[str, int]
) -> None:
    start(*GATEWAY, connect=(ib_server,))
    _, sockets = real.look(now, ib_server[1])

    assert [c for c in sockets.clients if c.port == ib_server[1]] == []
    assert [x for x in sockets.listeners if x.port == ib_server[1]] == []


# ── on tables of our choosing ───────────────────────────────────────────────────────────────────


class Table:
    """A reader and a process list that say what a test wants."""

    def __init__(self, *rows: SocketRow) -> None:
        self.rows = rows
        self.error: Exception | None = None
        self.already = 0.0
        self.names = {100: "java", 200: "docker-proxy", 300: "quantower"}

    def read(
        self,
        applications: frozenset[int],
        ports: frozenset[int],
        *,
        others: frozenset[int] = frozenset(),
        thorough: bool,
        now: float,
    ) -> SocketReading:
        if self.error is not None:
            raise self.error
        return SocketReading(self.rows, "rights")

    def stood(self, row: SocketRow) -> float:
        return self.already

    def name_of(self, pid: int) -> str | None:
        return self.names.get(pid)

    def start_of(self, pid: int) -> float | None:
        return 1.0 if pid in self.names else None

    def pids_named(self, names: Collection[str]) -> tuple[int, ...]:
        return tuple(pid for pid, name in self.names.items() if name in names)


APPLICATION = Process(100, Application(ApplicationKind.GATEWAY), 0.0)


def observe(table: Table, observer: SocketObserver | None, now: Moment, process: Process = APPLICATION) -> SocketsSeen:
    observer = observer or SocketObserver(table, table, published_port)
    return observer.observe(Processes((process,)), frozenset(), thorough=False, now=now)


def test_a_link_to_ib_is_as_old_as_the_system_knows_when_it_is_first_seen(now: Moment) -> None:
    table = Table(SocketRow(ESTABLISHED, "10.0.0.2", 50_000, "10.9.9.9", 4001, 100))
    table.already = 3600.0
    observer = SocketObserver(table, table)
    first = observe(table, observer, now)
    table.already = 0.0
    second = observe(table, observer, now.later(10))

    assert [p.upstream_since for s in (first, second) for p in s.processes.applications] == [now.monotonic - 3600] * 2


def test_a_link_that_came_back_is_a_new_link(now: Moment) -> None:
    link = SocketRow(ESTABLISHED, "10.0.0.5", 50000, "198.51.100.9", 4001, 100)
    table = Table(link)
    observer = SocketObserver(table, table)
    observe(table, observer, now)
    table.rows = ()
    gone = observe(table, observer, now.later(5)).processes.applications[0]
    table.rows = (link,)
    back = observe(table, observer, now.later(10)).processes.applications[0]

    assert (gone.upstream, gone.upstream_since) == (None, None)
    assert back.upstream_since == now.monotonic + 10


def test_of_several_links_the_longest_standing_counts(now: Moment) -> None:
    links = [SocketRow(ESTABLISHED, "10.0.0.5", port, f"198.51.100.{port}", 4001, 100) for port in (7, 3)]
    table = Table(links[0])
    observer = SocketObserver(table, table)
    observe(table, observer, now)
    table.rows = (links[1], links[0])
    found = observe(table, observer, now.later(5)).processes.applications[0]

    assert (found.upstream, found.upstream_since) == ("198.51.100.7:4001", now.monotonic)


def test_a_program_that_was_connected_is_remembered_with_whether_it_runs(now: Moment) -> None:
    api = SocketRow(LISTEN, "127.0.0.1", 4002, pid=100)
    ends = (
        SocketRow(ESTABLISHED, "127.0.0.1", 4002, "127.0.0.1", 50_000, 100),
        SocketRow(ESTABLISHED, "127.0.0.1", 50_000, "127.0.0.1", 4002, 2**22 + 7),
    )
    table = Table(api, *ends)
    table.names = {2**22 + 7: "quantower"}
    observer = SocketObserver(table, table)

    def former(after: float) -> tuple[FormerClient, ...]:
        sockets = observe(table, observer, now.later(after)).sockets
        assert isinstance(sockets, Known)
        return sockets.value.former

    assert former(0) == ()
    table.rows = (api,)
    assert former(5) == (FormerClient(2**22 + 7, runs=True),)
    table.names = {}
    assert former(10) == (FormerClient(2**22 + 7, runs=False),)


def test_the_command_server_of_ibc_is_not_the_api(now: Moment) -> None:
    table = Table(SocketRow(LISTEN, "", 7500, pid=100))
    hinted = Process(100, APPLICATION.application, 0.0, hints=Known(SettingsHints(command_server_port=7500)))

    assert observe(table, None, now, hinted).processes.applications[0].api_ports == ()
    assert observe(table, None, now).processes.applications[0].api_ports == (7500,)


def test_a_container_relay_of_another_user_is_told_by_its_command_line(
    monkeypatch: pytest.MonkeyPatch, now: Moment
) -> None:
    def cmdline(process: object) -> list[str]:
        return [
            "docker-proxy",
            "-proto",
            "tcp",
            "-host-ip",
            "127.0.0.1",
            "-host-port",
            "4002",
            "-container-port",
            "4004",
        ]

    monkeypatch.setattr(sockets, "BoundedProcess", lambda pid: type("Proxy", (), {"cmdline": cmdline})())
    seen = observe(Table(SocketRow(LISTEN, "127.0.0.1", 4002)), None, now)

    assert isinstance(seen.sockets, Known)
    assert seen.sockets.value.listeners == (Listener(4002, 200, "docker-proxy", RelayKind.CONTAINER),)


def test_an_owner_that_nobody_tells_stays_unknown(monkeypatch: pytest.MonkeyPatch, now: Moment) -> None:
    def gone(pid: int) -> psutil.Process:
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(sockets, "BoundedProcess", gone)
    seen = observe(Table(SocketRow(LISTEN, "127.0.0.1", 4002)), None, now)

    assert isinstance(seen.sockets, Known)
    assert seen.sockets.value.listeners == (Listener(4002),)
    assert seen.sockets.value.unseen == "rights"


@pytest.mark.parametrize("after", ["it has ended", "it has begun", "the other end is not of here"])
def test_a_connection_that_ends_or_begins_while_the_table_is_read_is_no_program_without_a_name(
    now: Moment, after: str
) -> None:
    listener = SocketRow(LISTEN, "", 4002, pid=100)
    served = SocketRow(ESTABLISHED, "127.0.0.1", 4002, "127.0.0.1", 40000, 100)
    ours = SocketRow(ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 4002, os.getpid())
    then = {"it has ended": (listener,), "it has begun": (listener, served, ours)}.get(after, (listener, served))
    table, read = Table(listener, served), Table.read

    class Changing(Table):
        def read(self, *asked: Any, **how: Any) -> SocketReading:
            told = read(table, *asked, **how)
            table.rows = then
            return told

    seen = observe(Changing(), None, now)
    assert isinstance(seen.sockets, Known)
    told = [(client.own, client.pid) for client in seen.sockets.value.clients]
    # Windows beside WSL is seen like that, look after look.
    assert told == ([] if not then[1:] else [(True, os.getpid())] if then[2:] else [(False, None)])


def test_a_client_from_another_machine_has_its_address_and_no_name(now: Moment) -> None:
    table = Table(
        SocketRow(LISTEN, "", 4002, pid=100),
        SocketRow(ESTABLISHED, "10.0.0.5", 4002, "10.0.0.9", 40000, 100),
        SocketRow(ESTABLISHED, "10.0.0.5", 4002, "10.0.0.9", 40001, 100),
    )
    seen = observe(table, None, now)

    assert isinstance(seen.sockets, Known)
    assert [(c.peer, c.pid, c.name) for c in seen.sockets.value.clients] == [("10.0.0.9", None, None)]


def test_browsers_of_the_client_portal_gateway_are_not_api_clients(now: Moment) -> None:
    table = Table(
        SocketRow(LISTEN, "", 5000, pid=400),
        SocketRow(ESTABLISHED, "127.0.0.1", 5000, "127.0.0.1", 40000, 400),
        SocketRow(ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 5000, 300),
    )
    portal = Processes((), (OtherProcess(400, "Client Portal Gateway"),))
    seen = SocketObserver(table, table).observe(portal, frozenset({5000}), thorough=False, now=now)

    assert isinstance(seen.sockets, Known)
    assert seen.processes.client_portal[0].ports == (5000,)
    assert seen.sockets.value.clients == ()


@pytest.mark.parametrize(
    ("error", "why"), [(psutil.AccessDenied(), "permission denied"), (OSError(5, "Input/output error"), "system error")]
)
def test_a_table_that_cannot_be_read_is_unknown_and_says_why(error: Exception, why: str, now: Moment) -> None:
    table = Table()
    table.error = error
    seen = observe(table, None, now)

    assert seen.sockets == Unknown(f"the socket table could not be read ({why})")
    assert seen.processes.applications == (APPLICATION,)
