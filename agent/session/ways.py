"""The way to a host: its addresses, from which of our own each is reached, and what happens when it is lost."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

import psutil

from agent.core.session_facts import Way
from agent.platforms.interfaces import own_networks
from agent.tws.hosts import address_of, is_local, spelled_host

MOST_WAYS = 8
"""Addresses of one host that are told."""

_PATH_LOST_AFTER = {"linux": (18, 60_000), "darwin": (0x80, 60), "win32": (5, 60)}
"""By system: the option of TCP, and its value (a minute), after which unacknowledged data ends a connection.
TCP_USER_TIMEOUT (linux/tcp.h), TCP_RXT_CONNDROPTIME (netinet/tcp.h of XNU), TCP_MAXRT (ws2ipdef.h); tried on Linux
only."""

_Reached: TypeAlias = tuple[socket.AddressFamily, tuple[Any, ...]]
"""A family and an address as `socket.connect` takes it."""


def looked_up(host: str, port: int, lookup: asyncio.Future[Any] | None) -> list[_Reached]:
    """The addresses of a host: itself where it is one (no `lookup`), else what looking it up has told so far."""
    if lookup is None:
        return [(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port))]
    if not lookup.done() or lookup.cancelled() or lookup.exception() is not None:
        return []
    return [(info[0], info[4]) for info in lookup.result()]


def ways(places: Iterable[_Reached], connected: tuple[str, str] | None) -> tuple[Way, ...]:
    """The ways to these addresses; `connected`: our address and the other end's, where a connection came about.

    No packet is sent: a datagram socket that is told where it would send to is given the address it would send from.
    """
    found: dict[str, Way] = {}
    ours, theirs = (spelled_host(end) for end in connected) if connected is not None else (None, None)
    for family, place in places:
        to = spelled_host(str(place[0]))
        if to not in found and len(found) < MOST_WAYS:
            found[to] = Way(to, ours, used=True) if to == theirs else Way(to, _source(family, place))
    if theirs is not None and theirs not in found:
        found[theirs] = Way(theirs, ours, used=True)
    return _with_neighbours(tuple(found.values()))


def _with_neighbours(found: tuple[Way, ...]) -> tuple[Way, ...]:
    """The same ways, those marked that no router is on."""
    if all(is_local(way.to) for way in found):
        return found
    try:
        networks = own_networks()
    except (psutil.Error, OSError):
        return found
    addresses = [address_of(way.to) for way in found]
    return tuple(
        replace(way, near=address is not None and not address.is_loopback and any(address in n for n in networks))
        for way, address in zip(found, addresses, strict=True)
    )


def _source(family: socket.AddressFamily, place: tuple[Any, ...]) -> str | None:
    """The address of this machine that packets to a place would come from; None where no way leads there."""
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.connect(place)
        return spelled_host(str(asked.getsockname()[0]))
    return None


def end_with_path(transport: asyncio.BaseTransport | None, host: str) -> None:
    """Let the system end a session to another machine when the path to it is gone.

    A router that has forgotten the connection says nothing, and by itself Linux tries for a quarter of an hour. An
    application that hangs is another matter: its system still takes what is sent.
    """
    option = _PATH_LOST_AFTER.get(sys.platform)
    if transport is not None and option is not None and not is_local(host):
        with contextlib.suppress(OSError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, *option)
