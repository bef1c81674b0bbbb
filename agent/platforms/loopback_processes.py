"""Windows and macOS: whether the process that holds the other end of a connection is this user's.

A question may block for some milliseconds, the first one on macOS for some hundred. Where the system refuses an answer
the result is False; where it tells nothing at all, OSError is raised.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TypeAlias

import psutil

from agent.platforms.sockets.row import SocketRow
from agent.platforms.sockets.through_psutil import rows_of, rows_of_process

_Address: TypeAlias = tuple[str, int]


def _table() -> tuple[SocketRow, ...]:
    return rows_of(psutil.net_connections("tcp"))


def _own_processes() -> Iterable[int]:
    # The newest first: often a browser was started to open the page.
    return sorted(psutil.pids(), reverse=True)


def _connects(row: SocketRow, peer: _Address, own: _Address) -> bool:
    return (row.local_address, row.local_port, row.remote_address, row.remote_port) == (*peer, *own)


class TcpTable:
    """Windows: the system tells the process of every socket, and the user of each process of ours."""

    def __init__(self, same_user: Callable[[int], bool], table: Callable[[], Iterable[SocketRow]] = _table) -> None:
        self._same_user = same_user
        self._table = table

    def __call__(self, peer: _Address, own: _Address) -> bool:
        """See `loopback_peer.PeerJudge`."""
        try:
            rows = self._table()
        except psutil.Error as fault:
            raise OSError(str(fault)) from None
        pid = next((row.pid for row in rows if _connects(row, peer, own)), None)
        return pid is not None and self._same_user(pid)


class Own:
    """macOS: the system tells only the sockets of our own processes."""

    def __init__(
        self,
        pids: Callable[[], Iterable[int]] = _own_processes,
        rows: Callable[[int], Iterable[SocketRow] | None] = rows_of_process,
    ) -> None:
        self._pids = pids
        self._rows = rows
        self._last: int | None = None
        self._one_at_a_time = threading.Lock()

    def __call__(self, peer: _Address, own: _Address) -> bool:
        """See `loopback_peer.PeerJudge`. The process that connected last, most likely the browser, is asked first."""
        with self._one_at_a_time:
            known = () if self._last is None else (self._last,)
            for pid in (*known, *(pid for pid in self._pids() if pid not in known)):
                if any(_connects(row, peer, own) for row in self._rows(pid) or ()):
                    self._last = pid
                    return True
        return False
