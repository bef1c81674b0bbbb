"""Listening sockets: small answers leave at once, on the page, at the metrics and from the simulator."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from agent.platforms.listening import listen_alone
from agent.simulator.loopback import listening_socket, loopback_listeners


def _first(made: list[socket.socket]) -> socket.socket:
    for other in made[1:]:
        other.close()
    return made[0]


MADE: dict[str, Callable[[], socket.socket]] = {
    "page and metrics": lambda: listen_alone("127.0.0.1", 0),
    "simulator": lambda: _first(loopback_listeners(0)),
    "simulator at another address": lambda: listening_socket("127.0.0.2", 0),
}


@pytest.mark.parametrize("of", MADE)
async def test_a_server_of_asyncio_sends_without_delay(of: str) -> None:
    sends_at_once = asyncio.get_running_loop().create_future()

    def came(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = writer.get_extra_info("socket")
        sends_at_once.set_result(bool(wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        writer.close()

    async with await asyncio.start_server(came, sock=MADE[of]()) as server:
        host, port = server.sockets[0].getsockname()[:2]
        _, writer = await asyncio.open_connection(host, port)
        assert await sends_at_once
        writer.close()
