"""Reading the socket table: netlink and psutil, on real sockets and on recorded answers."""

import errno
import os
import socket
import struct
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterable, Iterator
from dataclasses import replace

import psutil
import pytest

from agent.platforms.sockets import through_psutil as psutil_sockets
from agent.platforms.sockets.linux import (
    OWNERLESS_FOR,
    DiagRow,
    Keep,
    NetlinkReader,
    at_ports,
    dump,
    parse_tcp_table,
    socket_inodes,
)
from agent.platforms.sockets.row import SocketReader, SocketReading, SocketRow, SocketState, plain_address
from agent.platforms.sockets.through_psutil import ALL_EVERY, NEW_CLIENT_EVERY, PsutilReader, every_row, rows_of
from agent.platforms.sockets.unchanged_linux import Unchanged

LISTEN, ESTABLISHED, CLOSE_WAIT = SocketState.LISTEN, SocketState.ESTABLISHED, SocketState.CLOSE_WAIT


def diag_message(
    family: int, state: int, local: str, port: int, remote: str, peer: int, user: int, inode: int
) -> bytes:
    """One answer of sock_diag, laid out as linux/inet_diag.h says."""
    body = struct.pack("=4B", family, state, 0, 0) + struct.pack(">HH", port, peer)
    body += b"".join(socket.inet_pton(family, x).ljust(16, b"\0") for x in (local, remote))
    body += struct.pack("=3I", 0, 0, 0) + struct.pack("=5I", 0, 0, 0, user, inode)
    return struct.pack("=IHHII", 16 + len(body), 18, 2, 1, 0) + body


DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)


def test_a_netlink_answer_is_read_row_by_row() -> None:
    message = diag_message(socket.AF_INET, 1, "10.0.0.5", 50000, "198.51.100.9", 4001, 1000, 77)
    message += diag_message(socket.AF_INET6, 10, "::", 4002, "::", 0, 0, 78)
    message += diag_message(socket.AF_INET6, 8, "::ffff:127.0.0.1", 4002, "::ffff:127.0.0.1", 40000, 0, 0)
    message += diag_message(socket.AF_INET, 6, "10.0.0.5", 1, "10.0.0.6", 2, 0, 0)
    rows, last = parse_tcp_table(message + DONE)

    assert last
    assert rows == [
        DiagRow(SocketRow(ESTABLISHED, "10.0.0.5", 50000, "198.51.100.9", 4001), 77, 1000),
        DiagRow(SocketRow(LISTEN, "", 4002), 78, 0),
        DiagRow(SocketRow(CLOSE_WAIT, "127.0.0.1", 4002, "127.0.0.1", 40000), 0, 0),
    ]


def test_an_answer_without_an_end_asks_for_more() -> None:
    assert parse_tcp_table(diag_message(socket.AF_INET, 10, "0.0.0.0", 1, "0.0.0.0", 0, 0, 1))[1] is False


@pytest.mark.parametrize(
    "message",
    [struct.pack("=IHHIIi", 36, 2, 0, 1, 0, -errno.EPERM), struct.pack("=IHHII", 0, 18, 0, 1, 0)],
    ids=["refused", "a length of nothing"],
)
def test_an_answer_that_is_an_error_is_raised(message: bytes) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - the kernel decides which
        parse_tcp_table(message)


def test_addresses_are_written_one_way() -> None:
    found = [plain_address(x) for x in ("0.0.0.0", "::", "*", "::ffff:127.0.0.1", "fe80::1%eth0", "10.0.0.1")]

    assert found == ["", "", "", "127.0.0.1", "fe80::1", "10.0.0.1"]


# ── on the real table, the same for both readers ────────────────────────────────────────────────

READERS: list[type[NetlinkReader] | type[PsutilReader]] = [PsutilReader]
if sys.platform == "linux":
    READERS.append(NetlinkReader)


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> SocketReader:
    made: SocketReader = request.param()
    return made


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def read(reader: SocketReader, port: int, *, thorough: bool = False, now: float = 0.0) -> set[SocketRow]:
    found = reader.read(frozenset({os.getpid()}), frozenset({port}), thorough=thorough, now=now).rows
    return {row for row in found if port in (row.local_port, row.remote_port)}


