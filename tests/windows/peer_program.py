"""Runs on the Windows Python: whose a connection over loopback is, by the program's own code. One JSON object."""

import asyncio
import json
import os
import socket

import psutil

from agent.platforms import loopback_peer
from agent.platforms.loopback_processes import TcpTable
from agent.platforms.sockets.through_psutil import rows_of
from agent.platforms.user_windows import runs_as_this_user


async def main() -> None:
    """Connect to a port of our own, and ask in the program's way and in its parts."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, peer = server.accept()
        own = accepted.getsockname()
        awaited = loopback_peer.is_ours(peer, own)
        report = {
            "named": [row.pid for row in rows_of(psutil.net_connections("tcp")) if row.local_port == peer[1]],
            "ours": awaited if isinstance(awaited, bool) else await awaited,
            "peer is the client": peer == client.getsockname(),
            "found": TcpTable(lambda pid: True)(peer, own),
            "not there": TcpTable(lambda pid: True)(("127.0.0.1", 9), own),
            "another user's": TcpTable(lambda pid: False)(peer, own),
            "our process": runs_as_this_user(os.getpid()),
            "no process": runs_as_this_user(0x7FFFFFF0),
        }
        accepted.close()
    print(json.dumps(report))  # noqa: T201 - the report


asyncio.run(main())
