"""What a socket table means for TWS: API ports, the link to IB's servers, programs connected. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agent.platforms.sockets.row import SocketRow, SocketState
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.ports import IB_SERVER_PORTS, OTHER_PORTS, default_ports

_REACHED_OVER_LOOPBACK = ("", "127.0.0.1", "::1")
"""Where a listener must be bound to be reached at 127.0.0.1; the wildcard is an empty string."""

_IPV4, _BOTH = frozenset({"127.0.0.1"}), frozenset({"127.0.0.1", "::1"})


def _is_other_loopback(address: str) -> bool:
    """Whether it cannot be reached through 127.0.0.1 or this machine's own address."""
    return address.startswith("127.") and address != "127.0.0.1"


@dataclass(frozen=True, slots=True, order=True)
class ClientRow:
    """One connection from a program to an API port."""

    port: int
    pid: int | None
    peer: str | None
    """Address, when it is not of this machine."""
    end: str
    """The program's end of the connection, to tell programs apart that the system does not name."""


def api_ports(
    rows: Iterable[SocketRow],
    pid: int,
    kind: ApplicationKind,
    mode: TradingMode = TradingMode.UNKNOWN,
    command_port: int | None = None,
    *,
    both: bool = True,
) -> tuple[int, ...]:
    """Ports of a process that can be the API, likeliest first: defaults of its kind, then lower numbers.

    The API listens on every address, or on both of loopback. A port on one of them alone is a helper's: Java's own, the
    embedded browser's, IBC's where it is bound to an address. `both`: the machine has both of loopback.
    """
    addresses: dict[int, set[str]] = {}
    for r in rows:
        if r.pid == pid and r.state is SocketState.LISTEN and r.local_port not in (*OTHER_PORTS, command_port):
            addresses.setdefault(r.local_port, set()).add(r.local_address)
    loopback = _BOTH if both else _IPV4
    ports = [port for port, found in addresses.items() if "" in found or loopback <= found]
    likely = (*default_ports(kind, mode), *default_ports(kind, None))
    return tuple(sorted(ports, key=lambda port: (likely.index(port) if port in likely else len(likely), port)))


def listening_ports(rows: Iterable[SocketRow], pid: int) -> tuple[int, ...]:
    """Every port a process listens on."""
    return tuple(sorted({r.local_port for r in rows if r.pid == pid and r.state is SocketState.LISTEN}))


def upstream(rows: Sequence[SocketRow], pid: int) -> tuple[SocketRow, ...]:
    """The connections of a process to IB's servers.

    A server may be simulated on a loopback address, only not on the very address of an API listener.
    """
    own = {r.local_port for r in rows if r.pid == pid and r.state is SocketState.LISTEN}
    api = {(r.local_address, r.local_port) for r in rows if r.pid == pid and r.state is SocketState.LISTEN}
    return tuple(
        r
        for r in rows
        if r.pid == pid
        and r.state is SocketState.ESTABLISHED
        and r.remote_port in IB_SERVER_PORTS
        and r.local_port not in own
        and (r.remote_address, r.remote_port) not in api
    )


def close_wait(rows: Iterable[SocketRow], pid: int, ports: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """How many sockets hang in CLOSE_WAIT on each port; those not yet accepted have no owner, and count."""
    count = Counter(
        r.local_port
        for r in rows
        if r.state is SocketState.CLOSE_WAIT and r.local_port in ports and r.pid in (pid, None)
    )
    return tuple(sorted(count.items()))


def listeners(rows: Iterable[SocketRow], ports: frozenset[int]) -> tuple[SocketRow, ...]:
    """Who can be reached at 127.0.0.1 on these ports, a row for each of them; of two, the one a connection would get.

    Rows without an owner count where none on that port has one.
    """
    found = [
        r
        for r in rows
        if r.state is SocketState.LISTEN and r.local_port in ports and r.local_address in _REACHED_OVER_LOOPBACK
    ]
    # The more specific address wins; among equals one with an owner tells more.
    found.sort(key=lambda r: (r.local_port, r.local_address != "127.0.0.1", r.pid is None))
    owned = {r.local_port for r in found if r.pid is not None}
    told = {(r.local_port, r.pid): r for r in reversed(found) if r.pid is not None or r.local_port not in owned}
    return tuple(r for r in found if told.get((r.local_port, r.pid)) is r)


def listeners_elsewhere(rows: Iterable[SocketRow], ports: frozenset[int]) -> tuple[SocketRow, ...]:
    """Who listens at another address of this machine alone, on those of these ports that 127.0.0.1 does not reach.

    One row a port: one with an owner, else the first by its address.
    """
    listening = [r for r in rows if r.state is SocketState.LISTEN and r.local_port in ports]
    reached = {r.local_port for r in listening if r.local_address in _REACHED_OVER_LOOPBACK}
    found: dict[int, SocketRow] = {}
    for row in sorted(listening, key=lambda r: (r.local_port, r.pid is None, r.local_address)):
        if row.local_port not in reached:
            found.setdefault(row.local_port, row)
    return tuple(found.values())


def clients(rows: Sequence[SocketRow], ports: frozenset[int], applications: frozenset[int]) -> tuple[ClientRow, ...]:
    """The connections to listeners on these ports, seen from either end.

    A connection that an application itself makes goes to IB's servers, not to an API.
    """
    found = set()
    for served, other in _served(rows, ports):
        if other is not None and other.pid in applications:
            continue
        local = other is not None or served.remote_address == served.local_address
        found.add(
            ClientRow(
                port=served.local_port,
                pid=other.pid if other is not None else None,
                peer=None if local else served.remote_address,
                end=f"{served.remote_address}:{served.remote_port}",
            )
        )
    return tuple(sorted(found, key=lambda c: (c.port, c.pid or 0, c.end)))


def is_torn(rows: Sequence[SocketRow], ports: frozenset[int]) -> bool:
    """Whether a connection within this machine has its served end alone: it began or ended while the table was read."""
    return any(
        other is None and served.remote_address == served.local_address for served, other in _served(rows, ports)
    )


def _served(rows: Sequence[SocketRow], ports: frozenset[int]) -> Iterator[tuple[SocketRow, SocketRow | None]]:
    """The ends of connections that are at listeners on these ports, each with the other end where it is here too."""
    listening = {r.local_port for r in rows if r.state is SocketState.LISTEN and r.local_port in ports}
    standing = [r for r in rows if r.state is SocketState.ESTABLISHED]
    by_ends = {(r.local_address, r.local_port, r.remote_address, r.remote_port): r for r in standing}
    for served in standing:
        if served.local_port in listening and not _is_other_loopback(served.local_address):
            ends = (served.remote_address, served.remote_port, served.local_address, served.local_port)
            yield served, by_ends.get(ends)
