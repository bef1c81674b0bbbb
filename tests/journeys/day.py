"""A day in the life of the agent without a clock: the core alone, against a made-up world of discrete events.

The world answers effects as the real one would: a look shows what is there, an attempt meets the application's mood,
heartbeats are answered or not, wake-ups come when they were asked for. Nothing sleeps; a day takes a second.
"""

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from agent.core.clock import Moment
from agent.core.effects import (
    Announce,
    CloseSession,
    Effect,
    LookAt,
    OpenSession,
    Record,
    Remember,
    SendHeartbeat,
    ShowStatus,
    WakeAt,
    WatchExits,
    Withdraw,
)
from agent.core.events import (
    Arrival,
    Event,
    HeartbeatAnswered,
    Looked,
    NoticeArrived,
    ProcessExited,
    SessionFailed,
    SessionLost,
    SessionReady,
    Tick,
)
from agent.core.facts import (
    ApiClient,
    Fact,
    Installation,
    Known,
    Listener,
    MachineFacts,
    Process,
    Processes,
    SettingsHints,
    Sockets,
    Surroundings,
    Unknown,
)
from agent.core.memory import Memory
from agent.core.session_facts import Outcome
from agent.core.settings import ConnectionSettings, Settings, WantedApplication
from agent.core.shown.display import Notice
from agent.core.shown.status import ShownConnection, Status
from agent.core.state_machine.state import AgentState, Knowledge, Words
from agent.core.state_machine.step import AgentStep, decide_step
from agent.core.timing import Timing
from agent.guides import load_guides
from agent.problems import PROBLEMS
from agent.tws.applications import Application, ApplicationKind
from agent.tws.reset_windows import Region

MONDAY_AFTERNOON = datetime(2026, 11, 23, 15, 0, tzinfo=UTC).timestamp()
"""No reset window of any region, no weekend."""
KNOWLEDGE = Knowledge(PROBLEMS, Words(guides=dict(load_guides()), fixes={}))
PAPER = ConnectionSettings(name="Paper Gateway", application=WantedApplication.GATEWAY, port=4002)


@dataclass
class App:
    """A made-up IB Gateway."""

    pid: int
    started: float
    port: int | None = 4002
    link_since: float | None = 0.0
    restarted: bool = False
    outcome: Outcome = Outcome.READY
    answers_after: float | None = 0.001
    """Seconds a heartbeat's answer takes; None: never comes."""
    clock_off: float = 0.0
    link_up: bool = True
    quotes: bool = True
    """Whether its market data farm is within reach."""
    ids_held_until: float = 0.0
    """Monotonic time until which it takes every client ID for one that is in use."""
    kind: ApplicationKind = ApplicationKind.GATEWAY
    version: str = "10.45"
    hints: SettingsHints = field(default_factory=lambda: SettingsHints(region=Region.AMERICA))
    account: str = "DU1234567"


