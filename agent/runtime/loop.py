"""The moving part: one queue of events, one consumer, `advance`, and effects carried out in order.

Events that wait are taken in together, a limited number at a time, and one decision follows for them. In between, the
rest of the loop has its turn. Each event keeps the moment of its arrival, because its waiting here does not count
against the application. Everything runs on one asyncio loop; other threads use `post_from_anywhere`.
"""

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import thread_time

from agent.core.clock import Moment
from agent.core.events import Arrival, Event, Tick, subject_of
from agent.core.state_machine.advance import joins
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.step import AgentStep, decide_step
from agent.runtime.perform import Performer, TimeLimits
from agent.runtime.world import World

logger = logging.getLogger(__name__)

FAULTS_KEPT = 3
"""Faults of `advance` that have a traceback in the log; each later one has a line."""
TRIES = 3
"""Times that an event is tried again after a failed decision, before it is dropped."""
MOST_TOGETHER = 100
"""Events that are taken in together, in some milliseconds. At most some dozens of each session wait."""
MOST_DOUBLINGS = 6
"""Doublings of the wait between tries, from a second to about a minute."""


class AgentLoop:
    """One running agent."""

    def __init__(
        self,
        state: AgentState,
        world: World,
        *,
        after: Callable[[AgentState, Moment], None] | None = None,
        limits: TimeLimits | None = None,
        record: Callable[[AgentStep, bool], None] = lambda *_: None,
    ) -> None:
        """`after` is called with the state after each decision, and the moment of the decision.

        `record` is called with each step, and whether its decision failed.
        """
        self.state = state
        self._world = world
        self._after = after
        self._record = record
        self._inbox: deque[tuple[Arrival, int]] = deque()
        """Each event with the number of earlier tries."""
        self._arrived = asyncio.Event()
        self._heard = float("-inf")
        """Monotonic time up to which everything that arrived was taken in."""
        self._stopping = False
        self._faults = 0
        self._faults_in_a_row: Counter[int | str] = Counter()
        """By the subject of the event."""
        self._held: dict[int | str, deque[tuple[Arrival, int]]] = {}
        """By subject: the event that caused a fault, and later ones. Events of other subjects go on."""
        self._next_try: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._limits = limits or TimeLimits()
        self._performer = Performer(world, self.post, self._limits)
        self._behind: list[asyncio.Future[None]] = []
        """What waits until nothing that was handed in is left."""
        self.handled = 0
        """Events taken in so far."""
        self.taken_back: frozenset[str] = frozenset()
        """The keys of notices that stood on a desktop until the loop ended and withdrew them."""

    def now(self) -> Moment:
        """Both clocks, as the agent's world tells them."""
        return self._world.now()

    def post(self, event: Event) -> None:
        """Hand in an event; on the loop's own thread."""
        self._inbox.append((Arrival(event, self._world.now()), 0))
        self._arrived.set()

    async def caught_up(self) -> None:
        """Wait until what was handed in is taken in, or the loop has ended; on the loop's own thread."""
        if self._loop is not None and self._inbox:
            behind = self._loop.create_future()
            self._behind.append(behind)
            await behind

    def _release(self) -> None:
        for behind in self._behind:
            if not behind.done():
                behind.set_result(None)
        self._behind.clear()

    def post_from_anywhere(self, event: Event) -> None:
        """Hand in an event from any thread; does nothing once the loop is gone."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.post, event)

    def stop_from_anywhere(self) -> None:
        """Ask the loop to end, from any thread; a loop that has not begun then ends as soon as it begins."""
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
            if not self._step(()):
                self._recover(Arrival(Tick(), self._world.now()), 0)
            while not self._stopping:
                if self._inbox:
                    heard = self._world.now().monotonic
                    # Two turns of the loop: the first finds what is in the sockets, the second reads it. An answer
                    # that has arrived must not count as missing.
                    await asyncio.sleep(0)
                    await asyncio.sleep(0)
                    self._take_in_some(heard)
                else:
                    self._release()
                    self._arrived.clear()
                    await self._arrived.wait()
        finally:
            self.taken_back = await self._performer.close()
            self._loop = None
            self._release()

    def _take_in_some(self, heard: float) -> None:
        """Take in waiting events that may go together, and decide once; `heard` is the time of reading the sockets."""
        batch: list[Arrival] = []
        tried = 0
        for _ in range(min(len(self._inbox), MOST_TOGETHER)):
            arrival, tried_before = self._inbox[0]
            if held := self._held.get(subject_of(arrival.event)):
                held.append(self._inbox.popleft())
                continue
            if batch and (tried or tried_before or not joins(batch[0].event) or not joins(arrival.event)):
                break
            batch.append(arrival)
            tried = tried_before
            self._inbox.popleft()
        if batch and not self._stopping:
            self._take_in(batch, tried, heard)

    def _take_in(self, batch: Sequence[Arrival], tried: int, heard: float) -> None:
        used = thread_time()
        if not self._inbox:
            # A waiting event may be an awaited answer: only with an empty inbox everything was heard.
            self._heard = heard
        if self._step(batch):
            self.handled += len(batch)
            for arrival in batch:
                self._faults_in_a_row.pop(subject_of(arrival.event), None)
        elif len(batch) == 1:
            self._recover(batch[0], tried)
            self.handled += 1
        else:
            # One of them causes the fault. Tried one by one, the others are still taken in.
            self._inbox.extendleft((arrival, 1) for arrival in reversed(batch))
            return
        cost = (thread_time() - used) / len(batch)
        for arrival in batch:
            self._performer.taken(arrival.event, cost)

    def _recover(self, arrival: Arrival, tried: int) -> None:
        """After a failed decision, try the event again later, and plan looks and wake-ups anew.

        The event may be the end of a look or an attempt, which is not reported twice. Later events of the same subject
        wait, because a session cannot be lost before it is ready. After too many tries, events are dropped at once.
        """
        self.state = replace(self.state, look_at=None, wake_at=None)
        call_later = asyncio.get_running_loop().call_later
        subject = subject_of(arrival.event)
        self._faults_in_a_row[subject] += 1
        in_a_row = self._faults_in_a_row[subject]
        if tried < TRIES and in_a_row <= TRIES:
            self._held[subject] = deque([(arrival, tried + 1)])
            call_later(self._limits.again * 2.0**tried, self._go_on, subject)
            return
        live = {watched.number for watched in self.state.watched}
        for over in [s for s in self._faults_in_a_row if isinstance(s, int) and s not in live]:
            del self._faults_in_a_row[over]
        # One timer only, even if many events were dropped.
        if self._next_try is not None:
            self._next_try.cancel()
        self._next_try = call_later(self._limits.again * 2.0 ** min(in_a_row - 1, MOST_DOUBLINGS), self.post, Tick())

    def _go_on(self, subject: int | str) -> None:
        self._inbox.extendleft(reversed(self._held.pop(subject)))
        self._arrived.set()

    def _step(self, arrivals: Sequence[Arrival]) -> bool:
        """Decide and carry out the effects; returns whether there was a decision."""
        now = self._world.now()
        step = AgentStep(self.state, arrivals, now, self._heard if arrivals else float("inf"))
        try:
            state, effects = decide_step(step)
        except Exception:
            # A fault in a decision must not end the watch: the next look judges everything anew.
            self._record(step, True)
            self._faults += 1
            if self._faults <= FAULTS_KEPT:
                logger.exception("a decision failed; it is tried again")
            else:
                logger.error("a decision failed again (%d times so far)", self._faults)
            return False
        self.state = state
        self._record(step, False)
        for effect in effects:
            try:
                self._performer.perform(effect)
            except Exception:
                # The other effects are carried out nevertheless.
                logger.exception("%s could not be carried out", type(effect).__name__)
        if self._after is not None:
            self._after(state, now)
        return True
