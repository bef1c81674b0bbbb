"""Where a relay listens, and which addresses may connect."""

import errno
import ipaddress
import os
import socket
from contextlib import suppress

from agent.errors import RelayError
from agent.platforms.files import reason_of
from agent.tws.hosts import address_of

_BACKLOG = 128


def open_listeners(name: str, port: int, *, beyond: bool) -> list[socket.socket]:
    """Sockets that listen on this port of loopback, or `beyond` it on every address; RelayError where that fails.

    A port of 0 is any free one, the same for IPv4 and IPv6.
    """
    opened: list[socket.socket] = []
    try:
        for family, address in (
            (socket.AF_INET, "0.0.0.0" if beyond else "127.0.0.1"),
            (socket.AF_INET6, "::" if beyond else "::1"),
        ):
            opened += _listener(name, family, address, port or (opened[0].getsockname()[1] if opened else 0))
    except BaseException:
        for one in opened:
            one.close()
        raise
    return opened


def _listener(name: str, family: int, address: str, port: int) -> list[socket.socket]:
    made = None
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setblocking(False)
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # Windows lets two programs listen on one port otherwise.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        elif os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(_BACKLOG)
    except OSError as fault:
        if made is not None:
            made.close()
        if family == socket.AF_INET6 and fault.errno != errno.EADDRINUSE:
            # A machine without IPv6.
            return []
        raise RelayError(_refused(name, port, fault)) from None
    return [made]


def _refused(name: str, port: int, fault: OSError) -> str:
    # Windows refuses access to a port that another program has to itself.
    if fault.errno == errno.EADDRINUSE or (os.name == "nt" and fault.errno == errno.EACCES):
        return (
            f"Relay “{name}” cannot listen on port {port}, which another program uses: end that program, "
            "or give the relay another port with `listen`."
        )
    return (
        f"Relay “{name}” cannot listen on port {port} ({reason_of(fault)}): give it another port with `listen`, "
        "from 1024 on."
    )


class Admission:
    """Which addresses may connect: this machine's own, and those that the user allowed."""

    def __init__(self, allow: tuple[str, ...]) -> None:
        self._allowed = tuple(ipaddress.ip_network(one, strict=False) for one in allow)

    def lets_in(self, peer: str, own: str) -> bool:
        """Whether a connection from `peer` that came to the address `own` may be taken."""
        address, here = address_of(peer), address_of(own)
        if address is None:
            return False
        # A connection from an address to itself comes from this machine.
        return address.is_loopback or address == here or any(address in network for network in self._allowed)


def tuned(wire: socket.socket) -> socket.socket:
    """A socket of a relayed connection: nothing waits in it for more, and a peer whose machine is gone is noticed."""
    wire.setblocking(False)
    with suppress(OSError):
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return wire
