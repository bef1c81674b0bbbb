"""The port of the page: taken on loopback, and for this program alone."""

import errno
import socket

ADDRESS = "127.0.0.1"
"""Loopback and nothing else."""
SEND_BUFFER = 128 * 1024
"""Bytes the system buffers for a page that does not read; by default it buffers megabytes."""


class PagePortTaken(Exception):
    """The port for the page belongs to another program."""


def bind_page(*ports: int) -> socket.socket:
    """Listen on the first of these ports that is free (0: any free one). Raises `PagePortTaken`."""
    fault: OSError | None = None
    for port in dict.fromkeys(ports or (0,)):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
                # On Windows another program could otherwise take the same port.
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            bound.bind((ADDRESS, port))
            bound.listen(128)
            bound.setblocking(False)
        except (OSError, OverflowError) as refused:
            bound.close()
            fault = refused if isinstance(refused, OSError) else OSError(errno.EINVAL, "no such port")
        else:
            return bound
    raise PagePortTaken(fault.strerror if fault is not None else "") from fault
