"""The part of the application: the wire server, the link to IB's servers, and what fills memory or holds sockets."""

import asyncio
import contextlib
import socket
from pathlib import Path

import psutil

from agent.simulator.configuration import configuration_of
from agent.simulator.ibc_server import CommandServer
from agent.simulator.launcher_log import LauncherLog
from agent.simulator.loopback import loopback_listeners
from agent.simulator.process import Order, PartReply, Tell, wish
from agent.simulator.server import Simulator
from agent.simulator.state import Profile
from agent.simulator.surroundings import LOOPBACK, keep_open, short_path, splice
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.reset_windows import Region

_BACKLOG = 50
"""Backlog of the API port: the default of Java's server sockets."""

RELINK_AFTER = 0.5
"""Seconds before a broken link to IB's servers is made again."""

_CHUNK = 1 << 20
"""Bytes that are added at a time to fill memory."""


class ApplicationPart:
    """A TWS or IB Gateway from log-in screen to log-out."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._server: Simulator | None = None
        self._link = UpstreamLink(LOOPBACK, 0)
        self._stuck = StuckListener()
        self._ballast: list[bytearray] = []
        self._listening = False
        self._bridge: asyncio.Server | None = None
        self._commands: CommandServer | None = None
        self._launcher_log: LauncherLog | None = None

    async def begin(self, order: Order) -> PartReply:
        """Start in the state that the order describes; no port is open before log-in."""
        profile = Profile(
            application=ApplicationKind(order["kind"]),
            trading_mode=TradingMode(order["mode"]),
            version=order["version"],
            server_version=order["server_version"],
            accounts=tuple(order["accounts"]),
            region=Region(order["region"]),
            tick_seconds=order["tick_seconds"],
            configuration=configuration_of(order["configuration"]),
        )
        self._server = Simulator(profile, host=LOOPBACK, port=order["port"], say=self._tell)
        self._link = UpstreamLink(*order["upstream"])
        for name, value in order.get("faults", ()):
            await self._server.apply(name, value)
        if bridge := order.get("bridge"):
            await self._open_bridge(str(bridge))
        if target := order.get("memory"):
            self._fill_memory(int(target))
        if folder := order.get("launcher_log"):
            self._launcher_log = LauncherLog(Path(folder))
        if command_port := order.get("command_port"):
            self._commands = CommandServer(profile.application, lambda: self._listening, wish)
            await self._commands.open(int(command_port))
        return await self._stand(order)

    async def perform(self, order: Order) -> PartReply:
        """Carry out one order of the parent process."""
        server = self._running
        match order["do"]:
            case "stand":
                return await self._stand(order)
            case "fault":
                await server.apply(order["name"], order.get("value"))
            case "heal":
                await server.heal(order.get("name"))
            case "notify":
                await server.notify(
                    int(order["code"]),
                    order.get("text"),
                    request_id=int(order.get("request_id", -1)),
                    client_id=order.get("client_id"),
                )
            case "counters":
                return {"connections_accepted": server.connections_accepted, "received": dict(server.received)}
            case "configure":
                server.configure(configuration_of(order["changes"]))
            case "configuration":
                situation = server.situation
                return {"told": situation.reported_configuration.to_json(), "kept": situation.configuration.to_json()}
            case "stuck":
                await self._set_stuck(bool(order["on"]))
            case other:
                raise ValueError(f"The application cannot {other}")
        return {"port": server.port, "faults": dict(server.active)}

    @property
    def _running(self) -> Simulator:
        if self._server is None:
            raise ValueError("The application has not started")
        return self._server

    async def _stand(self, order: Order) -> PartReply:
        """Take the state of the order: linked to IB's servers or not, listening on a port or not."""
        server = self._running
        if self._launcher_log is not None:
            await self._launcher_log.go_to(order["login"])
        if order["linked"]:
            await self._link.up()
        else:
            await self._link.down()
        listening, port = bool(order["listening"]), int(order["port"])
        if self._listening and (not listening or port not in (0, server.port)):
            await self._set_stuck(False)
            await server.close()
            self._listening = False
        if listening and not self._listening:
            server.port = port or server.port
            await server.open()
            self._listening = True
        return {"port": server.port if self._listening else 0}

    async def _set_stuck(self, on: bool) -> None:
        if on == self._stuck.open or not self._listening:
            return
        server = self._running
        if on:
            await server.close()
            self._stuck.start(server.port)
        else:
            await self._stuck.stop()
            await server.open()

    async def _open_bridge(self, path: str) -> None:
        """Let the relay in over a Unix socket: the relay's network cannot reach the ports of ours."""
        _remove(path)
        self._bridge = await asyncio.start_unix_server(self._let_in, short_path(path))

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inside = await asyncio.open_connection(LOOPBACK, self._running.port)
        except OSError:
            writer.close()
            return
        await splice((reader, writer), inside)

    def _fill_memory(self, target: int) -> None:
        process = psutil.Process()
        while process.memory_info().rss < target:
            # The bytes are written, so that the pages are really resident.
            self._ballast.append(bytearray(b"\x01") * _CHUNK)


class UpstreamLink:
    """The connection of a logged-in application to IB's servers."""

    def __init__(self, address: str, port: int) -> None:
        self._address = address
        self._port = port
        self._keeper: asyncio.Task[None] | None = None

    async def up(self) -> None:
        """Connect and keep connected. Returns when the connection stands."""
        if self._keeper is None:
            reader, writer = await asyncio.open_connection(self._address, self._port)
            self._keeper = asyncio.create_task(self._keep(reader, writer))

    async def down(self) -> None:
        """Disconnect."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None

    async def _keep(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await keep_open(reader, writer)
            reader, writer = await self._again()

    async def _again(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            await asyncio.sleep(RELINK_AFTER)
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(self._address, self._port)


class StuckListener:
    """An API port whose owner accepts, never answers and never closes: dead clients stay behind in CLOSE_WAIT."""

    def __init__(self) -> None:
        self._listeners: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._sockets: list[socket.socket] = []

    @property
    def open(self) -> bool:
        """Whether it has replaced the real server."""
        return bool(self._listeners)

    def start(self, port: int) -> None:
        """Listen on the port."""
        self._listeners = loopback_listeners(port, _BACKLOG)
        for listener in self._listeners:
            listener.setblocking(False)
        self._accepting = [asyncio.create_task(self._accept(listener)) for listener in self._listeners]

    async def stop(self) -> None:
        """Close everything."""
        for accepting in self._accepting:
            accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await accepting
        for held in (*self._sockets, *self._listeners):
            held.close()
        self._sockets.clear()
        self._listeners, self._accepting = [], []

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(listener)
            self._sockets.append(accepted)


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)
