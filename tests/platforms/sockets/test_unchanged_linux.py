"""The table of connections is not walked again while the kernel tells that nothing has changed."""

import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.platforms.sockets import unchanged_linux
from agent.platforms.sockets.linux import DiagRow, Keep, NetlinkReader, dump
from agent.platforms.sockets.unchanged_linux import ALL_AGAIN, MOST_ASKED, Unchanged, all_stand, tcp_sockets

PORTS = frozenset({4002})
ONE, OTHER = b"one", b"other"


@dataclass
class Kernel:
    """What the kernel counts, and the sockets that stand."""

    count: tuple[str, ...] = ("TCP: inuse 5",)
    standing: set[bytes] = field(default_factory=lambda: {ONE, OTHER})
    broken: bool = False

    def counted(self) -> tuple[str, ...]:
        if self.broken:
            raise OSError("withheld")
        return self.count

    def stand(self, known: Sequence[bytes]) -> bool:
        return set(known) <= self.standing


def seen(kernel: Kernel, *known: bytes) -> Unchanged:
    """Two connections were found at 100 s."""
    unchanged = Unchanged(kernel.counted, kernel.stand)
    unchanged.since_then(PORTS, 100.0)
    unchanged.found(known or (ONE, OTHER), PORTS, 100.0)
    return unchanged


def test_nothing_has_changed_while_the_count_and_each_connection_stay() -> None:
    unchanged = seen(Kernel())

    assert unchanged.since_then(PORTS, 110.0)
    assert unchanged.since_then(PORTS, 120.0)
    assert not unchanged.since_then(PORTS, 100.0 + ALL_AGAIN)


def test_another_count_a_connection_that_went_and_other_ports_are_changes() -> None:
    more, gone = Kernel(), Kernel()
    counted, went, elsewhere = seen(more), seen(gone), seen(Kernel())
    more.count = ("TCP: inuse 6",)
    gone.standing = {ONE}

    assert not counted.since_then(PORTS, 110.0)
    assert not went.since_then(PORTS, 110.0)
    assert not elsewhere.since_then(PORTS | {4001}, 110.0)


def test_where_the_kernel_does_not_count_or_tell_the_table_is_read() -> None:
    broken = Kernel(broken=True)

    assert not seen(broken).since_then(PORTS, 110.0)
    assert not seen(Kernel(), ONE, b"").since_then(PORTS, 110.0)
    assert not seen(Kernel(), *[ONE] * (MOST_ASKED + 1)).since_then(PORTS, 110.0)
    assert not Unchanged(Kernel().counted, Kernel().stand).since_then(PORTS, 100.0)


def test_a_walk_that_failed_is_made_up_for() -> None:
    more, gone = Kernel(), Kernel()
    counted, went = seen(more), seen(gone)
    more.count = ("TCP: inuse 6",)
    gone.standing = {ONE}
    changes = counted.since_then(PORTS, 110.0), went.since_then(PORTS, 110.0)
    # Nothing was found then, and the count is the same from now on.
    gone.standing = {ONE, OTHER}

    assert changes == (False, False)
    assert not counted.since_then(PORTS, 115.0)
    assert not went.since_then(PORTS, 115.0)


def test_a_kernel_without_ipv6_counts_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    four, six = tmp_path / "sockstat", tmp_path / "sockstat6"
    four.write_text("sockets: used 9\nTCP: inuse 5 orphan 0 tw 2 alloc 7 mem 1\n")
    monkeypatch.setattr(unchanged_linux, "_SOCKSTAT", (four, six))
    with_one = tcp_sockets()
    four.unlink()

    assert with_one == ("TCP: inuse 5",)
    assert tcp_sockets() == ()


linux = pytest.mark.skipif(sys.platform != "linux", reason="netlink")


def which(*ports: int) -> list[bytes]:
    return [d.which for d in dump(frozenset(ports), lambda *_: True)]


@linux
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_kernel_tells_whether_a_connection_stands_as_it_did(family: socket.AddressFamily) -> None:
    at = "127.0.0.1" if family is socket.AF_INET else ""
    with socket.create_server((at, 0), family=family, dualstack_ipv6=family is socket.AF_INET6) as server:
        port = server.getsockname()[1]
        # Over IPv4 to a socket of both families: each of its ends is told as one of its own family.
        with socket.create_connection(("127.0.0.1", port)) as client:
            waiting = which(port)
            waits = all_stand(waiting)
            accepted, _ = server.accept()
            with accepted:
                owned, both = all_stand(waiting), which(port)
                stand = all_stand(both)
                client.close()
                half = all_stand(both)

    assert len(waiting) == len(both) == 2
    # Accepting gives it an owner, closing one end another state.
    assert (waits, owned, stand, half) == (True, False, True, False)
    assert not all_stand(both)


@linux
def test_the_kernel_counts_a_socket_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        before = tcp_sockets()
        with socket.create_connection(("127.0.0.1", port)):
            assert tcp_sockets() != before
    assert any(line.startswith("TCP: inuse ") for line in before)


@linux
def test_a_reader_walks_again_for_what_is_new_and_not_otherwise() -> None:
    walks = []
    # The rest of the machine opens and closes sockets as it likes: its count is left out.
    ours = ["0"]

    def dumped(ports: frozenset[int] | None, keep: Keep) -> list[DiagRow]:
        walks.append(ports)
        return dump(ports, keep)

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reader = NetlinkReader(dumped, unchanged=Unchanged(lambda: tuple(ours)))

        def read(now: float, *, thorough: bool = False) -> tuple[int, int]:
            walks.clear()
            rows = reader.read(frozenset(), frozenset({port}), thorough=thorough, now=now).rows
            return len(rows), sum(ports is not None for ports in walks)

        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            first, again, thorough = read(0.0), read(1.0), read(2.0, thorough=True)
            ours[0] = "2"
            with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
                more, same = read(3.0), read(4.0)
            gone = read(5.0)

    assert (first, again, thorough) == ((3, 1), (3, 0), (3, 1))
    assert (more, same) == ((5, 1), (5, 0))
    # The two ends that are gone are no connections any more, whatever the count says.
    assert gone == (3, 1)