def test_a_listener_and_both_ends_of_a_connection_are_seen_with_their_owner(
    reader: SocketReader, server: socket.socket
) -> None:
    port, me = server.getsockname()[1], os.getpid()
    with socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = server.accept()
        with accepted:
            end = client.getsockname()[1]
            found = read(reader, port)

    assert found == {
        SocketRow(LISTEN, "127.0.0.1", port, pid=me),
        SocketRow(ESTABLISHED, "127.0.0.1", port, "127.0.0.1", end, me),
        SocketRow(ESTABLISHED, "127.0.0.1", end, "127.0.0.1", port, me),
    }


def test_a_connection_nobody_accepted_has_no_owner_on_its_servers_side(
    reader: SocketReader, server: socket.socket
) -> None:
    port = server.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.shutdown(socket.SHUT_WR)
        found = read(reader, port)

    assert SocketRow(CLOSE_WAIT, "127.0.0.1", port, "127.0.0.1", client_end(found), None) in found


def client_end(rows: Iterable[SocketRow]) -> int:
    return next(r.remote_port for r in rows if r.state is CLOSE_WAIT)


def test_a_listener_of_another_process_is_named_and_forgotten_when_it_ends(reader: SocketReader) -> None:
    listening = "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
    code = f"import socket, sys; {listening}; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        seen = read(reader, port)
        other.kill()
    gone = read(reader, port, thorough=True, now=1.0)

    assert seen == {SocketRow(LISTEN, "127.0.0.1", port, pid=other.pid)}
    assert gone == set()


# ── whose socket it is ──────────────────────────────────────────────────────────────────────────


class Machine:
    """A machine with processes, sockets and rights of our choosing, that counts how often it was asked."""

    def __init__(self) -> None:
        self.table: list[DiagRow] = []
        self.sockets: dict[int, list[int]] = {}
        self.hidden: set[int] = set()
        self.users: dict[int, int] = {}
        self.asked: list[int] = []
        self.passing: list[DiagRow] = []
        """Connections that are seen once."""

    def inodes_of(self, pid: int) -> list[int]:
        self.asked.append(pid)
        if pid in self.hidden:
            raise PermissionError(errno.EACCES, "withheld")
        if pid not in self.sockets:
            raise FileNotFoundError(errno.ENOENT, "no such process")
        return self.sockets[pid]

    def dump(self, ports: frozenset[int] | None, keep: Keep) -> list[DiagRow]:
        table = [*self.table, *self.passing]
        self.passing = self.passing if ports is None else []
        return [
            d
            for d in table
            if (d.row.state is LISTEN) is (ports is None) and keep(d.row.local_port, d.row.remote_port, d.inode)
        ]

    def reader(self) -> NetlinkReader:
        return NetlinkReader(
            self.dump,
            self.inodes_of,
            lambda: list(self.sockets),
            lambda pid: self.users[pid],
            lambda pid: pid in self.sockets,
            # This machine's sockets are not counted, so that each reading reads the table.
            Unchanged(lambda: ()),
        )


@pytest.fixture
def machine() -> Machine:
    made = Machine()
    made.table = [
        DiagRow(SocketRow(LISTEN, "", 4002), 1, 1000),
        DiagRow(SocketRow(LISTEN, "", 22), 2, 0),
        DiagRow(SocketRow(ESTABLISHED, "10.0.0.5", 50000, "198.51.100.9", 443), 3, 1000),
    ]
    made.sockets = {100: [1, 9], 200: [3], 300: [2]}
    made.hidden = {300}
    return made


def test_owners_are_looked_for_once_and_only_where_they_matter(machine: Machine) -> None:
    reader = machine.reader()
    first = reader.read(frozenset({100}), frozenset({4002}), thorough=False, now=0.0)
    machine.asked.clear()
    again = reader.read(frozenset({100}), frozenset({4002}), thorough=False, now=5.0)

    assert [(row.local_port, row.pid) for row in first.rows] == [(4002, 100)]
    assert again == first
    assert machine.asked == []


def test_a_socket_without_an_owner_is_looked_for_again_after_a_while_or_when_asked(machine: Machine) -> None:
    reader = machine.reader()
    ssh = frozenset({22})
    reader.read(frozenset(), ssh, thorough=False, now=0.0)
    machine.hidden.clear()
    early = reader.read(frozenset(), ssh, thorough=False, now=OWNERLESS_FOR / 2).rows[0].pid
    asked = reader.read(frozenset(), ssh, thorough=True, now=OWNERLESS_FOR / 2).rows[0].pid

    assert (early, asked) == (None, 300)


