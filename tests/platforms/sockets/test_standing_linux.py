"""How long a connection has stood at least, by the kernel's own counts."""

import socket
import struct
import sys
import time

import pytest

from agent.platforms.sockets.linux import NetlinkReader
from agent.platforms.sockets.row import SocketRow, SocketState
from agent.platforms.sockets.standing_linux import info_in, stood_at_least

linux = pytest.mark.skipif(sys.platform != "linux", reason="tcp_info")


def info(*, sent: int = 0, came: int = 0, segments: tuple[int, int] = (1, 1), busy: int = 0) -> bytes:
    made = bytearray(200)
    struct.pack_into("=I", made, 44, sent)
    struct.pack_into("=I", made, 52, came)
    struct.pack_into("=II", made, 152, *segments)
    struct.pack_into("=Q", made, 168, busy)
    return bytes(made)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (info(sent=5_000, came=7_000, busy=2_000_000), 7.0),
        (info(sent=5, came=7, busy=90_000_000), 90.0),
        # Without data these two count from the start of the machine.
        (info(sent=5_000, came=9_000_000, segments=(0, 1)), 5.0),
        (info(sent=9_000_000, came=9_000_000, segments=(0, 0)), 0.0),
        (info(came=9_000)[:100], 0.0),
        (b"", 0.0),
    ],
)
def test_the_longest_time_that_is_sure_counts(told: bytes, seconds: float) -> None:
    assert stood_at_least(told) == seconds


def test_an_attribute_of_no_length_ends_the_search() -> None:
    assert info_in(bytes(72) + struct.pack("=HH", 0, 2) + bytes(8), 0, 84) == b""


@linux
def test_a_real_connection_has_stood_since_its_data_came_and_never_longer_than_it_did() -> None:
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        theirs, _ = server.accept()
        with theirs:
            (address, port), (peer, peers_port) = ours.getsockname(), server.getsockname()
            row = SocketRow(SocketState.ESTABLISHED, address, port, peer, peers_port)
            reader = NetlinkReader()
            at_once = reader.stood(row)
            ours.sendall(b"hello")
            assert theirs.recv(5) == b"hello"
            deadline = time.monotonic() + 20
            while (stood := reader.stood(row)) < 0.2 and time.monotonic() < deadline:
                time.sleep(0.02)

            assert at_once < 0.2
            assert 0.2 <= stood <= time.monotonic() - began + 0.1


@linux
def test_a_connection_that_is_not_there_tells_nothing() -> None:
    assert NetlinkReader().stood(SocketRow(SocketState.ESTABLISHED, "127.0.0.1", 1, "127.0.0.1", 2)) == 0.0
