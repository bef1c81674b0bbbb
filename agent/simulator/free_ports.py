"""Ports of this machine without a listener."""

import random
import socket
import sys

from agent.errors import UsageError
from agent.simulator.surroundings import LOOPBACK

_CANDIDATES = range(20000, 30000)
"""Below the ports that systems use for outgoing connections, so that a free port stays free."""

_TRIES = 200
"""The number of ports tried; the first is nearly always free."""


def free_port(*, pair: bool = False) -> int:
    """A port without a listener; with `pair`, the next one is free too."""
    for port in random.SystemRandom().sample(_CANDIDATES, _TRIES):
        if _is_free(port) and (not pair or _is_free(port + 1)):
            return port
    raise UsageError("No free port was found on this machine; name one.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":  # where this means that two may listen on one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
