"""Whether a relay leads back to itself through other programs, as the sockets of this machine show."""

from collections import defaultdict
from collections.abc import Iterable

import psutil

from agent.platforms.sockets.row import SocketRow, SocketState
from agent.platforms.sockets.through_psutil import every_row


def leads_back(rows: Iterable[SocketRow], own_pid: int, port: int) -> int | None:
    """The process that listens on a port of this machine, if its connections lead to our own process in the end.

    From process to process, each step is a connection to a port on which the next one listens. Pure.
    """
    listening: dict[int, int] = {}
    reaches: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row.pid is None:
            continue
        if row.state is SocketState.LISTEN:
            listening[row.local_port] = row.pid
        else:
            reaches[row.pid].add(row.remote_port)
    first = listening.get(port)
    if first == own_pid:
        # That a relay leads to its own port is known without this.
        return None
    ways, seen = [first], {first}
    while ways:
        process = ways.pop()
        if process is None:
            continue
        if process == own_pid:
            return first
        # A port of its own is the near end of another program's connection.
        steps = {listening.get(there) for there in reaches[process]} - seen - {process}
        seen |= steps
        ways += steps
    return None


def loop_through(own_pid: int, port: int) -> str | None:
    """The program at the other end of a loop, like "socat (pid 771)"; None where there is none to be seen."""
    try:
        found = leads_back(every_row().rows, own_pid, port)
        return None if found is None else f"{psutil.Process(found).name()} (pid {found})"
    except (psutil.Error, OSError):
        return None