def test_a_new_client_is_named_at_the_next_look(machine: Machine) -> None:
    reader = machine.reader()
    reader.read(frozenset({100}), frozenset(), thorough=False, now=0.0)
    machine.table.append(DiagRow(SocketRow(ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 4002), 5, 1000))
    machine.sockets[400] = [5]
    found = reader.read(frozenset({100}), frozenset(), thorough=False, now=5.0)

    assert found.rows[-1].pid == 400


@pytest.mark.parametrize("late", [False, True], ids=["before others are asked", "while others are asked"])
def test_a_connection_that_ends_while_its_owner_is_looked_for_is_not_one_without_an_owner(
    machine: Machine, late: bool
) -> None:
    ends = [
        DiagRow(SocketRow(ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 4002), 5, 1000),
        DiagRow(SocketRow(ESTABLISHED, "127.0.0.1", 4002, "127.0.0.1", 40000), 7, 1000),
    ]
    machine.sockets[100].append(7)
    machine.table += ends if late else []
    machine.passing = [] if late else ends
    asked = machine.inodes_of

    def over_when_others_are_asked(pid: int) -> list[int]:
        if pid == 200:
            machine.table = [d for d in machine.table if d not in ends]
        return asked(pid)

    machine.inodes_of = over_when_others_are_asked  # type: ignore[method-assign]
    found = machine.reader().read(frozenset({100}), frozenset({4002}), thorough=False, now=0.0)

    assert {(row.local_port, row.pid) for row in found.rows} == {(4002, 100)}
    assert [row for row in found.rows if row.remote_port == 4002] == []


def test_the_listener_of_another_users_application_is_told_by_its_user(machine: Machine) -> None:
    machine.hidden = {100, 300}
    machine.users = {100: 1000}
    found = machine.reader().read(frozenset({100}), frozenset({4002}), thorough=False, now=0.0)

    assert [row.pid for row in found.rows] == [100]


def test_of_two_hidden_applications_of_one_user_neither_is_given_the_socket(machine: Machine) -> None:
    machine.hidden = {100, 200, 300}
    machine.users = {100: 1000, 200: 1000}
    found = machine.reader().read(frozenset({100, 200}), frozenset({4002}), thorough=False, now=0.0)

    assert found.rows[0].pid is None


def test_applications_whose_sockets_are_withheld_are_named(machine: Machine) -> None:
    machine.hidden = {100, 300}
    machine.users = {100: 1000}
    reader = machine.reader()

    assert reader.read(frozenset({100, 200}), frozenset(), thorough=False, now=0.0).withheld == {100}


def test_listeners_on_other_ports_are_looked_at_once_until_a_while_has_passed(machine: Machine) -> None:
    machine.sockets[200].append(2)
    reader = machine.reader()
    reader.read(frozenset({100}), frozenset({4002}), thorough=False, now=0.0)
    asked = []
    for now, thorough in ((5.0, False), (10.0, True), (10.0 + OWNERLESS_FOR, False)):
        machine.asked.clear()
        reader.read(frozenset({100}), frozenset({4002}), thorough=thorough, now=now)
        asked.append(list(machine.asked))

    assert asked == [[], [100], [100]]


def test_a_listener_of_a_program_that_turns_out_to_be_an_application_is_told(machine: Machine) -> None:
    machine.table.append(DiagRow(SocketRow(LISTEN, "", 5999), 6, 1000))
    machine.sockets[500] = [6]
    reader = machine.reader()
    before = reader.read(frozenset({100}), frozenset(), thorough=False, now=0.0)
    after = reader.read(frozenset({100, 500}), frozenset(), thorough=False, now=5.0)

    assert [row.pid for row in before.rows if row.local_port == 5999] == []
    assert [row.pid for row in after.rows if row.local_port == 5999] == [500]


def test_the_ports_of_another_program_are_told_when_asked_for(machine: Machine) -> None:
    machine.hidden.clear()
    found = machine.reader().read(frozenset({100}), frozenset(), others=frozenset({300}), thorough=False, now=0.0)

    assert {(row.local_port, row.pid) for row in found.rows} == {(4002, 100), (22, 300)}


