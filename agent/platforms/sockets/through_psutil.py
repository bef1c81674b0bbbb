"""The socket table of psutil: for Windows, macOS, and Linux without netlink."""

from collections.abc import Callable, Iterable

import psutil

from agent.platforms.sockets.row import SocketReading, SocketRow, SocketState, plain_address

ALL_EVERY = 30.0
"""Seconds between two readings of every program's sockets, the costly part, while nothing calls for one sooner."""

NEW_CLIENT_EVERY = 5.0
"""Seconds between two such readings while the process of a client is not known."""

_STATES = {
    psutil.CONN_LISTEN: SocketState.LISTEN,
    psutil.CONN_ESTABLISHED: SocketState.ESTABLISHED,
    psutil.CONN_CLOSE_WAIT: SocketState.CLOSE_WAIT,
}

OTHERS_WITHHELD = "the system shows the sockets of other users’ programs to administrators only"


def every_row() -> SocketReading:
    """The sockets of every program; where the system withholds the whole table, of each program that allows it."""
    try:
        return SocketReading(rows_of(psutil.net_connections("tcp")))
    except psutil.AccessDenied:
        # macOS without root.
        by_process = {pid: rows_of_process(pid) for pid in psutil.pids()}
        rows = tuple(row for found in by_process.values() for row in found or ())
        return SocketReading(
            rows, OTHERS_WITHHELD, frozenset(pid for pid, found in by_process.items() if found is None)
        )


def rows_of_process(pid: int) -> tuple[SocketRow, ...] | None:
    """The sockets of one process; None when they are withheld."""
    try:
        return rows_of(psutil.Process(pid).net_connections("tcp"), pid)
    except psutil.NoSuchProcess:
        return ()
    except psutil.Error:
        return None


def rows_of(connections: Iterable[object], pid: int | None = None) -> tuple[SocketRow, ...]:
    """psutil's rows as ours, without states that do not matter; a socket of two families has two rows."""
    found = []
    for connection in connections:
        state = _STATES.get(getattr(connection, "status", ""))
        local = getattr(connection, "laddr", ())
        remote = getattr(connection, "raddr", ())
        if state is None or not local:
            continue
        found.append(
            SocketRow(
                state,
                plain_address(local[0]),
                local[1],
                plain_address(remote[0]) if remote else "",
                remote[1] if remote else 0,
                pid if pid is not None else getattr(connection, "pid", None),
            )
        )
    return tuple(found)


class PsutilReader:
    """Reads the sockets of the applications at every look, and those of all programs less often."""

    def __init__(
        self,
        everything: Callable[[], SocketReading] = every_row,
        of_process: Callable[[int], tuple[SocketRow, ...] | None] = rows_of_process,
        alive: Callable[[int], bool] = psutil.pid_exists,
    ) -> None:
        self._everything = everything
        self._of_process = of_process
        self._alive = alive
        self._last: SocketReading | None = None
        self._read_at = 0.0
        self._read_for: tuple[frozenset[int], frozenset[int]] | None = None
        self._orphans: set[int] = set()
        """Processes that had ended and still count as listeners, as on Windows where a child inherited the socket."""

    def read(
        self,
        applications: frozenset[int],
        ports: frozenset[int],
        *,
        others: frozenset[int] = frozenset(),
        thorough: bool,
        now: float,
    ) -> SocketReading:
        """See `SocketReader`. The rows of all programs are always there."""
        age = now - self._read_at
        asked = (applications, ports)
        if self._last is None or thorough or asked != self._read_for or not 0 <= age < ALL_EVERY:
            return self._all(asked, now)
        fresh: list[SocketRow] = []
        withheld: set[int] = set()
        for pid in applications:
            rows = self._of_process(pid)
            if rows is None:
                withheld.add(pid)
            else:
                fresh.extend(rows)
        # A connection that had no owner then may be an application's by now: it does not count twice.
        ends = {(r.local_address, r.local_port, r.remote_address, r.remote_port) for r in fresh}
        kept = [
            r
            for r in self._last.rows
            if (r.pid not in applications or r.pid in withheld)
            and (r.pid is not None or (r.local_address, r.local_port, r.remote_address, r.remote_port) not in ends)
        ]
        unnamed = age >= NEW_CLIENT_EVERY and _has_unnamed_client(fresh, kept)
        if unnamed or self._without_owner(ports, kept) - self._orphans:
            return self._all(asked, now)
        return SocketReading((*fresh, *kept), self._last.unseen, frozenset(withheld))

    def stood(self, row: SocketRow) -> float:
        """See `SocketReader`. No system tells this through psutil."""
        return 0.0

    def _all(self, asked: tuple[frozenset[int], frozenset[int]], now: float) -> SocketReading:
        self._last = self._everything()
        self._read_at, self._read_for = now, asked
        self._orphans = self._without_owner(asked[1], self._last.rows)
        return self._last

    def _without_owner(self, ports: frozenset[int], rows: Iterable[SocketRow]) -> set[int]:
        """The listeners on these ports whose process has ended."""
        owners = {r.pid for r in rows if r.state is SocketState.LISTEN and r.local_port in ports}
        return {pid for pid in owners if pid is not None and not self._alive(pid)}


def _has_unnamed_client(fresh: list[SocketRow], kept: list[SocketRow]) -> bool:
    """Whether an application accepted a connection from this machine whose other end is not among the older rows."""
    listening = {r.local_port for r in fresh if r.state is SocketState.LISTEN}
    ends = {(r.local_address, r.local_port) for r in kept}
    return any(
        r.state is SocketState.ESTABLISHED
        and r.local_port in listening
        and r.remote_address == r.local_address
        and (r.remote_address, r.remote_port) not in ends
        for r in fresh
    )
