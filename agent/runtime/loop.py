"""The moving part: events in one queue, one consumer, `advance`, effects carried out in order.

Everything here lives on one asyncio loop; other threads come in through `post_from_anywhere`.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from agent.core.agent import advance, begin
from agent.core.clock import Moment
from agent.core.display import Notice
from agent.core.effects import AskSettings, Effect, OpenSession
from agent.core.events import Event, SettingsAnswered
from agent.core.facts import MachineFacts
from agent.core.memory import Memory
from agent.core.state import AgentState
from agent.core.status import Status
from agent.runtime.perform import Patience, Performer

logger = logging.getLogger(__name__)

FAULTS_KEPT = 3
"""Faults of `advance` itself that get a traceback in the log; beyond that a line each."""


class Session(Protocol):
    """One API session, as the loop uses it."""

    def open(self) -> None:
        """Start the attempt."""

    async def close(self) -> None:
        """End it without an event."""

    def heartbeat(self) -> None:
        """Ask for the time."""


class World(Protocol):
    """What the loop needs of the world: real in the program, made up in tests."""

    def now(self) -> Moment:
        """Both clocks."""

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        """Read processes and sockets; may block, is called in a thread."""

    def session(self, wish: OpenSession, emit: Callable[[Event], None]) -> Session:
        """A new API session, not opened yet."""

    async def ask_settings(self, wish: AskSettings) -> SettingsAnswered:
        """Ask for the API settings over a short connection of its own."""

    def watch_exit(self, pid: int, gone: Callable[[], None]) -> Callable[[], None]:
        """Call `gone` on the loop when the process ends; returns what cancels that."""

    def announce(self, notice: Notice) -> Awaitable[str | None]:
        """Tell people; answers why nobody could be told, or None."""

    def withdraw(self, key: str) -> Awaitable[None]:
        """Take a notice back."""

    def show(self, status: Status) -> None:
        """Show the status; must not block."""

    def keep(self, memory: Memory) -> None:
        """Store what must outlive this process; must not raise."""


class AgentLoop:
    """One running agent."""

    def __init__(
        self,
        state: AgentState,
        world: World,
        *,
        after: Callable[[AgentState, Moment], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`after` sees the state after every event, with the moment it was decided at."""
        self.state = state
        self._world = world
        self._after = after
        self._inbox: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._faults = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._performer = Performer(world, self.post, patience or Patience())
        self.handled = 0
        """Events taken in so far."""

    def post(self, event: Event) -> None:
        """Hand in an event; on the loop's own thread."""
        self._inbox.append(event)
        self._arrived.set()

    def post_from_anywhere(self, event: Event) -> None:
        """Hand in an event from any thread; does nothing once the loop is gone."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.post, event)

    def stop_from_anywhere(self) -> None:
        """Ask the loop to end, from any thread; one that has not begun ends as soon as it does."""
        self._stopping = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.stop)

    def stop(self) -> None:
        """Ask the loop to end; on its own thread."""
        self._stopping = True
        self._arrived.set()

    async def run(self) -> None:
        """Run until asked to stop; then close what is open, in order."""
        self._loop = asyncio.get_running_loop()
        try:
            self._step(lambda now: begin(self.state, now))
            while not self._stopping:
                if self._inbox:
                    self._take_in(self._inbox.popleft())
                else:
                    self._arrived.clear()
                    await self._arrived.wait()
        finally:
            await self._performer.close()
            self._loop = None

    def _take_in(self, event: Event) -> None:
        self._step(lambda now: advance(self.state, event, now))
        self.handled += 1

    def _step(self, move: Callable[[Moment], tuple[AgentState, tuple[Effect, ...]]]) -> None:
        now = self._world.now()
        try:
            state, effects = move(now)
        except Exception:
            # A fault in a decision must not take the watch down: the next look judges everything anew.
            self._faults += 1
            if self._faults <= FAULTS_KEPT:
                logger.exception("a decision failed; the event is dropped")
            else:
                logger.error("a decision failed again (%d times so far)", self._faults)
            return
        self.state = state
        for effect in effects:
            try:
                self._performer.perform(effect)
            except Exception:
                # What one part of the world runs into is no reason to leave the other effects undone.
                logger.exception("%s could not be carried out", type(effect).__name__)
        if self._after is not None:
            self._after(state, now)
