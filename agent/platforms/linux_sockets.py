"""Linux: the socket table over netlink's sock_diag, and whose a socket is.

Reading /proc/net/tcp walks the kernel's whole hash table and formats it as text: several milliseconds on a machine
with much memory, for a handful of sockets. sock_diag hands out the same in a tenth of that, to everybody.
Layouts: linux/inet_diag.h, linux/sock_diag.h, linux/netlink.h.
"""

import errno
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import psutil

from agent.platforms.socket_row import SocketReading, SocketRow, SocketState, plain_address
from agent.tws.ports import IB_SERVER_PORTS

_NETLINK_SOCK_DIAG = 4
_TCPDIAG_GETSOCK = 18
"""The request of inet_diag as it was first: it asks for both families at once, in one walk through the kernel's table,
where SOCK_DIAG_BY_FAMILY needs one for each."""
_REQUEST_DUMP = 0x1 | 0x300
_MESSAGE_ERROR, _MESSAGE_DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_DIAG = struct.Struct("=4B")
_TAIL = struct.Struct("=5I")
_STATES = {1: SocketState.ESTABLISHED, 8: SocketState.CLOSE_WAIT, 10: SocketState.LISTEN}
_STATES_WANTED = sum(1 << number for number in _STATES)
_READ_TIMEOUT = 1.0
"""Seconds; the kernel answers within the call, so a longer silence is a fault."""

OWNERLESS_FOR = 60.0
"""Seconds after which a socket whose owner could not be found is looked for again."""
ADDRESSES_KEPT = 1024
"""Addresses whose text is kept: the same few turn up at every look."""


@dataclass(frozen=True, slots=True)
class DiagRow:
    """A socket as the kernel tells it: with an inode by which its owner can be found."""

    row: SocketRow
    inode: int
    """0: nobody's yet (not accepted) or nobody's any more."""
    user: int


def parse(message: bytes) -> tuple[tuple[DiagRow, ...], bool]:
    """The sockets in what one read of a dump returned, and whether it was the last. Raises OSError on an error."""
    rows: list[DiagRow] = []
    at = 0
    while at + _HEADER.size <= len(message):
        length, kind, _, _, _ = _HEADER.unpack_from(message, at)
        body = at + _HEADER.size
        if kind == _MESSAGE_DONE:
            return tuple(rows), True
        if kind == _MESSAGE_ERROR:
            (code,) = struct.unpack_from("=i", message, body)
            raise OSError(-code, os.strerror(-code))
        if length < _HEADER.size:
            raise OSError(errno.EPROTO, "a netlink message of impossible length")
        if kind == _TCPDIAG_GETSOCK:
            found = _row(message, body)
            if found is not None:
                rows.append(found)
        at += (length + 3) & ~3
    return tuple(rows), False


def _row(message: bytes, at: int) -> DiagRow | None:
    family, state, _, _ = _DIAG.unpack_from(message, at)
    if state not in _STATES:
        return None
    local_port, remote_port = struct.unpack_from(">HH", message, at + 4)
    size = 4 if family == socket.AF_INET else 16
    local, remote = (_address(message[x : x + size]) for x in (at + 8, at + 24))
    # Two ports, two addresses, the interface and a cookie of two words make 48 bytes.
    _, _, _, user, inode = _TAIL.unpack_from(message, at + 4 + 48)
    return DiagRow(SocketRow(_STATES[state], local, local_port, remote, remote_port), inode, user)


@lru_cache(maxsize=ADDRESSES_KEPT)
def _address(packed: bytes) -> str:
    address = ipaddress.ip_address(packed)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return plain_address(str(address))


def dump() -> tuple[DiagRow, ...]:
    """Every TCP socket of this machine that listens, is established, or waits to be closed. Raises OSError."""
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "netlink exists on Linux only")
    return tuple(_dump())


