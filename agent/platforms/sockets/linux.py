"""Linux: the socket table over netlink's sock_diag, and the owners of sockets.

To read /proc/net/tcp, the kernel walks its whole hash table and formats it as text: several milliseconds on a machine
with much memory, for a handful of sockets. sock_diag needs a tenth of that, serves every user, and can leave out
connections on other ports.
Layouts: linux/inet_diag.h, linux/sock_diag.h, linux/netlink.h. Programs of inet_diag: inet_diag_bc_run in
net/ipv4/inet_diag.c.
"""

import errno
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import psutil

from agent.platforms.sockets.row import SocketReading, SocketRow, SocketState, plain_address
from agent.platforms.sockets.standing_linux import ASK_FOR_INFO, info_in, stood_at_least
from agent.platforms.sockets.unchanged_linux import HEADER, Unchanged, netlink, same_socket
from agent.tws.ports import IB_SERVER_PORTS

_TCPDIAG_GETSOCK = 18
"""The first kind of inet_diag's requests. It asks for both families in one walk through the kernel's table, where
SOCK_DIAG_BY_FAMILY needs a walk for each."""
_REQUEST_DUMP = 0x1 | 0x300
_MESSAGE_ERROR, _MESSAGE_DONE = 2, 3
_DIAG = struct.Struct("=4B")
_PORTS = struct.Struct(">HH")
_TAIL = struct.Struct("=5I")
_STATES = {1: SocketState.ESTABLISHED, 8: SocketState.CLOSE_WAIT, 10: SocketState.LISTEN}
_LISTENING = 1 << 10
_STANDING = sum(1 << number for number in _STATES) & ~_LISTENING
_REQUEST_BYTECODE = 1
_JUMP, _SOURCE_FROM, _SOURCE_TO, _DESTINATION_FROM, _DESTINATION_TO = 1, 2, 3, 4, 5
_OPERATION = struct.Struct("=BBH")
_RANGES_ASKED = 200
"""Ranges of ports that the kernel filters at most; with more of them, everything is read and filtered here."""
OWNERLESS_FOR = 60.0
"""Seconds after which an owner that was not found is looked for again."""
ADDRESSES_KEPT = 1024
"""Addresses whose text is remembered: the same few come at every look."""


@dataclass(frozen=True, slots=True)
class DiagRow:
    """A socket as the kernel tells it, with an inode that leads to its owner."""

    row: SocketRow
    inode: int
    """0: no process has accepted the connection yet, or its owner is gone."""
    user: int
    stood: float = 0.0
    """Seconds for which it has stood at least, where that was asked for and is told."""
    which: bytes = field(default=b"", compare=False)
    """Which socket it is, as `unchanged_linux` asks after it; empty where that is not known."""


Keep = Callable[[int, int, int], bool]
"""Whether a socket matters, by its own port, its peer's port and its inode; the rest of most sockets is not read."""


def parse_tcp_table(
    message: bytes, keep: Keep = lambda local, remote, inode: True, *, info: bool = False
) -> tuple[list[DiagRow], bool]:
    """The sockets in one read of a dump, and whether it was the last read. Raises OSError for an error message.

    `info`: it was asked for, and tells how long a connection has stood.
    """
    rows: list[DiagRow] = []
    at = 0
    while at + HEADER.size <= len(message):
        length, kind, _, _, _ = HEADER.unpack_from(message, at)
        body = at + HEADER.size
        if kind == _MESSAGE_DONE:
            return rows, True
        if kind == _MESSAGE_ERROR:
            (code,) = struct.unpack_from("=i", message, body)
            raise OSError(-code, os.strerror(-code))
        if length < HEADER.size:
            raise OSError(errno.EPROTO, "a netlink message of impossible length")
        if kind == _TCPDIAG_GETSOCK:
            found = _row(message, body, keep)
            if found is not None:
                told = info_in(message, body, at + length) if info else b""
                rows.append(replace(found, stood=stood_at_least(told)) if told else found)
        at += (length + 3) & ~3
    return rows, False


