"""What recorded socket tables of three systems mean."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.observers import socket_table
from agent.platforms.sockets.row import SocketRow, SocketState
from agent.platforms.sockets.through_psutil import rows_of
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.ports import OTHER_PORTS

TABLES: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "recorded/sockets.json").read_text())
APPLICATION = 100
CONFIGURED = frozenset({4001, 4002, 7496, 7497})


class Connection:
    """A row as psutil gives it."""

    def __init__(self, status: str, local: str, port: int, remote: str, peer: int, pid: int | None) -> None:
        self.status = status
        self.laddr = (local, port)
        self.raddr = (remote, peer) if remote else ()
        self.pid = pid


def rows(table: dict[str, Any]) -> tuple[SocketRow, ...]:
    return rows_of(Connection(*row) for row in table["rows"])


def interest(table: dict[str, Any]) -> frozenset[int]:
    return CONFIGURED | frozenset(table["api_ports"])


def what(table: dict[str, Any]) -> str:
    return str(table["what"])


@pytest.mark.parametrize("table", TABLES, ids=what)
def test_the_ports_that_can_be_the_api(table: dict[str, Any]) -> None:
    found = socket_table.api_ports(
        rows(table), APPLICATION, ApplicationKind(table["kind"]), command_port=table.get("command_port")
    )

    assert list(found) == table["api_ports"]


@pytest.mark.parametrize("table", TABLES, ids=what)
def test_the_link_to_ibs_servers(table: dict[str, Any]) -> None:
    links = socket_table.upstream(rows(table), APPLICATION)
    found = [f"{link.remote_address}:{link.remote_port}" for link in links]

    assert found == ([table["upstream"]] if table["upstream"] else [])


@pytest.mark.parametrize("table", TABLES, ids=what)
def test_the_sockets_nobody_closed(table: dict[str, Any]) -> None:
    found = socket_table.close_wait(rows(table), APPLICATION, table["api_ports"])

    assert {str(port): count for port, count in found} == table["close_wait"]


@pytest.mark.parametrize("table", TABLES, ids=what)
def test_who_can_be_reached_at_loopback(table: dict[str, Any]) -> None:
    found = socket_table.listeners(rows(table), interest(table))

    assert [[r.local_port, r.pid] for r in found] == table["listeners"]


def test_what_listens_at_another_address_alone_is_told_apart_from_what_127_0_0_1_reaches() -> None:
    table = [
        SocketRow(SocketState.LISTEN, "192.168.1.5", 4002),
        SocketRow(SocketState.LISTEN, "192.168.1.6", 4002, pid=7),
        SocketRow(SocketState.LISTEN, "192.168.1.5", 4001, pid=7),
        SocketRow(SocketState.LISTEN, "", 4001, pid=8),
        SocketRow(SocketState.LISTEN, "192.168.1.5", 9, pid=7),
    ]

    assert socket_table.listeners_elsewhere(table, CONFIGURED) == (table[1],)
    assert socket_table.listeners(table, CONFIGURED) == (table[3],)


@pytest.mark.parametrize("table", TABLES, ids=what)
def test_the_programs_connected(table: dict[str, Any]) -> None:
    found = socket_table.clients(rows(table), interest(table), frozenset({APPLICATION}))

    assert [[c.port, c.pid, c.peer] for c in found] == table["clients"]


def test_a_hint_of_the_mode_puts_its_default_port_first() -> None:
    both = [SocketRow(SocketState.LISTEN, "", port, pid=APPLICATION) for port in (7496, 7497)]
    found = socket_table.api_ports(both, APPLICATION, ApplicationKind.TWS, TradingMode.PAPER)

    assert found == (7497, 7496)


def test_every_port_of_another_product_is_told() -> None:
    found = socket_table.listening_ports([SocketRow(SocketState.LISTEN, "", p, pid=7) for p in (5001, 5000, 5000)], 7)

    assert found == (5000, 5001)


PORTS = st.integers(1, 65535) | st.sampled_from([4000, 4001, 4002, 7462, 7496, 7497, 5900])
ROWS = st.lists(
    st.builds(
        SocketRow,
        st.sampled_from(SocketState),
        st.sampled_from(["", "127.0.0.1", "::1", "127.0.0.2", "10.0.0.5"]),
        PORTS,
        st.sampled_from(["", "127.0.0.1", "198.51.100.9"]),
        PORTS,
        st.sampled_from([None, APPLICATION, 200]),
    ),
    max_size=12,
)


@given(ROWS, st.sampled_from(ApplicationKind))
def test_in_any_table_an_api_port_is_one_the_process_listens_on_and_not_another_known_one(
    table: list[SocketRow], kind: ApplicationKind
) -> None:
    found = socket_table.api_ports(table, APPLICATION, kind)
    listening = {r.local_port for r in table if r.pid == APPLICATION and r.state is SocketState.LISTEN}

    assert len(set(found)) == len(found)
    assert set(found) <= listening - OTHER_PORTS


@given(ROWS)
def test_in_any_table_an_application_is_never_its_own_client(table: list[SocketRow]) -> None:
    found = socket_table.clients(table, CONFIGURED, frozenset({APPLICATION}))

    assert all(client.pid != APPLICATION for client in found)