def test_a_program_that_comes_back_is_named_without_asking_all(machine: Machine) -> None:
    reader = machine.reader()
    machine.sockets[400] = [5]
    machine.sockets.update({pid: [] for pid in range(1000, 1100)})
    machine.table.append(DiagRow(SocketRow(ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 4002), 5, 1000))
    reader.read(frozenset({100}), frozenset({4002}), thorough=False, now=0.0)
    machine.table[-1] = DiagRow(SocketRow(ESTABLISHED, "127.0.0.1", 40001, "127.0.0.1", 4002), 7, 1000)
    machine.sockets[400] = [7]
    machine.asked.clear()
    found = reader.read(frozenset({100}), frozenset({4002}), thorough=False, now=5.0)

    assert found.rows[-1].pid == 400
    assert set(machine.asked) <= {100, 400, os.getpid()}


def test_nobody_is_asked_about_a_connection_that_was_over_a_moment_later(machine: Machine) -> None:
    reader = machine.reader()
    reader.read(frozenset({100}), frozenset({4002}), thorough=False, now=0.0)
    machine.asked.clear()
    machine.passing = [DiagRow(SocketRow(ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 4002), 5, 1000)]
    reader.read(frozenset({100}), frozenset({4002}), thorough=False, now=5.0)

    assert set(machine.asked) <= {100, os.getpid()}


@pytest.mark.skipif(sys.platform != "linux", reason="netlink")
@pytest.mark.parametrize("around", [(), (-1, 1), range(-300, 300, 2)], ids=["alone", "a run", "too many to ask for"])
def test_the_kernel_hands_out_the_connections_of_some_ports_only(server: socket.socket, around: Iterable[int]) -> None:
    port = server.getsockname()[1]
    handed: list[tuple[int, int]] = []
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.create_connection(other.getsockname()),
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        end = client.getsockname()[1]
        ports = frozenset({port, *(port + n for n in around)} - {end, other.getsockname()[1]})

        def note(local: int, remote: int, inode: int) -> bool:
            handed.append((local, remote))
            return False

        dump(ports, note)

    asked = {(local, remote) for local, remote in handed if ports & {local, remote}}
    assert asked >= {(port, end), (end, port)}
    assert len(at_ports(ports)) == 0 or len(asked) == len(handed)


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors below /proc")
def test_a_process_whose_descriptors_are_listed_but_not_read_withholds_them(
    monkeypatch: pytest.MonkeyPatch, server: socket.socket
) -> None:
    def denied(path: str) -> str:
        raise PermissionError(errno.EACCES, "no ptrace")

    assert socket_inodes(os.getpid())
    monkeypatch.setattr(os, "readlink", denied)
    with pytest.raises(PermissionError):
        socket_inodes(os.getpid())


# ── through psutil, with its rights and its price ───────────────────────────────────────────────

Connection = namedtuple("Connection", "status laddr raddr pid")


def test_rows_of_psutil_are_ours_without_states_that_do_not_matter() -> None:
    found = rows_of(
        [
            Connection(psutil.CONN_LISTEN, ("::", 4002), (), 100),
            Connection(psutil.CONN_ESTABLISHED, ("::ffff:127.0.0.1", 4002), ("::ffff:127.0.0.1", 40000), None),
            Connection(psutil.CONN_TIME_WAIT, ("127.0.0.1", 4002), ("127.0.0.1", 40001), None),
            Connection(psutil.CONN_ESTABLISHED, (), (), None),
        ]
    )

    assert found == (
        SocketRow(LISTEN, "", 4002, pid=100),
        SocketRow(ESTABLISHED, "127.0.0.1", 4002, "127.0.0.1", 40000, None),
    )


def test_where_the_whole_table_is_withheld_the_readable_processes_are_read(
    monkeypatch: pytest.MonkeyPatch, server: socket.socket
) -> None:
    def denied(kind: str) -> object:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "net_connections", denied)
    others = 10_000_000
    monkeypatch.setattr(psutil, "pids", lambda: [os.getpid(), others])
    own = psutil_sockets.rows_of_process
    monkeypatch.setattr(psutil_sockets, "rows_of_process", lambda pid: None if pid == others else own(pid))
    found = every_row()

    assert SocketRow(LISTEN, "127.0.0.1", server.getsockname()[1], pid=os.getpid()) in found.rows
    assert found.unseen == psutil_sockets.OTHERS_WITHHELD
    assert found.withheld == {others}


