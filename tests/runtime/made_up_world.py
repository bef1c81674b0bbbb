"""A world that exists only in memory: it does what it is told and writes down what it was asked."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agent.app.world import first_state
from agent.core.clock import Moment
from agent.core.effects import AskSettings, Happened, OpenSession
from agent.core.events import Event, HeartbeatAnswered, SessionFailed, SessionReady, SettingsAnswered
from agent.core.facts import Fact, Known, Listener, MachineFacts, Process, Processes, Sockets, Surroundings, Unknown
from agent.core.memory import Memory
from agent.core.session_facts import Outcome
from agent.core.settings import ConnectionSettings, Settings, WantedApplication
from agent.core.shown.display import Notice
from agent.core.shown.status import Status
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage
from agent.core.state_machine.state import AgentState, Knowledge
from agent.core.timing import Timing
from agent.runtime.loop import AgentLoop
from agent.runtime.perform import TimeLimits
from agent.tws.api_settings import ConfigResponse
from agent.tws.applications import Application, ApplicationKind

PID = 3117
PORT = 4002
PATIENCE = 30.0
"""Seconds after which something that should happen has failed to."""
PAPER = ConnectionSettings(name="Paper Gateway", application=WantedApplication.GATEWAY, port=PORT)
QUICK = TimeLimits(look=0.2, announce=0.2, close=0.3, again=0.1)


class MadeUpSession:
    """A session that is whatever the world says."""

    def __init__(self, world: "MadeUpWorld", wish: OpenSession, emit: Callable[[Event], None]) -> None:
        self.wish = wish
        self.emit = emit
        self._world = world
        self.open_now = False
        self.taken_in = 0

    def open(self) -> None:
        self._world.did(f"open {self.wish.number}")
        if self._world.refuses_to_open is not None:
            raise self._world.refuses_to_open
        if not self._world.gateway:
            self.emit(SessionFailed(self.wish.number, Outcome.REFUSED, 0.001, "connection refused"))
            return
        self.open_now = True
        if self._world.answers:
            self.emit(SessionReady(self.wish.number, 178, ("DU1234567",), 0.001))

    async def close(self) -> None:
        self._world.did(f"close {self.wish.number}")
        await asyncio.sleep(self._world.closing_takes)
        if self._world.close_fails is not None:
            raise self._world.close_fails
        self.open_now = False
        self._world.did(f"closed {self.wish.number}")

    def taken(self, cost: float) -> None:
        self.taken_in += 1

    def heartbeat(self) -> None:
        self._world.did("heartbeat")
        if self._world.answers:
            self.emit(HeartbeatAnswered(self.wish.number, int(self._world.now().wall)))


@dataclass
class MadeUpWorld:
    """See `agent.runtime.world.World`."""

    gateway: bool = True
    """Whether an IB Gateway runs and listens."""
    answers: bool = True
    """Whether it answers."""
    diary: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    closed_by_user: set[str] = field(default_factory=set)
    """Keys of notices that do not stand any more."""
    statuses: list[Status] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    history: list[Happened] = field(default_factory=list)
    sessions: list[MadeUpSession] = field(default_factory=list)
    looks: list[tuple[frozenset[int], bool]] = field(default_factory=list)
    ahead: float = 0.0
    """Seconds by which its clocks are ahead."""
    looking: int = 0
    """How many looks are under way."""
    most_looking: int = 0
    hang: threading.Event | None = None
    """A look waits for it."""
    look_fault: Exception | None = None
    announces: Callable[[Notice], "str | None"] = lambda _: None
    announcing_takes: float = 0.0
    closing_takes: float = 0.0
    withdrawing_takes: float = 0.0
    withdraw_fails: Exception | None = None
    close_fails: Exception | None = None
    refuses_to_open: Exception | None = None
    show_fails: Exception | None = None
    settings: Fact[ConfigResponse] = field(default_factory=lambda: Unknown("server version 178 does not tell"))
    settings_fault: Exception | None = None
    settings_take: float = 0.0
    exits: dict[int, Callable[[], None]] = field(default_factory=dict)
    messages: list[tuple[str, TargetMessage]] = field(default_factory=list)
    target_answers: Callable[[str], TargetAnswer] = lambda _: TargetAnswer(SendOutcome.TAKEN, "HTTP 200 OK")
    target_silent: set[str] = field(default_factory=set)
    """Targets that never answer."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def did(self, what: str) -> None:
        self.diary.append(what)
        self.changed.set()

    def now(self) -> Moment:
        return Moment(time.monotonic() + self.ahead, time.time() + self.ahead)

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        self.looks.append((ports, thorough))
        self.looking += 1
        self.most_looking = max(self.most_looking, self.looking)
        try:
            if self.hang is not None:
                self.hang.wait(PATIENCE)
            if self.look_fault is not None:
                raise self.look_fault
            return self.seen(now)
        finally:
            self.looking -= 1

    def seen(self, now: Moment) -> MachineFacts:
        running: tuple[Process, ...] = ()
        listeners: tuple[Listener, ...] = ()
        if self.gateway:
            application = Application(ApplicationKind.GATEWAY, "10.45")
            running = (
                Process(
                    pid=PID,
                    application=application,
                    started=now.wall - 600,
                    api_ports=(PORT,),
                    upstream="10.0.0.1:4001",
                    upstream_since=now.monotonic - 500,
                ),
            )
            listeners = (Listener(PORT, PID, "java"),)
        return MachineFacts(
            processes=Known(Processes(running)),
            sockets=Known(Sockets(listeners)),
            network=Known(True),
            installed=Known(()),
            surroundings=Known(Surroundings()),
            taken=now.monotonic,
        )

    def session(self, wish: OpenSession, emit: Callable[[Event], None]) -> MadeUpSession:
        self.sessions.append(MadeUpSession(self, wish, emit))
        return self.sessions[-1]

    async def ask_settings(self, wish: AskSettings) -> SettingsAnswered:
        self.did(f"ask settings {wish.number}")
        if self.settings_fault is not None:
            raise self.settings_fault
        await asyncio.sleep(self.settings_take)
        return SettingsAnswered(wish.number, self.settings, 226)

    def watch_exit(self, pid: int, gone: Callable[[], None]) -> Callable[[], None]:
        self.exits[pid] = gone
        self.did(f"watch {pid}")

        def cancel() -> None:
            self.exits.pop(pid, None)
            self.did(f"unwatch {pid}")

        return cancel

    async def announce(self, notice: Notice) -> str | None:
        self.did(f"announce {notice.key}")
        await asyncio.sleep(self.announcing_takes)
        reason = self.announces(notice)
        if reason is None:
            self.notices.append(notice)
        return reason

    async def send(self, target: str, message: TargetMessage) -> TargetAnswer:
        self.messages.append((target, message))
        self.did(f"send to {target}")
        if target in self.target_silent:
            await asyncio.Event().wait()
        return self.target_answers(target)

    async def withdraw(self, key: str) -> bool:
        self.did(f"withdraw {key}")
        await asyncio.sleep(self.withdrawing_takes)
        if self.withdraw_fails is not None:
            raise self.withdraw_fails
        self.withdrawn.append(key)
        return key not in self.closed_by_user

    def show(self, status: Status) -> None:
        self.statuses.append(status)
        self.did("show")
        if self.show_fails is not None:
            raise self.show_fails

    def happened(self, happened: Happened) -> None:
        self.history.append(happened)

    def keep(self, memory: Memory) -> None:
        self.memories.append(memory)
        self.did("keep")

    async def until(self, met: Callable[["MadeUpWorld"], object]) -> None:
        """Wait for something to have happened."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not met(self):
                    self.changed.clear()
                    with_limit = asyncio.ensure_future(self.changed.wait())
                    # Looks happen in a thread that wakes nobody.
                    await asyncio.wait({with_limit}, timeout=0.02)
                    with_limit.cancel()
        except TimeoutError:
            raise AssertionError(f"never came; {self.diary} {self.statuses[-1:]}") from None

    @property
    def codes(self) -> list[str]:
        """Visible problems of the first connection."""
        if not self.statuses or not self.statuses[-1].connections:
            return []
        return [p.code for p in self.statuses[-1].connections[0].problems if p.visible]


def state_of(
    *connections: ConnectionSettings,
    timing: Timing | None = None,
    known: Knowledge | None = None,
    memory: Memory | None = None,
) -> AgentState:
    """An agent that has seen nothing yet."""
    settings = Settings(connections=connections or (PAPER,))
    now = Moment(time.monotonic(), time.time())
    return first_state(settings, now, timing=timing or Timing().scaled(0.02), known=known, memory=memory)


@asynccontextmanager
async def running(world: MadeUpWorld, state: AgentState | None = None) -> AsyncIterator[AgentLoop]:
    """A loop at work in a world; stopped at the end."""
    loop = AgentLoop(state or state_of(), world, limits=QUICK)
    task = asyncio.ensure_future(loop.run())
    try:
        yield loop
    finally:
        if world.hang is not None:
            world.hang.set()
        loop.stop()
        await task
