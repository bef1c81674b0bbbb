"""The real agent on real processes and sockets, its graces shortened, for tests that wait for a verdict."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from agent.app.one_look import OneLook
from agent.app.world import RealWorld, first_state, knowledge
from agent.core.facts import Abilities, Known, MachineFacts
from agent.core.settings import ConnectionSettings, Settings, WantedApplication
from agent.core.shown.display import Notice
from agent.core.shown.status import ShownConnection, Status
from agent.core.state_machine.state import Knowledge
from agent.core.timing import Timing
from agent.runtime.loop import AgentLoop
from agent.tws.calendar import Expectation, expect

SLOWER = 4.0 if sys.platform == "win32" else 1.0
"""How much longer a process takes to start under Wine, where every look of the agent keeps its one server busy."""

QUICK = replace(
    Timing().scaled(0.03),
    # A TWS ignores a heartbeat within a second of its last answer.
    heartbeat_every=1.1,
    reply_timeout=0.6,
    second_heartbeat=0.2,
    not_ready_grace=0.8,
    settled_link=0.5 * SLOWER,
    start_grace=3.0 * SLOWER,
    login_grace=0.2,
    restart_allowance=2.0 * SLOWER,
    # Longer than the simulated application takes to start anew, on a busy machine.
    exit_grace=2.5 * SLOWER,
    first_sight_grace=2.0,
    handshake_every=1.0,
    backoff_longest=1.0,
    link_grace=0.2,
    farm_grace=0.5,
    # Longer than the simulated application takes to change what it listens on, on a busy machine.
    silence_grace=0.6 * SLOWER,
    id_release=0.3,
    instability_window=0.5,
    notice_lasting=1.5,
    look_every=0.5,
    settings_every=3.0,
    # Longer than the program that is cut off, and comes back, needs on a busy machine.
    program_lasting=1.0,
    program_return=3.0 * SLOWER,
)
ONE_LOOK = replace(QUICK, notice_lasting=60.0)
"""The same for a doctor: on a busy machine it takes longer than a notice lasts, and nothing fades while it looks."""
PATIENCE = 30.0
"""Seconds a verdict may take; far more than any grace above."""
CALM = 0.8
"""Seconds after the verdict in which nothing else may turn up."""


def without_resets(now: float, **known: Any) -> Expectation:
    """The calendar without IB's windows, so that a test at night judges like one by day."""
    return replace(expect(now, **known), outage=None, next_outage=None, login_due=None)


def calm() -> Knowledge:
    """What the agent knows, reset windows left out."""
    return replace(knowledge(), expect=without_resets)


def below(folder: Path | None) -> Callable[[MachineFacts], MachineFacts]:
    """Only applications whose settings lie below a folder: a TWS of the machine's own is no part of a test."""

    def only(machine: MachineFacts) -> MachineFacts:
        processes = machine.processes
        if folder is None or not isinstance(processes, Known):
            return machine
        ours = tuple(
            p for p in processes.value.applications if (p.application.settings_folder or "").startswith(str(folder))
        )
        return replace(machine, processes=Known(replace(processes.value, applications=ours)))

    return only


class Audience(RealWorld):
    """The real world, listened to."""

    def __init__(self, folder: Path | None, fellow: int | None = None) -> None:
        super().__init__(only=below(folder), fellow=fellow)
        self.notices: list[Notice] = []
        self.withdrawn: list[str] = []
        self.statuses: list[Status] = []
        self.changed = asyncio.Event()

    async def announce(self, notice: Notice) -> str | None:
        self.notices.append(notice)
        return None

    async def withdraw(self, key: str) -> bool:
        self.withdrawn.append(key)
        return await super().withdraw(key)

    def show(self, status: Status) -> None:
        self.statuses.append(status)
        self.changed.set()

    @property
    def said(self) -> list[str]:
        """The announcements in short words."""
        return [("over: " if n.over else "") + n.key.split("/", 1)[1].split(":")[0] for n in self.notices]

    @property
    def connection(self) -> ShownConnection:
        """The first connection as it is shown now."""
        return self.statuses[-1].connections[0]

    @property
    def codes(self) -> list[str]:
        """Codes of the visible problems, information included."""
        return visible(self.connection)

    async def until(self, met: Callable[["Audience"], bool], what: str) -> None:
        """Wait for a status of a kind."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not (self.statuses and met(self)):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            shown = self.connection if self.statuses else None
            raise AssertionError(f"never {what}; at the end: {shown}; said: {self.said}") from None

    async def connected(self) -> None:
        """Wait for a healthy session."""
        await self.until(lambda a: a.connection.phase == "connected" and not a.codes, "connected")


def visible(connection: ShownConnection) -> list[str]:
    """Codes of the visible problems of a connection."""
    return [p.code for p in connection.problems if p.visible]


def paper(port: int | Literal["auto"], **other: Any) -> ConnectionSettings:
    """The connection of most tests."""
    return ConnectionSettings(name="Paper Gateway", application=WantedApplication.GATEWAY, port=port, **other)


@asynccontextmanager
async def watching(*connections: ConnectionSettings, folder: Path | None) -> AsyncIterator[Audience]:
    """An agent at work."""
    world = Audience(folder)
    state = first_state(Settings(connections=connections), world.now(), timing=QUICK, known=calm())
    loop = AgentLoop(state, world)
    running = asyncio.ensure_future(loop.run())
    try:
        yield world
    finally:
        loop.stop()
        await running


async def looked_once(
    settings: Settings,
    world: RealWorld,
    *,
    timing: Timing = ONE_LOOK,
    say: Callable[[str], None] = lambda _: None,
    can: Abilities | None = None,
) -> Status:
    """What the doctor sees."""
    async with OneLook(settings, world, timing=timing, known=calm(), say=say, can=can) as look:
        return await look.complete()


async def examined(*connections: ConnectionSettings, folder: Path | None) -> ShownConnection:
    """What the doctor says of the first connection."""
    status = await looked_once(Settings(connections=connections), Audience(folder))
    return status.connections[0]
