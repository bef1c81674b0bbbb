"""The first state of the agent, and the real world in which effects are carried out."""

import asyncio
import os
import random
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agent import __version__
from agent.channels import Chain, NotDelivered
from agent.core.clock import Moment
from agent.core.effects import AskSettings, Happened, OpenSession
from agent.core.events import Event, SettingsAnswered
from agent.core.facts import Fact, MachineFacts, Purpose, RelaySeen
from agent.core.memory import Memory
from agent.core.settings import Settings
from agent.core.shown.display import Notice, NoticeTried
from agent.core.shown.status import Status
from agent.core.shown.targets import SendOutcome, TargetAnswer, TargetMessage
from agent.core.state_machine.state import AgentState, Knowledge, Words, timing_of
from agent.core.timing import Timing
from agent.fixes import FIXES
from agent.guides import load_guides
from agent.observers.look import Looker
from agent.platforms import current
from agent.platforms.exit_watch import watch_exit
from agent.problems import PROBLEMS
from agent.runtime.aside import in_thread
from agent.runtime.clock import SystemClock
from agent.runtime.logs import private_here
from agent.runtime.memory_file import MemoryFile
from agent.runtime.world import ApiSession
from agent.session.traffic import Traffic
from agent.tws.outside import masked
from agent.tws.privacy import Private

if TYPE_CHECKING:
    from agent.core.data_test.run import DataTestPlan
    from agent.core.data_test.seen import DataTest
    from agent.session.data_test import DataTester


def _data_tester() -> "type[DataTester]":
    from agent.session.data_test import DataTester

    return DataTester


def knowledge() -> Knowledge:
    """The agent's knowledge: the problems, their guides, and the fixes."""
    return Knowledge(PROBLEMS, Words(guides=dict(load_guides()), fixes=FIXES))


def first_state(
    settings: Settings,
    now: Moment,
    *,
    purpose: Purpose = Purpose.WATCH,
    memory: Memory | None = None,
    timing: Timing | None = None,
    known: Knowledge | None = None,
    private: Private | None = None,
) -> AgentState:
    """The state of an agent that has seen nothing yet. `private`: what it masks, by default what is private here."""
    if private is None:
        private = private_here(settings.secrets)
    return AgentState(
        knowledge=known or knowledge(),
        settings=settings,
        version=__version__,
        pid=os.getpid(),
        started=now,
        timing=timing or timing_of(settings, Timing()),
        purpose=purpose,
        # An earlier version stored unmasked titles.
        memory=masked((memory or Memory()).taken_over(__version__), private),
        private=private,
        # Random, so that two agents that start together use different client IDs.
        next_number=random.randrange(1, 2000),
    )


class RealWorld:
    """The world as it is: psutil, ib_async, the desktop. See `runtime.world.World`."""

    def __init__(
        self,
        *,
        channels: Chain | None = None,
        show: Callable[[Status], None] | None = None,
        memory_file: MemoryFile | None = None,
        only: Callable[[MachineFacts], MachineFacts] = lambda machine: machine,
        below: Path | None = None,
        fellow: int | None = None,
        relays: Path | None = None,
    ) -> None:
        """`only` limits what counts of a look; `below`, `fellow` and `relays`: see `Looker`."""
        self._clock = SystemClock()
        self._only = only
        self._below = below
        self._platform = current()
        self._looker = Looker(self._platform, below, fellow, relays)
        self._channels = channels
        self._announced: set[str] = set()
        """Keys of the notices that may be on the screen."""
        self._tested = channels or Chain([])
        self._addresses: Mapping[str, str] = {}
        """By target; secrets."""
        self._show = show
        self._memory_file = memory_file
        self.happened: Callable[[Happened], None] = lambda _: None
        """Keeps in the history that something happened."""
        self.traffic = Traffic(lambda: self._clock.now().monotonic)
        """The messages that our sessions sent lately."""

    def beside(self, change: Callable[[MachineFacts], MachineFacts]) -> "RealWorld":
        """Another world that sees what this one sees, changed, and has no channels."""
        only = self._only
        return RealWorld(only=lambda machine: change(only(machine)), below=self._below)

    def tell_through(self, channels: Chain, tested: Chain, addresses: Mapping[str, str] | None = None) -> None:
        """Send notices through these channels from now on; `tested` are those of them that a test notice goes to.

        `addresses`: of each target, by its name.
        """
        self._channels, self._tested = channels, tested
        self._addresses = addresses or {}

    def now(self) -> Moment:
        """Both clocks."""
        return self._clock.now()

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        """Processes and sockets."""
        return self._only(self._looker.look(ports, thorough=thorough, now=now))

    def relays(self) -> Fact[tuple[RelaySeen, ...]]:
        """What relays tell, between two looks; may block, and is called in a thread."""
        return self._looker.relays(self.now())

    def session(self, wish: OpenSession, emit: Callable[[Event], None]) -> ApiSession:
        """A session over ib_async, which is imported with the first one, because it takes half of the memory."""
        from agent.session.ib import IbSession

        sent = partial(self.traffic.note, wish.connection)
        return IbSession(wish, emit, lambda: self._clock.now().monotonic, sent=sent)

    async def ask_settings(self, wish: AskSettings) -> SettingsAnswered:
        """Ask for the API settings over a short session of its own."""
        from agent.session.settings import ask_settings

        answer = await ask_settings(wish.host, wish.port, wish.client_ids)
        return SettingsAnswered(wish.number, answer.settings, answer.server_version)

    async def test_data(self, plan: "DataTestPlan", report: "Callable[[DataTest], None]") -> "DataTest":
        """Run the market data self-test over a session of its own."""
        clock = self._clock
        # Loaded aside: ib_async's part of it takes longer than a turn of the loop may.
        tester = (await in_thread(_data_tester, "data test"))(
            plan,
            lambda: clock.now().monotonic,
            lambda: clock.now().wall,
            report=report,
            sent=partial(self.traffic.note, plan.connection),
        )
        return await tester.run()

    def watch_exit(self, pid: int, gone: Callable[[], None]) -> Callable[[], None]:
        """Watch the process through the operating system."""
        return watch_exit(pid, gone)

    async def announce(self, notice: Notice) -> str | None:
        """Send a notice through the channels."""
        if self._channels is None:
            return None
        self._announced.add(notice.key)
        delivery = await self._channels.announce(notice)
        return delivery.reason if isinstance(delivery, NotDelivered) else None

    async def send(self, target: str, message: TargetMessage) -> TargetAnswer:
        """Send a message through Apprise, in a process of its own."""
        from agent.channels.remote import send_message

        address = self._addresses.get(target)
        if address is None:
            return TargetAnswer(SendOutcome.UNUSABLE, "it is not in the configuration any more")
        return await send_message(address, message)

    async def try_channels(self, notice: Notice) -> NoticeTried:
        """Send a test notice to every channel that is on."""
        return await self._tested.try_all(notice)

    async def withdraw(self, key: str) -> bool:
        """See `runtime.world.World.withdraw`."""
        self._announced.discard(key)
        return self._channels is not None and await self._channels.withdraw(key)

    async def withdraw_all(self) -> None:
        """Withdraw every notice: once the agent has ended, none of them is true any more."""
        await asyncio.gather(*(self.withdraw(key) for key in tuple(self._announced)))

    def show(self, status: Status) -> None:
        """Pass the status to the callback that shows it."""
        if self._show is not None:
            self._show(status)

    def keep(self, memory: Memory) -> None:
        """Store the memory in the data folder."""
        if self._memory_file is not None:
            self._memory_file.write(memory)
