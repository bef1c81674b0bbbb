"""Listening as the API does, without being reached from outside: on both of loopback, IPv4 and IPv6."""

import errno
import os
import socket

from agent.simulator.surroundings import LOOPBACK

_LOOPBACK_6 = "::1"
_TRIES = 20
"""How many free ports of IPv4 are tried, each of which may be taken on IPv6."""
_NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""How a machine without IPv6 answers."""


def loopback_listeners(port: int, backlog: int = 100) -> list[socket.socket]:
    """A socket for each of loopback, on one port; 0: any free one. Only IPv4 where there is nothing else.

    Raises OSError where the port is taken.
    """
    for left in reversed(range(_TRIES)):
        first = listening_socket(LOOPBACK, port, backlog)
        try:
            chosen = first.getsockname()[1]
            return [first, listening_socket(_LOOPBACK_6, chosen, backlog)]
        except OSError as error:
            if error.errno in _NO_IPV6:
                return [first]
            first.close()
            if port or not left:
                raise
    raise AssertionError("the last try returns or raises")


def listening_socket(address: str, port: int, backlog: int = 100) -> socket.socket:
    """A socket that listens on an IP address. Raises OSError where the port is taken, ValueError where it is for
    administrators alone.

    It says that it is TCP: asyncio would otherwise let small messages wait for those before them to be confirmed.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        # Windows answers like this where another program has the port to itself.
        if isinstance(error, PermissionError) and os.name == "posix":
            raise ValueError(f"Port {port} is for administrators: choose one from 1024 on") from None
        raise
    return listener
