"""Linux: whether the connections found last are still all there are, without another walk through the kernel's table.

The walk goes through the whole hash table, which has megabytes on a machine with much memory, and drives the rest
out of the processor's caches. The kernel also counts its TCP sockets, and tells of a single socket at the cost of one
look-up. Where the count is the same and each connection stands as it did, a new one could only have come while a socket
that is none of them has gone. So the walk is made again now and then in any case.
Layouts: linux/inet_diag.h (inet_diag_req_v2), proc(5) for /proc/net/sockstat.
"""

import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.platforms.kernel_files import kernel_file

ALL_AGAIN = 30.0
"""Seconds after which the whole table is read again: so old a socket of another program may be (see `SocketReader`)."""
MOST_ASKED = 40
"""Connections up to which each is asked after: beyond that, the walk costs no more."""
READ_TIMEOUT = 1.0
"""Seconds. The kernel answers during the call, so a longer silence is a fault."""
HEADER = struct.Struct("=IHHII")
"""nlmsghdr: length, kind, flags, sequence number, process."""
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = 0x1
_IDENTITY_AT, _IDENTITY = 4, 48
"""Where an inet_diag_msg has the socket's identity, and its bytes; a cookie in it is that of one socket alone."""
_INODE_AT = 68
_ANY_STATE = 0xFFFFFFFF

_SOCKSTAT = (Path("/proc/net/sockstat"), Path("/proc/net/sockstat6"))


@contextmanager
def netlink() -> Iterator[socket.socket]:
    """A socket to the kernel's sock_diag."""
    with socket.socket(16, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as opened:  # AF_NETLINK
        opened.settimeout(READ_TIMEOUT)
        yield opened


def same_socket(message: bytes, at: int) -> bytes:
    """What an inet_diag_msg that begins at `at` tells of which socket it is, its state and its inode.

    Family and state are its first two bytes; timers, queues and the user are left out.
    """
    identity = message[at + _IDENTITY_AT : at + _IDENTITY_AT + _IDENTITY]
    return message[at : at + 2] + identity + message[at + _INODE_AT : at + _INODE_AT + 4]


def tcp_sockets() -> tuple[str, ...]:
    """How many TCP sockets there are, by family, as the kernel counts them; of a family that it does not have, there
    is no file. Raises OSError."""
    found = []
    for file in _SOCKSTAT:
        with suppress(FileNotFoundError):
            lines = kernel_file(file).splitlines()
            found += [" ".join(line.split()[:3]) for line in lines if line.startswith("TCP")]
    return tuple(found)


def all_stand(known: Sequence[bytes]) -> bool:
    """Whether each of these sockets, as `same_socket` tells them, stands as it did. Raises OSError."""
    with netlink() as asked:
        return all(_asked_after(asked, one) == one for one in known)


def _asked_after(asked: socket.socket, one: bytes) -> bytes:
    """The same of that socket now; empty where it is gone."""
    # inet_diag_req_v2: family, protocol, extensions, padding, states, identity.
    request = struct.pack("=BBBBI", one[0], socket.IPPROTO_TCP, 0, 0, _ANY_STATE) + one[2 : 2 + _IDENTITY]
    asked.send(HEADER.pack(HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _REQUEST, 1, 0) + request)
    answer = asked.recv(1 << 12)
    length, kind, *_ = HEADER.unpack_from(answer)
    # Anything else is an error: the socket is gone, or its identity is another one's.
    return same_socket(answer, HEADER.size) if kind == _SOCK_DIAG_BY_FAMILY and length <= len(answer) else b""


class Unchanged:
    """Remembers which connections were found, and tells whether they are still all there are."""

    def __init__(
        self,
        count: Callable[[], tuple[str, ...]] = tcp_sockets,
        stand: Callable[[Sequence[bytes]], bool] = all_stand,
    ) -> None:
        self._count = count
        self._stand = stand
        self._counted: tuple[str, ...] = ()
        self._known: tuple[bytes, ...] = ()
        self._until = float("-inf")
        self._ports: frozenset[int] = frozenset()

    def since_then(self, ports: frozenset[int], now: float) -> bool:
        """Whether the connections on these ports are as they were when `found` was told; `now` is monotonic."""
        counted, self._counted = self._counted, self._counted_now()
        same = bool(counted) and counted == self._counted and ports == self._ports and now < self._until
        try:
            stand = same and self._stand(self._known)
        except OSError:
            stand = False
        if not stand:
            # Until `found` is told again: the walk that follows may fail, and the next count would be the same.
            self._until = float("-inf")
        return stand

    def found(self, known: Sequence[bytes], ports: frozenset[int], now: float) -> None:
        """These are all connections on these ports, as read after the last call of `since_then`."""
        tellable = len(known) <= MOST_ASKED and all(known)
        self._known, self._ports = tuple(known), ports
        self._until = now + ALL_AGAIN if tellable else float("-inf")

    def _counted_now(self) -> tuple[str, ...]:
        try:
            return self._count()
        except OSError:
            return ()