class Day:
    """The world, the agent's core in it, and what came of it."""

    def __init__(
        self,
        *connections: ConnectionSettings,
        wall: float = MONDAY_AFTERNOON,
        timing: Timing | None = None,
        settings: Settings | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.now = Moment(1000.0, wall)
        self._queue: list[tuple[float, int, Event | OpenSession | LookAt]] = []
        self._order = itertools.count()
        self.apps: list[App] = []
        self.network: Fact[bool] = Known(True)
        self.sockets_readable = True
        self.open: dict[int, OpenSession] = {}
        self.notices: list[tuple[float, Notice]] = []
        self.withdrawn: list[str] = []
        self.records: list[Record] = []
        self.sent: Counter[str] = Counter()
        self.memory = memory or Memory()
        self.statuses: list[tuple[float, Status]] = []
        self.attempts: list[float] = []
        self.looks = 0
        self.programs: tuple[ApiClient, ...] = ()
        self._pids = itertools.count(3000)
        self._wake: float | None = None
        self._watching: frozenset[int] = frozenset()
        base = settings or Settings(connections=connections or (PAPER,))
        self.state = AgentState(
            knowledge=KNOWLEDGE,
            settings=base,
            version="0",
            pid=1,
            started=self.now,
            timing=timing or Timing(),
            memory=self.memory,
        )
        self._perform(self._decide())

    # ── time ────────────────────────────────────────────────────────────────────────────────────

    def run(self, seconds: float) -> "Day":
        """Let so much time pass."""
        until = self.now.monotonic + seconds
        while self._queue and self._queue[0][0] <= until:
            at, _, item = heapq.heappop(self._queue)
            self._pass(max(0.0, at - self.now.monotonic))
            match item:
                case OpenSession():
                    self._answer_attempt(item)
                case LookAt():
                    self.looks += 1
                    self.tell(Looked(self._seen()))
                case Tick():
                    if self._wake is not None and at >= self._wake:
                        self._wake = None
                        self.tell(Tick())
                case _:
                    self.tell(item)
        self._pass(until - self.now.monotonic)
        return self

    def _pass(self, seconds: float) -> None:
        later, apart = self.now.later(seconds), round(self.now.wall - self.now.monotonic, 6)
        # Sums of many fractions would come out a little before a whole second.
        monotonic = round(later.monotonic, 6)
        self.now = replace(later, monotonic=monotonic, wall=monotonic + apart)

    def sleep(self, seconds: float) -> float:
        """The machine sleeps: the wall clock runs on, the monotonic one stands still."""
        woke = (self.now.monotonic, seconds)
        self.now = Moment(self.now.monotonic, self.now.wall + seconds, (*self.now.sleeps, woke))
        return seconds

    def tell(self, event: Event) -> None:
        """One event to the agent, now."""
        self._perform(self._decide(event))

    def _decide(self, *events: Event) -> tuple[Effect, ...]:
        """Take in an event, or begin; what has to be done."""
        arrivals = tuple(Arrival(event, self.now) for event in events)
        self.state, effects = decide_step(AgentStep(self.state, arrivals, self.now))
        return effects

    def later(self, delay: float, event: Event) -> None:
        """One event to the agent after a delay."""
        self._push(self.now.monotonic + delay, event)

    def _push(self, at: float, item: Event | OpenSession | LookAt) -> None:
        heapq.heappush(self._queue, (at, next(self._order), item))

    # ── the world ───────────────────────────────────────────────────────────────────────────────

    def start(
        self, port: int | None = 4002, *, linked: bool = True, age: float = 600.0, restarted: bool = False
    ) -> App:
        """A Gateway appears."""
        app = App(
            pid=next(self._pids),
            started=self.now.wall - age,
            port=port,
            link_since=self.now.monotonic - age if linked else None,
            restarted=restarted,
        )
        self.apps.append(app)
        return app

    def stop(self, app: App, *, seen: bool = True) -> None:
        """A Gateway ends; with it its sessions."""
        self.apps.remove(app)
        if seen and app.pid in self._watching:
            self.later(0.0, ProcessExited(app.pid))
        self.drop()

    def drop(self, reason: str = "reset") -> None:
        """Every session is lost, every attempt cut off."""
        up = {w.number for w in self.state.watched if w.connected}
        for number in tuple(self.open):
            del self.open[number]
            self.later(0.0, SessionLost(number, reason) if number in up else SessionFailed(number, Outcome.CLOSED, 0.1))

    def notice(self, code: int, text: str = "", request_id: int = -1) -> None:
        """The application sends a notice to every session."""
        for number in self.open:
            self.tell(NoticeArrived(number, code, text, request_id))

    def _seen(self) -> MachineFacts:
        processes = tuple(self._process(a) for a in self.apps)
        listeners = tuple(Listener(a.port, a.pid, "java") for a in self.apps if a.port is not None)
        return MachineFacts(
            processes=Known(Processes(processes)),
            sockets=Known(Sockets(listeners, self.programs)) if self.sockets_readable else Unknown("not allowed"),
            network=self.network,
            installed=Known((Installation(ApplicationKind.GATEWAY, "10.45", "x"),)),
            surroundings=Known(Surroundings()),
            taken=self.now.monotonic,
        )

    def _process(self, app: App) -> Process:
        return Process(
            pid=app.pid,
            application=Application(app.kind, app.version, restarted=app.restarted),
            started=app.started,
            api_ports=(app.port,) if app.port is not None else (),
            upstream="10.0.0.1:4001" if app.link_since is not None else None,
            upstream_since=app.link_since,
            hints=Known(app.hints),
        )

    def _answer_attempt(self, wish: OpenSession) -> None:
        if wish.number not in self.open:
            return
        app = next((a for a in self.apps if a.port == wish.port), None)
        outcome = app.outcome if app is not None else Outcome.REFUSED
        if app is not None and self.now.monotonic < app.ids_held_until:
            outcome = Outcome.ID_IN_USE
        if outcome is not Outcome.READY:
            del self.open[wish.number]
            self.tell(SessionFailed(wish.number, outcome, 1.0, "as the scene has it"))
            return
        assert app is not None
        self.tell(SessionReady(wish.number, 178, (app.account,), 0.01))
        if app.link_up:
            code, words = (2104, "OK") if app.quotes else (2103, "broken")
            self.tell(NoticeArrived(wish.number, code, f"Market data farm connection is {words}:usfarm"))
            self.tell(NoticeArrived(wish.number, 2106, "HMDS data farm connection is OK:ushmds"))
        else:
            self.tell(NoticeArrived(wish.number, 2110, "Connectivity between TWS and server is broken."))

    # ── what the agent wants ────────────────────────────────────────────────────────────────────

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        now = self.now.monotonic
        for effect in effects:
            match effect:
                case OpenSession():
                    self.sent["attempt"] += 1
                    self.attempts.append(now)
                    self.open[effect.number] = effect
                    app = next((a for a in self.apps if a.port == effect.port), None)
                    slow = app is not None and app.outcome in (Outcome.SILENT, Outcome.NOT_READY)
                    self._push(now + (5.0 if slow else 0.005), effect)
                case CloseSession(number):
                    self.open.pop(number, None)
                case SendHeartbeat(number):
                    self.sent["heartbeat"] += 1
                    wish = self.open.get(number)
                    app = next((a for a in self.apps if wish is not None and a.port == wish.port), None)
                    if app is not None and app.answers_after is not None:
                        at = self.now.later(app.answers_after)
                        self._push(at.monotonic, HeartbeatAnswered(number, int(at.wall + app.clock_off)))
                case LookAt(at):
                    self._queue = [q for q in self._queue if not isinstance(q[2], LookAt)]
                    heapq.heapify(self._queue)
                    self._push(max(at, now) + 0.005, effect)
                case WakeAt(at):
                    # No timer comes sooner than a moment later; wall times have seven digits after the point, and a
                    # process that is a hair short of an age would be asked about for ever without time passing.
                    self._wake = max(at, now + 0.001)
                    self._push(self._wake, Tick())
                case Announce(notice):
                    self.notices.append((now, notice))
                case Withdraw(key):
                    self.withdrawn.append(key)
                case Remember(memory):
                    self.memory = memory
                case ShowStatus(status):
                    self.statuses.append((now, status))
                case WatchExits(pids):
                    self._watching = pids
                case Record():
                    self.records.append(effect)

    # ── what came of it ─────────────────────────────────────────────────────────────────────────

    @property
    def status(self) -> Status:
        """What is shown."""
        assert self.state.shown is not None
        return self.state.shown

    @property
    def connection(self) -> ShownConnection:
        """The first connection as shown."""
        return self.status.connections[0]

    @property
    def codes(self) -> list[str]:
        """Codes of the visible problems that are more than information."""
        return [p.code for p in self.connection.problems if p.visible and p.severity != "info"]

    @property
    def said(self) -> list[str]:
        """The announcements, in short words."""
        return [("over: " if n.over else "") + n.key.split("/", 1)[1] for _, n in self.notices]

    def restarted_agent(self) -> "Day":
        """The same world with a new agent that remembers what the old one kept."""
        day = Day(settings=self.state.settings, wall=self.now.wall, timing=self.state.timing, memory=self.memory)
        day.programs, day._pids = self.programs, self._pids
        day.apps = [replace_app(a, self.now, day.now) for a in self.apps]
        return day


def replace_app(app: App, before: Moment, after: Moment) -> App:
    """The same application seen by another agent, whose monotonic clock differs."""
    since = None if app.link_since is None else app.link_since - before.monotonic + after.monotonic
    return replace(app, link_since=since)
