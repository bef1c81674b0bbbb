"""Whose a connection is: asked of real systems where they are here, and of recorded answers where they are not."""

import asyncio
import errno
import inspect
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from agent.platforms import loopback_linux, loopback_peer
from agent.platforms.loopback_linux import Owner, find_in_text, find_owner, parse_owner
from agent.platforms.loopback_processes import Own, TcpTable
from agent.platforms.sockets.row import SocketRow, SocketState
from agent.platforms.sockets.through_psutil import rows_of

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
PEER, OWN = ("127.0.0.1", 50_000), ("127.0.0.1", 4711)
PEER_END, OWN_END = "0100007F:C350", "0100007F:1267"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux’s own way")


@contextmanager
def connected(family: int = socket.AF_INET) -> Iterator[tuple[socket.socket, tuple[str, int], tuple[str, int]]]:
    """A real client with both ends of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(family) as client:
        host = "127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1"
        client.connect((host, server.getsockname()[1]))
        accepted, peer = server.accept()
        with accepted:
            yield client, peer, accepted.getsockname()


# ── Linux ───────────────────────────────────────────────────────────────────────────────────────


@LINUX
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_kernel_names_the_user_of_a_real_socket_in_both_ways(family: int) -> None:
    with connected(family) as (client, peer, own):
        mine = Owner(os.geteuid(), os.fstat(client.fileno()).st_ino)

        assert find_owner(peer, own) == find_in_text(peer, own) == mine
        assert loopback_linux.is_ours_by_netlink(peer, own)
        assert loopback_linux.is_ours_by_text(peer, own)


@LINUX
@pytest.mark.parametrize("judge", [loopback_linux.is_ours_by_netlink, loopback_linux.is_ours_by_text])
def test_a_socket_that_was_closed_at_once_is_nobodys_though_the_kernel_may_call_it_roots(
    judge: loopback_peer.PeerJudge,
) -> None:
    with connected() as (client, peer, own):
        client.sendall(b"POST / HTTP/1.1\r\n\r\n")
        client.close()

        assert not judge(peer, own)


@LINUX
def test_a_connection_that_is_not_there_is_nobodys_and_a_listener_on_its_port_does_not_stand_in() -> None:
    with connected() as (_, peer, own), socket.create_server(("127.0.0.1", 0)) as other:
        assert find_owner(peer, own) is not None
        assert find_owner(other.getsockname(), own) is None
        assert find_owner(("127.0.0.1", 1), own) is None
        with pytest.raises(OSError, match="does not know"):
            find_owner(("127.0.0.1", 1), ("127.0.0.1", 2))
        assert not loopback_linux.is_ours_by_text(("127.0.0.1", 1), own)


@pytest.mark.parametrize(
    ("user", "inode", "ours"),
    [(os.geteuid() if hasattr(os, "geteuid") else 0, 5, True), (0, 5, True), (0, 0, False), (54_321, 5, False)],
)
def test_who_is_let_in_on_linux(
    user: int, inode: int, ours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = f"   0: {PEER_END} {OWN_END} 01 00000000:00000000 00:00000000 00000000  {user}        0 {inode} 1 0 20\n"
    (tmp_path / "tcp").write_text(HEAD + row)
    monkeypatch.setattr(loopback_linux, "find_owner", lambda *ends: Owner(user, inode))

    assert loopback_linux.is_ours_by_text(PEER, OWN, (tmp_path / "tcp", tmp_path / "no tcp6")) is ours
    assert loopback_linux.is_ours_by_netlink(PEER, OWN) is ours


def test_an_ipv4_address_in_the_longer_table_is_found_and_other_rows_do_not_matter(tmp_path: Path) -> None:
    four, six = tmp_path / "tcp", tmp_path / "tcp6"
    end = "01 00000000:00000000 00:00000000 00000000  54321        0 7 1 0 20\n"
    four.write_text(f"{HEAD}   0: {OWN_END} {PEER_END} {end}   1: 0100007F:C351 {OWN_END} {end}")
    six.write_text(f"{HEAD}   0: 0000000000000000FFFF0000{PEER_END} 0000000000000000FFFF0000{OWN_END} {end}")

    assert find_in_text(PEER, OWN, (four,)) is None
    assert find_in_text(PEER, OWN, (four, six)) == Owner(54_321, 7)
    with pytest.raises(OSError, match="No such file"):
        find_in_text(PEER, OWN, (tmp_path / "missing", six))


def answer(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body


def test_answers_of_the_kernel() -> None:
    ends = struct.pack(">HH", 50_000, 4711) + bytes(44)
    found = answer(20, bytes(4) + ends + struct.pack("=5I", 0, 0, 0, 54_321, 7))

    assert parse_owner(found) == (Owner(54_321, 7), (50_000, 4711))
    assert parse_owner(answer(2, struct.pack("=i", -2))) is None
    for refused in (answer(2, struct.pack("=i", -1)), answer(2, b""), b"", found[:60]):
        with pytest.raises(OSError, match=r"permitted|length"):
            parse_owner(refused)


@LINUX
async def test_without_sock_diag_the_tables_are_read_and_without_both_the_key_protects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def untold(*ends: object) -> bool:
        raise OSError("no sock_diag")

    with connected() as (client, peer, own):
        monkeypatch.setattr(loopback_linux, "find_owner", untold)
        by_text = loopback_peer.is_ours(peer, own)
        assert inspect.isawaitable(by_text)
        assert await by_text
        client.close()
        late = loopback_peer.is_ours(peer, own)
        assert inspect.isawaitable(late)
        assert not await late
    assert await loopback_peer.aside(untold, PEER, OWN)


# ── Windows and macOS, by the process that holds the other end ──────────────────────────────────


def tcp(local: tuple[str, int], remote: tuple[str, int], pid: int | None, family: int = 2) -> object:
    """A row as psutil has it on Windows."""
    address = type("addr", (tuple,), {"ip": property(lambda a: a[0]), "port": property(lambda a: a[1])})
    names = {"laddr": address(local), "raddr": address(remote), "status": "ESTABLISHED", "pid": pid, "family": family}
    return type("sconn", (), names)()


RECORDED = (
    # What psutil.net_connections("tcp") told on Windows of a server, a browser and a program of another user.
    tcp(OWN, PEER, 4242),
    tcp(PEER, OWN, 5100),
    tcp(("127.0.0.1", 50_001), OWN, 6200),
    tcp(("::ffff:127.0.0.1", 50_002), ("::ffff:127.0.0.1", 4711), 5100, 23),
    tcp(("127.0.0.1", 50_003), OWN, None),
    tcp(("127.0.0.1", 50_004), ("127.0.0.1", 4712), 5100),
)


@pytest.mark.parametrize(
    ("port", "ours"), [(50_000, True), (50_001, False), (50_002, True), (50_003, False), (50_004, False), (9, False)]
)
def test_on_windows_the_owner_of_the_process_decides(port: int, ours: bool) -> None:
    judge = TcpTable(lambda pid: pid in (4242, 5100), lambda: rows_of(RECORDED))

    assert judge(("127.0.0.1", port), OWN) is ours


async def test_a_table_that_is_withheld_tells_nothing() -> None:
    def withheld() -> tuple[SocketRow, ...]:
        raise psutil.AccessDenied

    assert await loopback_peer.aside(TcpTable(lambda pid: True, withheld), PEER, OWN)


def test_on_macos_what_none_of_our_own_processes_holds_is_not_ours_and_the_last_browser_is_asked_first() -> None:
    asked: list[int] = []
    held = {
        # A process of another user withholds its sockets; None is what psutil’s AccessDenied becomes.
        300: None,
        200: (SocketRow(SocketState.ESTABLISHED, *PEER, *OWN), SocketRow(SocketState.LISTEN, "", 80)),
        100: (SocketRow(SocketState.ESTABLISHED, *OWN, *PEER),),
    }

    def rows(pid: int) -> tuple[SocketRow, ...] | None:
        asked.append(pid)
        return held[pid]

    judge = Own(lambda: [300, 200, 100], rows)
    first, again = judge(PEER, OWN), judge(PEER, OWN)
    other = judge(("127.0.0.1", 50_009), OWN)

    assert (first, again, other) == (True, True, False)
    assert asked == [300, 200, 200, 200, 300, 100]


def test_the_way_of_macos_on_real_processes() -> None:
    with connected() as (_, peer, own):
        judge = Own(lambda: [os.getpid()])

        assert judge(peer, own)
        assert not judge(own, ("127.0.0.1", 9))


def test_it_is_awaited_only_where_it_takes_long() -> None:
    async def asked() -> bool:
        with connected() as (_, peer, own):
            told = loopback_peer.is_ours(peer, own)
            return told if isinstance(told, bool) else await told

    assert asyncio.run(asked())


@pytest.mark.parametrize(
    ("fault", "let_in"),
    [
        (OSError(errno.ENOENT, "no table"), True),
        (OSError("not told here"), True),
        (OSError(errno.EMFILE, "Too many open files"), False),
        (OSError(errno.ENFILE, "Too many open files in system"), False),
        (TimeoutError("timed out"), False),
    ],
)
async def test_a_question_that_failed_lets_nobody_in(fault: OSError, let_in: bool) -> None:
    def judge(peer: tuple[str, int], own: tuple[str, int]) -> bool:
        raise fault

    assert await loopback_peer.aside(judge, ("127.0.0.1", 1), ("127.0.0.1", 2)) is let_in
