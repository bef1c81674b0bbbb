"""A made-up machine whose every circumstance can be set, with the agent's core in it: what is so, is known here."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.core.effects import Announce, Effect, SendHeartbeat
from agent.core.events import ConfigRejected, Event, HeartbeatAnswered, SessionReady
from agent.core.facts import (
    ApiClient,
    Fact,
    Installation,
    Known,
    Listener,
    MachineFacts,
    OtherProcess,
    Processes,
    Surroundings,
    Unknown,
)
from agent.core.session_facts import Outcome
from agent.core.settings import ConnectionSettings
from agent.core.shown.display import Notice
from agent.tws.applications import ApplicationKind
from tests.journeys.day import App, Day

SETTLE = 150.0
"""Seconds after which all has been said of a circumstance that lasts, but for what takes minutes by its nature."""


LINK_LOST = {1100, 2110}
LINK_BACK = {1101, 1102}


@dataclass
class Circumstances:
    """What a real machine would know of itself, and the stage knows beside its applications."""

    others: list[Listener] = field(default_factory=list)
    """Ports held by programs that are neither TWS nor IB Gateway."""
    client_portal: list[OtherProcess] = field(default_factory=list)
    processes_readable: bool = True
    installed: bool = True
    remote: Outcome | None = None
    """What an attempt on another machine meets; None: no answer."""
    sent: set[int] = field(default_factory=set)
    """Numbers of the notices that were sent to standing sessions since the stage began."""
    link_down: bool = False
    """IB's servers are out of reach of the application, after its last word about them."""
    farms_down: set[str] = field(default_factory=set)
    cut_off: set[str] = field(default_factory=set)
    """Programs that were cut off with the API port and did not connect again."""
    rejected: bool = False
    """The latest configuration could not be used."""
    losses: list[float] = field(default_factory=list)
    """Monotonic times at which a standing session was cut off."""
    ready: dict[int, float] = field(default_factory=dict)
    """Epoch seconds at which a session got ready, by its number."""


class Stage(Day):
    """The day of the core, with more to set."""

    def __init__(self, *connections: ConnectionSettings, **known: object) -> None:
        self.so = Circumstances()
        self.ever: list[App] = []
        """Every application that has run."""
        self.judge: Callable[[Notice], None] = lambda _: None
        """Sees each notice when it is announced."""
        super().__init__(*connections, **known)  # type: ignore[arg-type]

    @property
    def configured(self) -> ConnectionSettings:
        """The connection that is watched."""
        return self.state.settings.connections[0]

    def wanted(self) -> list[App]:
        """The running applications that the connection may mean."""
        kind = self.configured.application.value
        return [a for a in self.apps if kind in ("any", a.kind.value)]

    def serving(self) -> App | None:
        """The application that listens on the configured port."""
        return next((a for a in self.apps if a.port == self.configured.port), None)

    def settle(self, seconds: float = SETTLE) -> "Stage":
        """Let it last."""
        self.run(seconds)
        return self

    def gateway(self, port: int | None = 4002, **known: object) -> App:
        """IB Gateway, logged in unless told otherwise."""
        app = self.start(port, **known)  # type: ignore[arg-type]
        self.ever.append(app)
        return app

    def tws(self, port: int | None = 7497, *, linked: bool = True) -> App:
        """TWS, logged in unless told otherwise."""
        app = self.gateway(port, linked=linked)
        app.kind = ApplicationKind.TWS
        return app

    def client(self, name: str, pid: int, port: int = 4002) -> None:
        """A program of the user connects."""
        self.programs = (*self.programs, ApiClient(port, pid, name, since=self.now.wall))

    def end(self, app: App) -> None:
        """An application ends, and the agent is told as the system tells it."""
        self.so.link_down = False
        self.so.farms_down.clear()
        self.stop(app)

    def drop(self, reason: str = "reset") -> None:
        """Every session is lost, every attempt cut off."""
        if any(watched.connected for watched in self.state.watched):
            self.so.losses.append(self.now.monotonic)
        super().drop(reason)

    def cut(self) -> None:
        """The session that stands is lost; an attempt under way is left to its end."""
        if self.session is not None:
            self.drop()

    def tell(self, event: Event) -> None:
        """One event to the agent, now."""
        match event:
            case ConfigRejected():
                self.so.rejected = True
            case SessionReady(number=number):
                self.so.ready[number] = self.now.wall
        super().tell(event)

    @property
    def session(self) -> int | None:
        """Number of the session that stands with the configured port."""
        numbers = [number for number in self.open if number in self.so.ready]
        return numbers[0] if numbers else None

    def notice(self, code: int, text: str = "", request_id: int = -1) -> None:
        """The application sends a notice, if a session stands that can hear it."""
        app = self.serving()
        if app is not None and app.answers_after is None:
            return
        if any(watched.connected for watched in self.state.watched):
            self.so.sent.add(code)
            self.so.link_down = code in LINK_LOST or (self.so.link_down and code not in LINK_BACK)
        super().notice(code, text, request_id)

    def _answer_attempt(self, wish) -> None:  # type: ignore[no-untyped-def]
        if wish.host not in ("127.0.0.1", "localhost"):
            app = App(pid=0, started=0.0, port=wish.port, outcome=self.so.remote or Outcome.UNREACHABLE)
            self.apps.insert(0, app)
            try:
                super()._answer_attempt(wish)
            finally:
                self.apps.remove(app)
            return
        super()._answer_attempt(wish)

    def _seen(self) -> MachineFacts:
        seen = super()._seen()
        processes: Fact[Processes] = Unknown("the process table cannot be read")
        if self.so.processes_readable and isinstance(seen.processes, Known):
            processes = Known(replace(seen.processes.value, client_portal=tuple(self.so.client_portal)))
        sockets = seen.sockets
        if isinstance(sockets, Known):
            sockets = Known(replace(sockets.value, listeners=(*sockets.value.listeners, *self.so.others)))
        installed: tuple[Installation, ...] = ()
        if self.so.installed:
            installed = (Installation(ApplicationKind.GATEWAY, "10.45", "x"),)
        return replace(
            seen, processes=processes, sockets=sockets, installed=Known(installed), surroundings=Known(Surroundings())
        )

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Announce):
                self.judge(effect.notice)
        super()._perform(effects)
        for effect in effects:
            if isinstance(effect, SendHeartbeat) and self.so.remote is Outcome.READY:
                at = self.now.later(0.001)
                self.later(0.001, HeartbeatAnswered(effect.number, int(at.wall)))
