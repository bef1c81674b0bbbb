"""The simulated TWS: an asyncio server that speaks the TWS API, with faults that can be switched while it runs."""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

from agent.platforms.files import reason_of
from agent.simulator.answers import RequestAnswers
from agent.simulator.farms import farm_names
from agent.simulator.faults import WIRE_FAULTS, Fault, value_for
from agent.simulator.limits import EnforcedLimits
from agent.simulator.loopback import listening_socket, loopback_listeners
from agent.simulator.notices import BROKEN, OK, READ_ONLY_TEXTS, link_back, said_unasked, simulated_text
from agent.simulator.session import ID_RELEASE_SECONDS, ClientSession
from agent.simulator.spoiling import SPOILING
from agent.simulator.state import FARM_FAULTS, Profile, Situation
from agent.simulator.surroundings import LOOPBACK
from agent.tws.api_settings import Configuration


class Simulator:
    """A TWS or IB Gateway for API clients. It belongs to the event loop that opened it."""

    def __init__(
        self,
        profile: Profile,
        *,
        host: str = "127.0.0.1",
        port: int,
        clock: Callable[[], float] = time.time,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.connections_accepted = 0
        self.situation = Situation(profile, clock, say or (lambda _: None))
        self.situation.move_to = self._move_soon
        self._sessions: dict[ClientSession, None] = {}
        self._answers = RequestAnswers(self.situation, lambda: self._sessions)
        self._servers: list[asyncio.Server] = []
        self._came_or_went = asyncio.Event()
        """Set whenever a connection came or went."""
        self._moves: set[asyncio.Task[None]] = set()

    @property
    def active(self) -> Mapping[str, str]:
        """The faults in force and their values; "" where a fault takes none."""
        return MappingProxyType(self.situation.active)

    @property
    def received(self) -> Counter[int]:
        """Messages received in total, by message ID (always the text-era number, also for protobuf)."""
        return self.situation.received

    @property
    def limits(self) -> EnforcedLimits:
        """What is in use of the limits, while the fault `limits` is in force."""
        return self._answers.limits

    @property
    def sessions(self) -> tuple[ClientSession, ...]:
        """The open connections, oldest first. A connection that has not started has no client ID."""
        return tuple(self._sessions)

    # Opening and closing

    async def open(self) -> int:
        """Listen; port 0 means any free one. Returns the port. Faults in force stay in force."""
        if self._servers:
            return self.port
        loop = asyncio.get_running_loop()
        self._servers = [
            await loop.create_server(lambda: ClientSession(self, self._answers.answer), sock=listener)
            for listener in self._listeners()
        ]
        self.port = self.situation.port = self._servers[0].sockets[0].getsockname()[1]
        self.situation.say(f"listening on {self.host}:{self.port}")
        return self.port

    def _listeners(self) -> list[socket.socket]:
        """Where it listens: on the address it was given, on both of loopback where that is the usual one."""
        if self.host == LOOPBACK:
            return loopback_listeners(self.port)
        return [listening_socket(self.host, self.port)]

    async def close(self) -> None:
        """Stop listening and close all sessions, as a restart does. The server can be opened again."""
        for move in self._moves:
            move.cancel()
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
            self._came_or_went.clear()
            await self._came_or_went.wait()
        for server in servers:
            await server.wait_closed()
        self.situation.client_ids.clear()

    def arrived(self, session: ClientSession) -> None:
        """Note an accepted connection."""
        self._came_or_went.set()
        self._sessions[session] = None
        self.situation.connections += 1
        self.connections_accepted += 1

    def left(self, session: ClientSession) -> None:
        """Note the end of a connection; its client ID is freed a little later."""
        self._came_or_went.set()
        self._sessions.pop(session, None)
        self.situation.connections -= 1
        if session.client_id is not None:
            asyncio.get_running_loop().call_later(
                ID_RELEASE_SECONDS, self.situation.release, session.client_id, session
            )

    # Notices

    async def notify(
        self, code: int, text: str | None = None, request_id: int = -1, client_id: int | None = None
    ) -> None:
        """Send a notice to all sessions, or to one client's; by default with the text of a real TWS."""
        for session in self._started():
            if client_id is None or session.client_id == client_id:
                session.notice(code, text, request_id)

    def _started(self) -> tuple[ClientSession, ...]:
        return tuple(session for session in self._sessions if session.started)

    # Faults

    async def apply(self, fault: str, value: str | None = None) -> None:
        """Put a wire fault in force, or make a one-time one happen. ValueError, in one sentence: bad name or value."""
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
        """End one fault, or all. ValueError for an unknown name."""
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
        """Let every session answer the messages that a fault has held back."""
        for session in tuple(self._sessions):
            session.pump()

    async def _begin(self, fault: str, value: str, earlier: str | None) -> None:
        """Do what follows at once from a fault that comes into force."""
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
        elif fault == "competing-session":
            for session in self._started():
                for request_id in session.market_data:
                    session.notice(10197, request_id=request_id)
        for code, text in said_unasked(fault, value):
            await self.notify(code, text)

    async def _end(self, fault: str, value: str) -> None:
        """Do what follows at once from the end of a fault."""
        if fault in FARM_FAULTS:
            kind = FARM_FAULTS[fault]
            for farm in farm_names(value):
                await self.notify(OK[kind], simulated_text(OK[kind], farm))
        elif fault == "link-lost":
            await self._link_back(kept=True)
        elif fault == "too-many-clients":
            for session in self.sessions:
                if session.without_place:
                    session.close()

    async def _happen(self, fault: str, value: str) -> None:
        """Make a one-time fault happen."""
        match fault:
            case "link-back-kept" | "link-back-lost":
                self.situation.active.pop("link-lost", None)
                await self._link_back(kept=fault == "link-back-kept")
            case "link-back-unsaid":
                self.situation.active.pop("link-lost", None)
                await self._tell_farms()
            case "reset-sessions":
                for session in self.sessions:
                    session.reset()
            case "drop-sessions":
                for session in self.sessions:
                    session.close()
            case "read-only-notice":
                # The settings no longer tell Read-Only, or they would contradict the notice.
                self.situation.tells_read_only = False
                await self.notify(321, READ_ONLY_TEXTS[value])
            case "port-changed":
                await self._change_port(int(float(value or 0)))
            case _:
                raise AssertionError(fault)

    async def _link_back(self, *, kept: bool) -> None:
        """Tell that the link to IB's servers is back: 1102 with the farms, or 1101, which ends all subscriptions."""
        farms = self.situation.farms()
        if kept:
            text = link_back([n for n, _, up in farms if up], [n for n, _, up in farms if not up])
            await self.notify(1102, text)
        else:
            for session in self._started():
                session.market_data.clear()
                session.quiet.clear()
            await self.notify(1101)
        await self._tell_farms()

    async def _tell_farms(self) -> None:
        for code, farm in self.situation.farm_notices():
            await self.notify(code, simulated_text(code, farm))

    def configure(self, changes: Configuration) -> tuple[str, ...]:
        """Change settings as the user does in the windows; returns the paths of those that have changed."""
        return self.situation.configure(changes)

    def _move_soon(self, port: int) -> None:
        """Listen on another port, after the present answer is sent."""
        task = asyncio.get_running_loop().create_task(self._move(port))
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)

    async def _move(self, port: int) -> None:
        try:
            await self._change_port(port)
        except ValueError as error:
            self.situation.say(str(error))

    async def _change_port(self, port: int) -> None:
        """Listen on another port; tell all sessions and close them."""
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
            except (OSError, ValueError) as error:
                self.port = earlier
                await self.open()
                if isinstance(error, ValueError):
                    raise
                raise ValueError(f"port {port} cannot be listened on ({reason_of(error)})") from None
        for session in told:
            session.notice(1300, simulated_text(1300, self.port))
            session.close()


def _fault_named(name: str) -> Fault:
    """A wire fault by name. ValueError when there is none."""
    if name not in WIRE_FAULTS:
        raise ValueError(f"there is no fault {name!r} on the wire; there are {', '.join(WIRE_FAULTS)}")
    return WIRE_FAULTS[name]
