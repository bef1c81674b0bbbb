"""Listening on a TCP port that belongs to this program alone, on every system."""

import ipaddress
import socket

SEND_BUFFER = 128 * 1024
"""Bytes the system buffers for a client that does not read; by default it buffers megabytes."""
_BACKLOG = 128


def listen_alone(address: str, port: int) -> socket.socket:
    """A socket, not blocking, that listens on an IP address; port 0: any free one.

    Raises OSError where the port is taken, and OverflowError for a number that is no port.
    """
    version = ipaddress.ip_address(address).version
    # asyncio sends without delay only where it reads TCP from the socket: small answers would wait for 40 ms otherwise.
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # On Windows another program could otherwise take the same port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if version == 6:
            # The unspecified address would otherwise take the port of IPv4 as well.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        bound.bind((address, port))
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except (OSError, OverflowError):
        bound.close()
        raise
    return bound
