"""`gatelight demo`: the whole program against its own simulated IB Gateway, in a temporary folder.

Nothing of the user's is read or written: configuration, data, log and the watched application all live in that folder.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.app.agent_host import AgentHost
from agent.app.desktop import Desktop
from agent.app.lifecycle import App
from agent.app.world import knowledge
from agent.core.settings import ConnectionSettings, Settings, WantedApplication, WantedMode
from agent.core.shown.display import IconState, Notice
from agent.core.shown.menu import STATE_WORDS, headline
from agent.core.shown.status import Status
from agent.core.state_machine.state import Knowledge
from agent.core.timing import Timing
from agent.core.told_steps import text_lines
from agent.errors import UsageError
from agent.platforms.folders import temporary_folder
from agent.runtime.instance import Instance
from agent.runtime.logs import set_up_logs
from agent.runtime.paths import Places, find_places
from agent.simulator.process_faults import FAULTS
from agent.simulator.settings_folder import IbcChoices
from agent.simulator.shapes import Shape
from agent.simulator.world import SimulatedApplication, free_port
from agent.tws.calendar import Expectation, expect

_Say = Callable[[str], None]

PACE = 0.05
"""A grace of a minute takes three seconds in the demonstration."""
TIMING = replace(
    Timing().scaled(PACE),
    # A TWS ignores a heartbeat within a second of the last answer, so these cannot be shortened that much.
    heartbeat_every=1.2,
    reply_timeout=1.0,
    second_heartbeat=0.3,
    not_ready_grace=2.0,
    instability_window=2.0,
    link_grace=0.5,
    notice_lasting=6.0,
    id_release=0.5,
    expected_restart_allowance=300.0,
    restart_allowance=15.0,
    look_every=0.5,
)
PATIENCE = 20.0
"""Seconds the agent gets for what is expected of it; then the demonstration says that it did not happen."""
_NAME = "Paper Gateway"


def play(scenario: str, *, tray: bool, verbosity: int, say: _Say) -> int:
    """Play a scenario to its end or Ctrl-C; returns the exit status. UsageError for one that does not exist."""
    if scenario != "day" and scenario not in FAULTS:
        raise UsageError(f"There is no scenario “{scenario}”: choose day, or one of {', '.join(sorted(FAULTS))}.")
    with temporary_folder("gatelight-demo") as folder:
        places = find_places(folder / "config.toml", folder / "data", environ={})
        with Instance(places), set_up_logs(places.log_file, verbosity, tell=say):
            return Stage(folder, places, scenario, tray=tray, say=say).play()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the audience saw last."""

    status: Status | None = None
    notices: tuple[Notice, ...] = ()


