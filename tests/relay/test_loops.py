import os
import socket
import subprocess
import sys

import pytest

from agent.platforms.sockets.row import SocketRow, SocketState
from agent.relay.loops import leads_back, loop_through

OURS, OTHER, THIRD, BOT = 1, 2, 3, 4


def listens(pid: int, port: int) -> SocketRow:
    return SocketRow(SocketState.LISTEN, "127.0.0.1", port, pid=pid)


def connects(pid: int, port: int, own_port: int = 50000) -> SocketRow:
    return SocketRow(SocketState.ESTABLISHED, "127.0.0.1", own_port, "127.0.0.1", port, pid)


HERE = (listens(OURS, 5002), connects(OURS, 5003))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((listens(OTHER, 5003), connects(OTHER, 5002)), OTHER),
        ((listens(OTHER, 5003), connects(OTHER, 5004), listens(THIRD, 5004), connects(THIRD, 5002)), OTHER),
        ((listens(OTHER, 5003), connects(OTHER, 443)), None),
        ((listens(OTHER, 5003), connects(OTHER, 5003)), None),
        # A program that uses both is none through which it goes.
        ((listens(OTHER, 5003), connects(BOT, 5003), connects(BOT, 5002)), None),
        ((), None),
    ],
)
def test_a_way_from_the_target_to_ourselves_is_a_loop(rows: tuple[SocketRow, ...], found: int | None) -> None:
    assert leads_back((*HERE, *rows), OURS, 5003) == found


def test_the_program_is_named() -> None:
    """A process that listens, and is connected to this one."""
    code = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
there = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [sys.executable, "-c", code, str(port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            told = loop_through(os.getpid(), int(other.stdout.readline()))
            other.communicate()
        assert told is not None
        assert told.endswith(f"(pid {other.pid})")
        assert loop_through(os.getpid(), port) is None
