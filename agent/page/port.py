"""The port of the page: taken on loopback, and for this program alone."""

import errno
import socket

from agent.platforms.listening import listen_alone

ADDRESS = "127.0.0.1"
"""Loopback and nothing else."""


class PagePortTaken(Exception):
    """The port for the page belongs to another program."""


def bind_page(*ports: int) -> socket.socket:
    """Listen on the first of these ports that is free (0: any free one). Raises `PagePortTaken`."""
    fault: OSError | None = None
    for port in dict.fromkeys(ports or (0,)):
        try:
            return listen_alone(ADDRESS, port)
        except OSError as refused:
            fault = refused
        except OverflowError:
            fault = OSError(errno.EINVAL, "no such port")
    raise PagePortTaken(fault.strerror if fault is not None else "") from fault