def _row(message: bytes, at: int, keep: Keep) -> DiagRow | None:
    local_port, remote_port = _PORTS.unpack_from(message, at + 4)
    # The socket's identity has 48 bytes: two ports, two addresses, the interface and a cookie of two words.
    # Of a listener, the two queues are the connections that wait to be accepted, and how many may (tcp_diag_get_info).
    _, received, sent, user, inode = _TAIL.unpack_from(message, at + 4 + 48)
    if not keep(local_port, remote_port, inode):
        return None
    family, state, _, _ = _DIAG.unpack_from(message, at)
    if state not in _STATES:
        return None
    size = 4 if family == socket.AF_INET else 16
    local, remote = (_address(message[x : x + size]) for x in (at + 8, at + 24))
    queue = (received, sent) if _STATES[state] is SocketState.LISTEN else (None, None)
    seen = SocketRow(_STATES[state], local, local_port, remote, remote_port, None, *queue)
    return DiagRow(seen, inode, user, which=same_socket(message, at))


@lru_cache(maxsize=ADDRESSES_KEPT)
def _address(packed: bytes) -> str:
    address = ipaddress.ip_address(packed)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return plain_address(str(address))


def dump(ports: frozenset[int] | None, keep: Keep, extensions: int = 0) -> list[DiagRow]:
    """The sockets of this machine for which `keep` is true. Raises OSError.

    `ports` None: listeners. Otherwise sockets that are established, or wait to be closed, with one of these ports at
    either end. `extensions`: what the kernel is asked to tell besides, as idiag_ext.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "netlink exists on Linux only")
    states = _LISTENING if ports is None else _STANDING
    program = at_ports(ports) if ports is not None else b""
    attribute = struct.pack("=HH", 4 + len(program), _REQUEST_BYTECODE) + program if program else b""
    # inet_diag_req: four bytes, the socket's identity, the states, and nothing of what follows.
    request = struct.pack("=4B48xII", socket.AF_UNSPEC, 0, 0, extensions, states, 0) + attribute
    header = HEADER.pack(HEADER.size + len(request), _TCPDIAG_GETSOCK, _REQUEST_DUMP, 1, 0)
    found: list[DiagRow] = []
    with netlink() as asked:
        asked.send(header + request)
        last = False
        while not last:
            rows, last = parse_tcp_table(asked.recv(1 << 16), keep, info=bool(extensions))
            found += rows
    return found


def at_ports(ports: frozenset[int]) -> bytes:
    """The kernel's program that picks sockets with one of these ports at either end; empty for none or too many."""
    ranges = _ranges(ports)
    tests = [(_SOURCE_FROM, _SOURCE_TO, *r) for r in ranges] + [
        (_DESTINATION_FROM, _DESTINATION_TO, *r) for r in ranges
    ]
    if not 0 < len(ranges) <= _RANGES_ASKED:
        return b""
    # For each range: a lower bound (two words), an upper bound (two words), and a jump to the end, which accepts. A
    # jump beyond the end refuses. The length of a jump is in bytes, from the operation that makes it.
    program, size = b"", 20
    for number, (lower, upper, first, last) in enumerate(tests):
        left = (len(tests) - number) * size
        beyond = 4 if number == len(tests) - 1 else 0
        program += _OPERATION.pack(lower, 8, size + beyond) + _OPERATION.pack(0, 0, first)
        program += _OPERATION.pack(upper, 8, size - 8 + beyond) + _OPERATION.pack(0, 0, last)
        program += _OPERATION.pack(_JUMP, 4, left - 16)
    return program


def _ranges(ports: Iterable[int]) -> list[tuple[int, int]]:
    """(first, last) of each unbroken run of ports."""
    found: list[tuple[int, int]] = []
    for port in sorted(ports):
        if found and port == found[-1][1] + 1:
            found[-1] = (found[-1][0], port)
        else:
            found.append((port, port))
    return found


