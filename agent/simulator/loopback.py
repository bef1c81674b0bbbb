"""Listening as the API does, without being reached from outside: on both of loopback, IPv4 and IPv6."""

import errno
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
        first = socket.create_server((LOOPBACK, port), backlog=backlog)
        try:
            chosen = first.getsockname()[1]
            return [first, socket.create_server((_LOOPBACK_6, chosen), family=socket.AF_INET6, backlog=backlog)]
        except OSError as error:
            if error.errno in _NO_IPV6:
                return [first]
            first.close()
            if port or not left:
                raise
    raise AssertionError("the last try returns or raises")
