"""One row of a socket table, and what reads such a table."""

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
    """One TCP socket. IPv4 addresses inside IPv6 are written as IPv4; the wildcard is an empty string."""

    state: SocketState
    local_address: str
    local_port: int
    remote_address: str = ""
    remote_port: int = 0
    pid: int | None = None
    """None where the system does not say, or it was not asked."""
    waiting: int | None = field(default=None, compare=False)
    """Of a listener: connections that nothing has accepted yet; None where the system does not say."""
    room: int | None = field(default=None, compare=False)
    """Of a listener: how many of them the system keeps; None where it does not say."""


@dataclass(frozen=True, slots=True)
class SocketReading:
    """A socket table as far as it could be read."""

    rows: tuple[SocketRow, ...]
    unseen: str | None = None
    """Why sockets of other users' programs are missing, where they are."""
    withheld: frozenset[int] = frozenset()
    """Processes whose sockets the system does not show us; not only applications."""


class SocketReader(Protocol):
    """Reads the TCP sockets of this machine, as cheaply as it can."""

    def read(
        self,
        applications: frozenset[int],
        ports: frozenset[int],
        *,
        others: frozenset[int] = frozenset(),
        thorough: bool,
        now: float,
    ) -> SocketReading:
        """The table now (monotonic seconds), as far as it matters.

        That is: listeners on `ports` and those of the processes `applications` and `others`; connections with one of
        `ports`, a port an application listens on, or a port of IB's servers at either end. Owners are told for all of
        them. Unless `thorough`, sockets of other programs may be as old as half a minute.
        Raises OSError or psutil.Error when nothing can be read.
        """


def plain_address(address: str) -> str:
    """An address as rows have it."""
    address = address.removeprefix("::ffff:").partition("%")[0]
    return "" if address in ("0.0.0.0", "::", "*") else address
