"""Linux: the user of one socket, which the kernel tells by its two addresses over netlink's sock_diag.

A question takes some 20 µs, for any number of sockets. Layouts: linux/inet_diag.h, linux/sock_diag.h, linux/netlink.h.
"""

import errno
import os
import socket
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_Address: TypeAlias = tuple[str, int]

SOCKET_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ROOT = 0
_AF_NETLINK, _NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY = 16, 4, 20
_REQUEST, _ERROR = 0x1, 2
_HEADER = struct.Struct("=IHHII")
_ANY_STATE = 0xFFFFFFFF
_NO_COOKIE = b"\xff" * 8
_SECONDS = 1.0
"""The kernel answers during the call, so that a longer silence is a fault."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user and the inode of a socket."""

    user: int
    inode: int
    """0: no process holds the socket any more; the kernel may then name root as its user."""


def is_ours_by_netlink(peer: _Address, own: _Address) -> bool:
    """See `loopback_peer.is_ours`. Raises OSError where sock_diag does not tell."""
    return _ours(find_owner(peer, own))


def is_ours_by_text(peer: _Address, own: _Address, tables: tuple[Path, ...] = SOCKET_TABLES) -> bool:
    """The same by the kernel's tables in text form, where there is no sock_diag. Raises OSError."""
    return _ours(find_in_text(peer, own, tables))


def _ours(owner: Owner | None) -> bool:
    # A missing socket, or one that no process holds, belonged to a program that sent something and closed it.
    return owner is not None and owner.inode != 0 and owner.user in (_ROOT, os.geteuid())


def find_owner(local: _Address, remote: _Address) -> Owner | None:
    """The owner of the connected socket with these two ends; None where there is no such socket. Raises OSError."""
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "netlink exists on Linux only")
    with socket.socket(_AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(_SECONDS)
        found = _ask(netlink, local, remote)
        # "No such socket" and "no such table" are the same answer. Our own end, or our listener, is there for certain.
        if found is None and _ask(netlink, remote, local) is None:
            raise OSError(errno.ENOENT, "sock_diag does not know TCP sockets")
    # Where the kernel finds no connection, it answers with a listener on the same port.
    return found[0] if found is not None and found[1] == (local[1], remote[1]) else None


def _ask(netlink: socket.socket, local: _Address, remote: _Address) -> tuple[Owner, tuple[int, int]] | None:
    # inet_diag_req_v2: family, protocol, extensions, states; ports and addresses (16 bytes each), interface, cookie.
    request = struct.pack("=4BI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ANY_STATE)
    request += struct.pack(">HH", local[1], remote[1])
    request += socket.inet_aton(local[0]).ljust(16, b"\0") + socket.inet_aton(remote[0]).ljust(16, b"\0")
    # A program may bind its socket to an interface; the kernel finds such a socket only by that interface.
    request += struct.pack("=I", socket.if_nametoindex("lo")) + _NO_COOKIE
    netlink.send(_HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _REQUEST, 1, 0) + request)
    return parse_owner(netlink.recv(1 << 16))


def parse_owner(message: bytes) -> tuple[Owner, tuple[int, int]] | None:
    """The owner in the answer to a question, and the ports of the socket; None: no socket was found. Raises OSError."""
    try:
        _, kind, _, _, _ = _HEADER.unpack_from(message)
        if kind == _ERROR:
            (code,) = struct.unpack_from("=i", message, _HEADER.size)
            if -code == errno.ENOENT:
                return None
            raise OSError(-code, os.strerror(-code))
        # inet_diag_msg: four bytes, 48 of the socket's identity (the ports first), expiry, two queues, user, inode.
        own_port, its_port = struct.unpack_from(">HH", message, _HEADER.size + 4)
        _, _, _, user, inode = struct.unpack_from("=5I", message, _HEADER.size + 4 + 48)
    except struct.error:
        raise OSError(errno.EPROTO, "a netlink message of impossible length") from None
    return Owner(user, inode), (own_port, its_port)


def find_in_text(local: _Address, remote: _Address, tables: tuple[Path, ...] = SOCKET_TABLES) -> Owner | None:
    """`find_owner` by the tables in text form. Raises OSError where the first of them cannot be read."""
    ends = _written(*local), _written(*remote)
    for table in tables:
        if table != tables[0] and not table.exists():
            # The system has IPv6 switched off.
            continue
        for row in table.read_text(encoding="ascii").splitlines()[1:]:
            cells = row.split()
            # In the IPv6 table an IPv4 address stands at the end of the longer one.
            if len(cells) > 9 and (cells[1][-13:], cells[2][-13:]) == ends:
                return Owner(int(cells[7]), int(cells[9]))
    return None


def _written(address: str, port: int) -> str:
    """An address as the kernel writes it: the bytes as a number of this machine's byte order, in hexadecimal."""
    number = int.from_bytes(bytes(int(part) for part in address.split(".")), sys.byteorder)
    return f"{number:08X}:{port:04X}"
