"""Whose a connection is: read from the kernel's own table, with real sockets and with tables of other users."""

import os
import socket
import sys
from pathlib import Path

import pytest

from agent.platforms.loopback_peer import is_ours

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
PEER, OWN = ("127.0.0.1", 50_000), ("127.0.0.1", 4711)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")


def row(peer: str, own: str, user: int) -> str:
    return f"   0: {peer} {own} 01 00000000:00000000 00:00000000 00000000  {user}        0 1 1 0 20 4 30 10 -1\n"


def table(tmp_path: Path, *rows: str) -> tuple[Path, ...]:
    file = tmp_path / "tcp"
    file.write_text(HEAD + "".join(rows))
    return (file,)


def test_a_real_connection_of_our_own_is_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        own = server.getsockname()
        with socket.create_connection(own) as client:
            accepted, peer = server.accept()
            with accepted:
                assert is_ours(peer, own)
                assert peer == client.getsockname()


@pytest.mark.parametrize(
    ("user", "ours"), [(os.geteuid() if hasattr(os, "geteuid") else 0, True), (0, True), (54_321, False)]
)
def test_another_users_is_not(user: int, ours: bool, tmp_path: Path) -> None:
    rows = row("0100007F:C350", "0100007F:1267", user)

    assert is_ours(PEER, OWN, table(tmp_path, rows)) is ours


def test_an_ipv4_address_in_the_longer_table_is_found(tmp_path: Path) -> None:
    long = "0000000000000000FFFF00000100007F:C350", "0000000000000000FFFF00000100007F:1267"

    assert not is_ours(PEER, OWN, table(tmp_path, row(*long, 54_321)))


def test_other_connections_do_not_matter(tmp_path: Path) -> None:
    rows = row("0100007F:C351", "0100007F:1267", 54_321), row("0100007F:1267", "0100007F:C350", 54_321)

    assert is_ours(PEER, OWN, table(tmp_path, *rows))


def test_where_the_table_cannot_be_read_nothing_is_held_against_it(tmp_path: Path) -> None:
    assert is_ours(PEER, OWN, (tmp_path / "missing",))