def _dump() -> Iterator[DiagRow]:
    with socket.socket(16, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:  # AF_NETLINK
        netlink.settimeout(_READ_TIMEOUT)
        # inet_diag_req: four bytes, the socket's identity, the states, and nothing of what follows.
        request = struct.pack("=4B48xII", socket.AF_UNSPEC, 0, 0, 0, _STATES_WANTED, 0)
        header = _HEADER.pack(_HEADER.size + len(request), _TCPDIAG_GETSOCK, _REQUEST_DUMP, 1, 0)
        netlink.send(header + request)
        last = False
        while not last:
            rows, last = parse(netlink.recv(1 << 16))
            yield from rows


class NetlinkReader:
    """Reads the whole table at every look, and looks for owners only of sockets that matter and are new."""

    def __init__(
        self,
        dumped: Callable[[], tuple[DiagRow, ...]] = dump,
        inodes_of: Callable[[int], Iterable[int]] | None = None,
        pids: Callable[[], Iterable[int]] | None = None,
        user_of: Callable[[int], int] | None = None,
        alive: Callable[[int], bool] | None = None,
    ) -> None:
        self._dump = dumped
        self._inodes_of = inodes_of or socket_inodes
        self._pids = pids or psutil.pids
        self._user_of = user_of or (lambda pid: Path(f"/proc/{pid}").stat().st_uid)
        self._alive = alive or (lambda pid: Path(f"/proc/{pid}").exists())
        self._owners: dict[int, int] = {}
        self._ownerless: dict[int, float] = {}
        self._readable: dict[int, bool] = {}

    def read(self, applications: frozenset[int], ports: frozenset[int], *, thorough: bool, now: float) -> SocketReading:
        """See `SocketReader`."""
        table = self._dump()
        self._forget({d.inode for d in table}, applications, thorough=thorough, now=now)
        for pid in applications - self._readable.keys():
            self._scan(pid)
        listening = [d for d in table if d.row.state is SocketState.LISTEN]
        self._find({d.inode for d in listening}, applications, now)
        own = {d.row.local_port for d in listening if self._owners.get(d.inode) in applications}
        matter = ports | IB_SERVER_PORTS | own
        self._find(
            {d.inode for d in table if d.row.local_port in matter or d.row.remote_port in matter}, applications, now
        )
        withheld = frozenset(pid for pid in applications if not self._readable[pid])
        foreign = self._foreign(withheld)
        rows = tuple(replace(d.row, pid=self._owner(d, foreign, matter)) for d in table)
        return SocketReading(rows, withheld=withheld)

    def _forget(self, standing: set[int], applications: frozenset[int], *, thorough: bool, now: float) -> None:
        # A handful of owners, where the whole process table would have to be listed again.
        alive = {pid for pid in set(self._owners.values()) if self._alive(pid)}
        self._owners = {i: pid for i, pid in self._owners.items() if i in standing and pid in alive}
        self._ownerless = {
            i: since
            for i, since in self._ownerless.items()
            if i in standing and not thorough and now - since < OWNERLESS_FOR
        }
        self._readable = {pid: known for pid, known in self._readable.items() if pid in applications}

    def _scan(self, application: int) -> None:
        """Note all sockets of an application, or that it does not let us."""
        try:
            self._owners.update(dict.fromkeys(self._inodes_of(application), application))
            self._readable[application] = True
        except OSError:
            self._readable[application] = False

    def _find(self, inodes: set[int], applications: frozenset[int], now: float) -> None:
        def missing() -> set[int]:
            return inodes - self._owners.keys() - self._ownerless.keys() - {0}

        if not missing():
            return
        for pid in applications:
            self._scan(pid)
        wanted = missing()
        # The owner of a new socket is most often a young process.
        for pid in sorted(self._pids(), reverse=True):
            if not wanted:
                return
            try:
                mine = wanted.intersection(self._inodes_of(pid))
            except OSError:
                continue
            self._owners.update(dict.fromkeys(mine, pid))
            wanted -= mine
        self._ownerless.update(dict.fromkeys(wanted, now))

    def _foreign(self, hidden: Iterable[int]) -> dict[int, int]:
        """User → the only application of that user whose sockets are withheld."""
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
                # A Java process has hundreds of descriptors, and a Path for each would double the cost.
                target = os.readlink(descriptor.path)  # noqa: PTH115
            except PermissionError:
                # Its descriptors may be listed and not read, as inside a container without ptrace.
                raise
            except OSError:
                continue
            if target.startswith("socket:["):
                found.append(int(target[8:-1]))
    return found
