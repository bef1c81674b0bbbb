"""Whose a connection over loopback is: other users of a machine can connect to every port of it.

The address that the page is opened with can be read by them for a moment, as an argument of the program that opens it.
"""

import os
import sys
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ROOT = 0
"""Relays of WSL and containers run as root, and who is root may do everything anyway."""


def is_ours(peer: tuple[str, int], own: tuple[str, int], tables: tuple[Path, ...] = TABLES) -> bool:
    """False when the system says that another user's program connected from `peer` to `own`; (IPv4 address, port).

    Where the system does not say whose a socket is (everywhere but on Linux) nothing is held against it.
    """
    if sys.platform != "linux":
        return True
    user = _user_of(peer, own, tables)
    return user is None or user in (_ROOT, os.geteuid())


def _user_of(peer: tuple[str, int], own: tuple[str, int], tables: tuple[Path, ...]) -> int | None:
    ends = _written(*peer), _written(*own)
    for table in tables:
        try:
            rows = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            cells = row.split()
            # In the IPv6 table an IPv4 address stands at the end of the longer one.
            if len(cells) > 7 and (cells[1][-13:], cells[2][-13:]) == ends:
                return int(cells[7])
    return None


def _written(address: str, port: int) -> str:
    """An address as the kernel writes it: the bytes as a number of this machine's byte order, in hexadecimal."""
    number = int.from_bytes(bytes(int(part) for part in address.split(".")), sys.byteorder)
    return f"{number:08X}:{port:04X}"
