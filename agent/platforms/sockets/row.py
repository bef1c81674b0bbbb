"""One row of a socket table, and the reader of such a table."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class SocketState(StrEnum):
    """The TCP states that matter here."""

    LISTEN = "listen"
    ESTABLISHED = "established"
    CLOSE_WAIT = "close-wait"


@dataclass(frozen=True, slots=True)
class SocketRow:
    """One TCP socket. An IPv4 address inside an IPv6 one is written as IPv4; the wildcard is an empty string."""

    state: SocketState
    local_address: str
    local_port: int
    remote_address: str = ""
    remote_port: int = 0
    pid: int | None = None
    """None where the system does not tell, or was not asked."""
    waiting: int | None = field(default=None, compare=False)
    """Of a listener: connections that nothing has accepted yet; None where the system does not tell."""
    room: int | None = field(default=None, compare=False)
    """Of a listener: how many of them the system keeps; None where it does not tell."""


@dataclass(frozen=True, slots=True)
class SocketReading:
    """The part of a socket table that could be read."""

    rows: tuple[SocketRow, ...]
    unseen: str | None = None
    """The reason why sockets of other users' programs are missing; None where they are not."""
    withheld: frozenset[int] = frozenset()
    """Processes, not only applications, whose sockets the system does not show us."""


class SocketReader(Protocol):
    """Reads the TCP sockets of this machine at the least cost."""

    def read(
        self,
        applications: frozenset[int],
        ports: frozenset[int],
        *,
        others: frozenset[int] = frozenset(),
        thorough: bool,
        now: float,
    ) -> SocketReading:
        """The part of the table that matters, at `now` (monotonic seconds).

        It has the listeners on `ports` and those of the processes `applications` and `others`. It has the connections
        with, at either end, one of `ports`, a port that an application listens on, or a port of IB's servers. All have
        their owners. Unless `thorough`, sockets of other programs may be half a minute old.
        Raises OSError or psutil.Error when nothing can be read.
        """

    def stood(self, row: SocketRow) -> float:
        """Seconds for which a connection has stood at least; 0 where the system does not tell. Raises OSError."""


def sole_listener(reading: SocketReading, port: int) -> bool | None:
    """Whether one program alone listens on a port of this machine, so that each of its addresses leads to it.

    None where that is not told, as where no program listens.
    """
    found = [row for row in reading.rows if row.state is SocketState.LISTEN and row.local_port == port]
    if not found or reading.unseen is not None:
        return None
    owners = {row.pid for row in found}
    return len(found) == 1 or (len(owners) == 1 and None not in owners)


def plain_address(address: str) -> str:
    """An address in the form that rows have."""
    address = address.removeprefix("::ffff:").partition("%")[0]
    return "" if address in ("0.0.0.0", "::", "*") else address