class Priced:
    """A psutil whose readings are counted."""

    def __init__(self) -> None:
        self.all = 0
        self.listening = SocketRow(LISTEN, "", 4002, pid=100)
        self.own: tuple[SocketRow, ...] | None = (self.listening,)
        self.others: tuple[SocketRow, ...] = (SocketRow(LISTEN, "", 7496, pid=200),)
        self.ended: set[int] = set()

    def everything(self) -> SocketReading:
        self.all += 1
        return SocketReading((*(self.own or (self.listening,)), *self.others))

    def reader(self) -> PsutilReader:
        return PsutilReader(self.everything, lambda pid: self.own, lambda pid: pid not in self.ended)


APPS, PORTS = frozenset({100}), frozenset({4002})


def test_the_sockets_of_all_are_read_twice_a_minute_or_on_a_change_or_when_asked() -> None:
    priced = Priced()
    reader = priced.reader()
    counts = []
    for now, ports, thorough in (
        (0.0, PORTS, False),
        (5.0, PORTS, False),
        (10.0, PORTS | {7496}, False),
        (15.0, PORTS | {7496}, True),
        (20.0, PORTS | {7496}, False),
        (15.0 + ALL_EVERY, PORTS | {7496}, False),
    ):
        reader.read(APPS, ports, thorough=thorough, now=now)
        counts.append(priced.all)

    assert counts == [1, 1, 2, 3, 3, 4]


def test_the_sockets_of_the_application_are_fresh_at_every_look() -> None:
    priced = Priced()
    reader = priced.reader()
    reader.read(APPS, PORTS, thorough=False, now=0.0)
    priced.own = ()
    found = reader.read(APPS, PORTS, thorough=False, now=5.0)

    assert found.rows == priced.others


def test_an_application_that_withholds_its_sockets_keeps_those_of_the_whole_table() -> None:
    priced = Priced()
    reader = priced.reader()
    reader.read(APPS, PORTS, thorough=False, now=0.0)
    priced.own = None
    found = reader.read(APPS, PORTS, thorough=False, now=5.0)

    assert set(found.rows) == {priced.listening, *priced.others}


def test_a_new_client_of_the_application_is_worth_reading_all() -> None:
    priced = Priced()
    reader = priced.reader()
    reader.read(APPS, PORTS, thorough=False, now=0.0)
    priced.own = (priced.listening, SocketRow(ESTABLISHED, "127.0.0.1", 4002, "127.0.0.1", 40000, 100))
    priced.others = (SocketRow(ESTABLISHED, "127.0.0.1", 40000, "127.0.0.1", 4002, 300),)
    found = reader.read(APPS, PORTS, thorough=False, now=NEW_CLIENT_EVERY)

    assert priced.others[0] in found.rows


def test_another_program_on_the_port_that_has_ended_is_not_told_from_an_older_reading() -> None:
    priced = Priced()
    reader = priced.reader()
    ports = PORTS | {7496}
    reader.read(APPS, ports, thorough=False, now=0.0)
    priced.ended, priced.others = {200}, ()
    found = reader.read(APPS, ports, thorough=False, now=5.0)

    assert found.rows == (priced.listening,)


def test_a_listener_whose_owner_had_ended_already_is_no_reason_to_read_all_at_every_look() -> None:
    priced = Priced()
    priced.ended = {200}
    reader = priced.reader()
    for now in (0.0, 5.0, 10.0):
        reader.read(APPS, PORTS | {7496}, thorough=False, now=now)

    assert priced.all == 1


def test_a_socket_that_was_accepted_since_the_older_reading_is_counted_once() -> None:
    priced = Priced()
    piled = SocketRow(CLOSE_WAIT, "127.0.0.1", 4002, "127.0.0.1", 40000)
    priced.others = (piled,)
    reader = priced.reader()
    reader.read(APPS, PORTS, thorough=False, now=0.0)
    priced.own = (priced.listening, replace(piled, pid=100))
    found = reader.read(APPS, PORTS, thorough=False, now=4.0)

    assert [row.pid for row in found.rows if row.state is CLOSE_WAIT] == [100]


def test_netlink_is_not_asked_for_on_a_system_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    with pytest.raises(OSError, match="Linux"):
        dump(None, lambda local, remote, inode: True)
