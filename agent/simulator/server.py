"""The simulated TWS as an asyncio server that speaks the TWS API, with faults that can be switched while it runs."""

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

from agent.simulator.answers import RequestAnswers
from agent.simulator.faults import WIRE_FAULTS, Fault, value_for
from agent.simulator.loopback import loopback_listeners
from agent.simulator.notices import BROKEN, OK, READ_ONLY_TEXTS, link_back, said_unasked, simulated_text
from agent.simulator.session import ID_RELEASE_SECONDS, ClientSession
from agent.simulator.spoiling import SPOILING
from agent.simulator.state import CLIENT_PLACES, FARM_FAULTS, Profile, Situation, farm_names
from agent.simulator.surroundings import LOOPBACK
from agent.tws.api_settings import Configuration


class Simulator:
    """A TWS or IB Gateway to talk to. Belongs to the event loop that opened it."""

    def __init__(
        self,
        profile: Profile,
        *,
        host: str = "127.0.0.1",
        port: int,
        clock: Callable[[], float] = time.time,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.profile = profile
        self.host = host
        self.port = port
        self.connections_accepted = 0
        self.situation = Situation(profile, clock, say or (lambda _: None))
        self.situation.move_to = self._move_soon
        self._desk = RequestAnswers(self.situation)
        self._sessions: dict[ClientSession, None] = {}
        self._servers: list[asyncio.Server] = []
        self._moved = asyncio.Event()
        """Set whenever a connection came or went."""
        self._fillers: list[socket.socket] = []
        self._filler_ports: set[int] = set()
        self._refills: set[asyncio.Task[None]] = set()
        self._moves: set[asyncio.Task[None]] = set()

    @property
    def active(self) -> Mapping[str, str]:
        """The faults in force and their values ("" where a fault takes none)."""
        return MappingProxyType(self.situation.active)

    @property
    def received(self) -> Counter[int]:
        """Messages received in total, by message ID (always the text-era number, also for protobuf)."""
        return self.situation.received

    @property
    def sessions(self) -> tuple[ClientSession, ...]:
        """The open connections, oldest first; those not yet started have no client ID."""
        return tuple(session for session in self._sessions if not session.is_filler)

    # Opening and closing

    async def open(self) -> int:
        """Start to listen; port 0 means any free one. Returns the port. Faults in force stay in force."""
        if self._servers:
            return self.port
        loop = asyncio.get_running_loop()
        self._servers = [
            await loop.create_server(
                lambda: ClientSession(self, self._desk.answer, self._filler_ports.__contains__), sock=listener
            )
            for listener in self._listeners()
        ]
        self.port = self.situation.port = self._servers[0].sockets[0].getsockname()[1]
        self.situation.say(f"listening on {self.host}:{self.port}")
        if self.situation.has("too-many-clients"):
            await self._fill_places()
        return self.port

    def _listeners(self) -> list[socket.socket]:
        """Where it listens: on the address it was given, on both of loopback where that is the usual one."""
        if self.host == LOOPBACK:
            return loopback_listeners(self.port)
        return [socket.create_server((self.host, self.port))]

    async def close(self) -> None:
        """Stop to listen and close all sessions, as a restart does. Can be opened again."""
        for move in self._moves:
            move.cancel()
        self._empty_places()
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for session in tuple(self._sessions):
            session.close()
        await asyncio.sleep(0)
        for session in tuple(self._sessions):
            # A client that never reads would keep a closing session for ever.
            session.abandon()
        while self._sessions:
            self._moved.clear()
            await self._moved.wait()
        for server in servers:
            await server.wait_closed()
        self.situation.client_ids.clear()

    def arrived(self, session: ClientSession) -> None:
        """A connection was accepted."""
        self._moved.set()
        self._sessions[session] = None
        self.situation.connections += 1
        if not session.is_filler:
            self.connections_accepted += 1

    def left(self, session: ClientSession) -> None:
        """A connection is gone; its client ID follows a little later."""
        self._moved.set()
        self._sessions.pop(session, None)
        self.situation.connections -= 1
        self._filler_ports.discard(session.peer_port)
        if session.client_id is not None:
            asyncio.get_running_loop().call_later(
                ID_RELEASE_SECONDS, self.situation.release, session.client_id, session
            )
        self._keep_full()

    # Notices

    async def notify(
        self, code: int, text: str | None = None, request_id: int = -1, client_id: int | None = None
    ) -> None:
        """Send a notice to all sessions, or to one client's; without a text, the one a real TWS uses."""
        for session in self._started():
            if client_id is None or session.client_id == client_id:
                session.notice(code, text, request_id)

    def _started(self) -> tuple[ClientSession, ...]:
        return tuple(session for session in self._sessions if session.started)

    # Faults

    async def apply(self, fault: str, value: str | None = None) -> None:
        """Put a wire fault in force, or make a one-shot one happen. ValueError, in one sentence, on nonsense."""
        known = _fault_named(fault)
        chosen = value_for(known, value)
        if known.one_shot:
            await self._happen(fault, chosen)
        else:
            earlier = self.situation.active.get(fault)
            self.situation.active[fault] = chosen
            await self._begin(fault, chosen, earlier)
            self._pump()
        self.situation.say(f"fault {fault}{f' ({chosen})' if chosen else ''}")

    async def heal(self, fault: str | None = None) -> None:
        """Take one fault, or all, out of force. ValueError on a name that does not exist."""
        if fault is not None:
            _fault_named(fault)
        if fault is None:
            self.situation.tells_read_only = True
        for name in tuple(self.situation.active) if fault is None else (fault,):
            value = self.situation.active.pop(name, None)
            if value is None:
                continue
            await self._end(name, value)
            self.situation.say(f"healed {name}")
        self._pump()

    def _pump(self) -> None:
        """Let every session answer what a fault has held back."""
        for session in tuple(self._sessions):
            session.pump()

    async def _begin(self, fault: str, value: str, earlier: str | None) -> None:
        """What happens at once when a fault comes into force."""
        if fault in FARM_FAULTS:
            kind, broken = FARM_FAULTS[fault], farm_names(value)
            for farm in broken:
                await self.notify(BROKEN[kind], simulated_text(BROKEN[kind], farm))
            for farm in farm_names(earlier or ""):
                if farm not in broken:
                    await self.notify(OK[kind], simulated_text(OK[kind], farm))
        elif fault == "link-lost":
            await self.notify(int(value))
            if value == "1100":
                for farm, kind, connected in self.situation.farms():
                    if connected:
                        await self.notify(BROKEN[kind], simulated_text(BROKEN[kind], farm))
        elif fault in SPOILING:
            for session in self._started():
                session.spoil(fault)
        elif fault == "too-many-clients":
            await self._fill_places()
        elif fault == "competing-session":
            for session in self._started():
                for request_id in session.market_data:
                    session.notice(10197, request_id=request_id)
        for code, text in said_unasked(fault, value):
            await self.notify(code, text)

    async def _end(self, fault: str, value: str) -> None:
        """What happens at once when a fault is over."""
        if fault in FARM_FAULTS:
            kind = FARM_FAULTS[fault]
            for farm in farm_names(value):
                await self.notify(OK[kind], simulated_text(OK[kind], farm))
        elif fault == "link-lost":
            await self._link_back(kept=True)
        elif fault == "too-many-clients":
            self._empty_places()

    async def _happen(self, fault: str, value: str) -> None:
        """Make a one-shot fault happen."""
        match fault:
            case "link-back-kept" | "link-back-lost":
                self.situation.active.pop("link-lost", None)
                await self._link_back(kept=fault == "link-back-kept")
            case "reset-sessions":
                for session in self.sessions:
                    session.reset()
            case "drop-sessions":
                for session in self.sessions:
                    session.close()
            case "read-only-notice":
                # Else what the settings tell would contradict it.
                self.situation.tells_read_only = False
                await self.notify(321, READ_ONLY_TEXTS[value])
            case "port-changed":
                await self._change_port(int(float(value or 0)))
            case _:
                raise AssertionError(fault)

    async def _link_back(self, *, kept: bool) -> None:
        """The link to IB's servers is back: 1102 with the farms, or 1101, after which nothing is subscribed."""
        farms = self.situation.farms()
        if kept:
            text = link_back([n for n, _, up in farms if up], [n for n, _, up in farms if not up])
            await self.notify(1102, text)
        else:
            for session in self._started():
                session.market_data.clear()
            await self.notify(1101)
        for code, farm in self.situation.farm_notices():
            await self.notify(code, simulated_text(code, farm))

    def configure(self, changes: Configuration) -> tuple[str, ...]:
        """Change settings as the user does in its windows; returns the paths of those that are different now."""
        return self.situation.configure(changes)

    def _move_soon(self, port: int) -> None:
        """Listen on another port, after what is being answered now."""
        task = asyncio.get_running_loop().create_task(self._move(port))
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)

    async def _move(self, port: int) -> None:
        try:
            await self._change_port(port)
        except ValueError as error:
            self.situation.say(str(error))

    async def _change_port(self, port: int) -> None:
        """Listen on another port, tell everybody, and drop them."""
        listening = bool(self._servers)
        earlier = self.port
        told = self._started()
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        self.port = port
        if listening:
            try:
                await self.open()
            except OSError as error:
                self.port = earlier
                await self.open()
                raise ValueError(f"port {port} cannot be listened on: {error.strerror}") from None
        for session in told:
            session.notice(1300, simulated_text(1300, self.port))
            session.close()

    # Client places

    async def _fill_places(self) -> None:
        """Take the free client places with connections of its own, so that they can be counted from outside."""
        loop = asyncio.get_running_loop()
        while self._servers and self._free_places() > 0:
            filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.bind((self.host, 0))
            self._filler_ports.add(filler.getsockname()[1])
            self._fillers.append(filler)
            with contextlib.suppress(OSError):
                # The server may be closing meanwhile, and its places with it.
                await loop.sock_connect(filler, (self.host, self.port))

    def _free_places(self) -> int:
        """Client places without a client, while all are meant to be taken."""
        if not self.situation.has("too-many-clients"):
            return 0
        return CLIENT_PLACES - len(self.sessions) - len(self._fillers)

    def _keep_full(self) -> None:
        """Take the place that a session has left."""
        if self._servers and self._free_places() > 0:
            task = asyncio.get_running_loop().create_task(self._fill_places())
            self._refills.add(task)
            task.add_done_callback(self._refills.discard)

    def _empty_places(self) -> None:
        """Give the filled places back."""
        for session in tuple(self._sessions):
            if session.is_filler or session.without_place:
                with contextlib.suppress(OSError):
                    session.close()
        for task in self._refills:
            task.cancel()
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()


def _fault_named(name: str) -> Fault:
    """A wire fault by name. ValueError when there is none."""
    if name not in WIRE_FAULTS:
        raise ValueError(f"there is no fault {name!r} on the wire; there are {', '.join(WIRE_FAULTS)}")
    return WIRE_FAULTS[name]