class NetlinkReader:
    """Reads the listeners and the connections on the ports that matter; looks for the owners of new sockets only.

    A listener on another port is examined once, to learn that it is no application's.
    """

    def __init__(
        self,
        dumped: Callable[[frozenset[int] | None, Keep], list[DiagRow]] = dump,
        inodes_of: Callable[[int], Iterable[int]] | None = None,
        pids: Callable[[], Iterable[int]] | None = None,
        user_of: Callable[[int], int] | None = None,
        alive: Callable[[int], bool] | None = None,
        unchanged: Unchanged | None = None,
    ) -> None:
        self._dump = dumped
        self._unchanged = unchanged or Unchanged()
        self._connections: list[DiagRow] = []
        """As they were found last."""
        self._inodes_of = inodes_of or socket_inodes
        self._pids = pids or psutil.pids
        self._user_of = user_of or (lambda pid: Path(f"/proc/{pid}").stat().st_uid)
        self._alive = alive or (lambda pid: os.path.exists(f"/proc/{pid}"))  # noqa: PTH110 - in every look, for each owner
        self._owners: dict[int, int] = {}
        self._ownerless: dict[int, float] = {}
        self._readable: dict[int, bool] = {}
        self._strange: set[int] = set()
        """Inodes of listeners on ports that were not asked for, of programs that were not asked for."""
        self._strange_since = 0.0

    def read(
        self,
        applications: frozenset[int],
        ports: frozenset[int],
        *,
        others: frozenset[int] = frozenset(),
        thorough: bool,
        now: float,
    ) -> SocketReading:
        """See `SocketReader`."""
        if thorough:
            self._ownerless.clear()
        if thorough or now - self._strange_since >= OWNERLESS_FOR:
            self._strange, self._strange_since = set(), now
        before = set(self._owners.values())
        # Asking after a handful of owners is cheaper than listing all processes again.
        gone = {pid for pid in before if not self._alive(pid)}
        self._owners = {inode: pid for inode, pid in self._owners.items() if pid not in gone}
        listening = self._listening(applications | others, ports)
        own = {d.row.local_port for d in listening if self._owners.get(d.inode) in applications}
        matter = ports | IB_SERVER_PORTS | own

        def connections() -> list[DiagRow]:
            return self._dump(matter, lambda local, remote, inode: local in matter or remote in matter)

        if not self._unchanged.since_then(matter, now) or thorough:
            self._connections = connections()
            self._unchanged.found([d.which for d in self._connections], matter, now)
        table = [*listening, *self._connections]
        standing = {d.inode for d in table}
        self._owners = {inode: pid for inode, pid in self._owners.items() if inode in standing}
        self._ownerless = {
            inode: since
            for inode, since in self._ownerless.items()
            if inode in standing and now - since < OWNERLESS_FOR
        }
        self._look_for(standing, (*applications, *others, os.getpid(), *before))
        # Thousands of processes are not asked about a connection that is over by now; and one that has ended while they
        # were asked, as those of this process do, has no owner for want of one.
        table = self._that_stand(table, listening, connections)
        self._look_for({d.inode for d in table}, self._youngest_first())
        table = self._that_stand(table, listening, connections)
        self._ownerless.update(dict.fromkeys(self._missing({d.inode for d in table}), now))
        withheld = frozenset(pid for pid in applications if not self._readable[pid])
        foreign = self._foreign(withheld)
        owned = ((d.row, self._owner(d, foreign, matter)) for d in table)
        rows = tuple(row if pid is None else replace(row, pid=pid) for row, pid in owned)
        return SocketReading(rows, withheld=withheld)

    def stood(self, row: SocketRow) -> float:
        """See `SocketReader`."""
        ends = (row.local_port, row.remote_port)
        found = dump(frozenset(ends), lambda local, remote, inode: (local, remote) == ends, ASK_FOR_INFO)
        addresses = (row.local_address, row.remote_address)
        same = (d.stood for d in found if (d.row.local_address, d.row.remote_address) == addresses)
        return max(same, default=0.0)

    def _listening(self, programs: frozenset[int], ports: frozenset[int]) -> list[DiagRow]:
        """The listeners on these ports, and those of these programs on any port."""
        self._readable = {pid: readable for pid, readable in self._readable.items() if pid in programs}
        for pid in programs - self._readable.keys():
            self._scan(pid)
        self._strange.difference_update(self._owners)
        seen: set[int] = set()

        def keep(local: int, remote: int, inode: int) -> bool:
            seen.add(inode)
            return local in ports or inode not in self._strange

        found = self._dump(None, keep)
        self._strange &= seen
        if {d.inode for d in found} - self._owners.keys() - self._ownerless.keys():
            for pid in programs:
                self._scan(pid)
        asked = [d for d in found if d.row.local_port in ports or self._owners.get(d.inode) in programs]
        self._strange.update({d.inode for d in found}.difference(d.inode for d in asked))
        return asked

    def _scan(self, application: int) -> None:
        """Note all sockets of an application, or that the system withholds them."""
        try:
            self._owners.update(dict.fromkeys(self._inodes_of(application), application))
            self._readable[application] = True
        except OSError:
            self._readable[application] = False

    def _that_stand(
        self, table: list[DiagRow], listening: list[DiagRow], connections: Callable[[], list[DiagRow]]
    ) -> list[DiagRow]:
        """The table without what has ended since: of those without an owner, what another reading does not have."""
        missing = self._missing({d.inode for d in table})
        if not missing:
            return table
        over = missing - {d.inode for d in (*listening, *connections())}
        return [d for d in table if d.inode not in over]

    def _missing(self, inodes: set[int]) -> set[int]:
        return inodes - self._owners.keys() - self._ownerless.keys() - {0}

    def _look_for(self, inodes: set[int], among: Iterable[int]) -> None:
        """Look for the owners of these sockets among some processes until all are found."""
        wanted = self._missing(inodes)
        for pid in among if wanted else ():
            try:
                mine = wanted.intersection(self._inodes_of(pid))
            except OSError:
                continue
            self._owners.update(dict.fromkeys(mine, pid))
            wanted -= mine
            if not wanted:
                return

    def _youngest_first(self) -> Iterator[int]:
        """Every process: the owner of a new socket is most often a young one."""
        yield from sorted(self._pids(), reverse=True)

    def _foreign(self, hidden: Iterable[int]) -> dict[int, int]:
        """User → the application whose sockets are withheld, where that user has only one."""
        found: dict[int, list[int]] = {}
        for pid in hidden:
            try:
                found.setdefault(self._user_of(pid), []).append(pid)
            except OSError:
                continue
        return {user: pids[0] for user, pids in found.items() if len(pids) == 1}

    def _owner(self, found: DiagRow, foreign: dict[int, int], matter: frozenset[int]) -> int | None:
        owner = self._owners.get(found.inode)
        if owner is None and found.inode and foreign:
            row = found.row
            if row.local_port in matter or row.remote_port in IB_SERVER_PORTS:
                return foreign.get(found.user)
        return owner


def socket_inodes(pid: int) -> list[int]:
    """The inodes of a process's sockets. Raises OSError when they are withheld."""
    found = []
    with os.scandir(f"/proc/{pid}/fd") as descriptors:
        for descriptor in descriptors:
            try:
                # A Java process has hundreds of descriptors; a Path for each would double the cost.
                target = os.readlink(descriptor.path)  # noqa: PTH115
            except PermissionError:
                # Descriptors may be listed but not read, as in a container without ptrace.
                raise
            except OSError:
                continue
            if target.startswith("socket:["):
                found.append(int(target[8:-1]))
    return found