class Stage:
    """The agent on the main thread, the director and the simulated application on another."""

    def __init__(self, folder: Path, places: Places, scenario: str, *, tray: bool, say: _Say) -> None:
        self._folder = folder
        self._scenario = scenario
        self._tell = say
        self._began = time.monotonic()
        self._seen = _Seen()
        self._said = ""
        self._changed = threading.Condition()
        self._missed: list[str] = []
        self._broke: Exception | None = None
        self._curtain = False
        self._gone = threading.Event()
        self._port = free_port()
        connection = ConnectionSettings(
            name=_NAME, application=WantedApplication.GATEWAY, trading_mode=WantedMode.PAPER, port=self._port
        )
        self._app = App(lambda desktop: self._agent(places, connection, desktop), tray=tray, say=say)

    def play(self) -> int:
        """Run to the end; returns the exit status. Raises what kept the simulated application from being there."""
        director = threading.Thread(target=self._direct, name="director", daemon=True)
        director.start()
        try:
            self._app.run()
        finally:
            self._gone.set()
            with self._changed:
                self._changed.notify_all()
            director.join(10.0)
        if self._broke is not None:
            raise self._broke
        return 1 if self._missed else 0

    def _agent(self, places: Places, connection: ConnectionSettings, desktop: Desktop) -> AgentHost:
        return AgentHost(
            places,
            Settings(connections=(connection,)),
            desktop,
            timing=TIMING,
            knowledge=_of_the_stage(knowledge()),
            below=self._folder,
            on_status=self._on_status,
            on_notice=self._on_notice,
        )

    # ── what the agent makes of it ──────────────────────────────────────────────────────────────

    def _on_status(self, status: Status) -> None:
        with self._changed:
            self._seen = replace(self._seen, status=status)
            words = self._words(status)
            new, self._said = words != self._said, words
            self._changed.notify_all()
        if new and not self._curtain:
            self._line("  icon  ", words)

    def _on_notice(self, notice: Notice) -> None:
        with self._changed:
            self._seen = replace(self._seen, notices=(*self._seen.notices, notice))
            self._changed.notify_all()
        self._line("  NOTICE", f"{notice.title}: {notice.text}")
        for line in text_lines(notice.steps):
            self._tell(f"                     {line}")

    @staticmethod
    def _words(status: Status) -> str:
        connection = status.connections[0]
        state, cause = STATE_WORDS[status.overall], headline(connection)
        return state if cause == state else f"{state}: {cause}"

    def _line(self, mark: str, text: str) -> None:
        self._tell(f"{time.monotonic() - self._began:6.1f} s {mark}  {text}")

    # ── what is done to it ──────────────────────────────────────────────────────────────────────

    def _direct(self) -> None:
        try:
            asyncio.run(self._play_scenario())
        except _Interrupted:
            pass
        except Exception as fault:
            # After Ctrl-C the simulated application may be ended in the middle of an order.
            self._broke = None if self._gone.is_set() else fault
        finally:
            self._app.leave()

    async def _play_scenario(self) -> None:
        restart = datetime.now().astimezone() + timedelta(minutes=1)
        gateway = await SimulatedApplication.start(
            self._folder / "gateway",
            port=self._port,
            shape=Shape.IBC,
            logged_in=False,
            ibc=IbcChoices(auto_restart_time=restart.strftime("%I:%M %p")),
            faults=("not-running",),
        )
        async with gateway:
            await (self._day(gateway, restart) if self._scenario == "day" else self._fault(gateway, self._scenario))
            self._curtain = True
        self._tell("")
        self._tell(f"That was it. {_tally(self._seen.notices)}")
        for missed in self._missed:
            self._tell(f"This did not happen as it should have: {missed}.")

    async def _day(self, gateway: SimulatedApplication, restart: datetime) -> None:
        self._tell("A day of a trader in a minute, with a simulated IB Gateway. Ctrl-C ends it.\n")
        await self._expect("the agent waits for IB Gateway", lambda s: s.overall is IconState.WAITING)
        await self._pause(1.0)
        await self._do("IB Gateway is started and shows its log-in screen", gateway.heal())
        await self._expect("a waiting log-in is told", _shows("login-pending"))
        await self._pause(3.0)
        await self._do("the user logs in", gateway.log_in())
        await self._expect("connected", _connected)
        await self._pause(2.0)
        await self._do("a market data farm breaks for a second", gateway.fault("market-data-farm-broken"))
        await self._pause(1.0)
        await self._do("… and is back: no sound", gateway.heal("market-data-farm-broken"))
        await self._pause(2.0)
        await self._do("IB Gateway loses its link to IB’s servers (1100)", gateway.fault("link-lost"))
        await self._expect("the lost link is told", _shows("server-link-lost"))
        await self._pause(4.0)
        await self._do("… and gets it back with its data (1102)", gateway.fault("link-back-kept"))
        await self._expect("connected", _connected)
        await self._pause(2.0)
        await self._do("IB Gateway freezes in the middle of a session", gateway.fault("freeze"))
        await self._expect("the freeze is told", _shows("app-frozen"))
        await self._pause(4.0)
        await self._do("… and recovers", gateway.heal("freeze"))
        await self._expect("connected", _connected)
        await self._pause(2.0)
        await self._do("a user changes the API port in the settings (1300)", gateway.fault("port-changed"))
        await self._expect("the other port is told", _shows("api-port-mismatch"))
        await self._pause(4.0)
        await self._do("… and sets it back", gateway.fault("port-changed", self._port))
        await self._expect("connected", _connected)
        await self._pause(2.0)
        await self._do("an order is refused: Read-Only API is on (321)", gateway.fault("read-only"))
        await self._expect("Read-Only API is told", _shows("read-only-api"))
        await self._pause(4.0)
        await self._do("the box is cleared; the agent reads the settings and notices", gateway.heal("read-only"))
        await self._expect("connected", _connected)
        await self._pause(3.0)
        await self._do("the nightly restart, at the time that the settings name", gateway.kill())
        await self._expect("an expected outage", lambda s: s.overall is IconState.MAINTENANCE)
        await self._pause(4.0)
        await self._do("… IB Gateway comes back: no sound", gateway.restart(marked=True, delay=0.0))
        await self._expect("connected", _connected)
        await self._pause(2.0)

    async def _fault(self, gateway: SimulatedApplication, name: str) -> None:
        self._tell(f"IB Gateway, connected; then: {FAULTS[name].summary}. Ctrl-C ends it.\n")
        await gateway.heal()
        await self._do("IB Gateway runs and is logged in", gateway.log_in())
        await self._expect("connected", _connected)
        await self._do(f"fault {name}", gateway.fault(name))
        await self._pause(12.0)
        if not FAULTS[name].one_shot:
            await self._do("it is put right", gateway.heal())
            await self._pause(6.0)

    async def _do(self, what: str, doing: Awaitable[Any]) -> None:
        self._line("▶       ", what)
        await doing

    async def _expect(self, what: str, met: Callable[[Status], bool]) -> None:
        """Wait until the status is so; the demonstration goes on either way, and says at the end what was missed."""
        deadline = time.monotonic() + PATIENCE
        while not (self._seen.status is not None and met(self._seen.status)):
            if time.monotonic() > deadline:
                self._missed.append(what)
                return
            await self._pause(0.05)

    async def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._gone.is_set():
                raise _Interrupted
            await asyncio.sleep(min(0.05, seconds))


class _Interrupted(Exception):
    """The agent was told to stop."""


def _tally(notices: tuple[Notice, ...]) -> str:
    """What was announced, counted."""
    problems = [n.key for n in notices if not n.over]
    ends = [n.key for n in notices if n.over]
    if not problems:
        return "Nothing in it was worth a notice."
    once = all(problems.count(key) == 1 for key in problems) and sorted(problems) == sorted(ends)
    if len(problems) == 1:
        return f"1 notice about a problem, and {'its end once' if once else f'{len(ends)} ends'}."
    how = "each of them once, and its end once" if once else f"and {len(ends)} ends"
    return f"{len(problems)} notices about problems, {how}."


def _shows(code: str) -> Callable[[Status], bool]:
    return lambda status: any(p.code == code and p.visible for c in status.connections for p in c.problems)


def _connected(status: Status) -> bool:
    return status.overall is IconState.CONNECTED


def _of_the_stage(known: Knowledge) -> Knowledge:
    """Without what belongs to the day and the place at which a demonstration is played: IB's resets, and a computer
    without a network, whose trouble would hide the one that is played."""
    problems = tuple(problem for problem in known.problems if problem.code != "network-down")
    return replace(known, expect=_without_resets, problems=problems)


def _without_resets(now: float, **known: Any) -> Expectation:
    """The calendar without IB's reset windows: a demonstration at night must show a lost link too."""
    return replace(expect(now, **known), outage=None, next_outage=None)
