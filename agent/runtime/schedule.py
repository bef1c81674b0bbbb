"""The agent's regular duties besides looks: noticing sleep, a changed configuration, and what else it is given.

`core` plans looks and wake-ups by the monotonic clock; APScheduler runs these duties.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from agent.core.clock import Moment
from agent.core.state_machine.coalescing import COMMON
from agent.platforms.late_modules import OF_THE_SCHEDULER, keep_out
from agent.runtime import garbage
from agent.runtime.aside import OneAtATime, Together, in_thread
from agent.runtime.clock import ClockGap, SleepWatch

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger

GUARD_EVERY = 60.0
"""Seconds without a turn after which the scheduler is started again."""
TURN = COMMON
"""Seconds between two turns, and so from a change of a file, or from waking, to noticing it at most."""
MOST_OFF = 0.02
"""Seconds by which turns may be beside the common moments."""
STAMP_SECONDS = 2.0
"""Seconds that such a glance may take."""


class Schedule:
    """The regular duties of a running agent; lives on its loop."""

    def __init__(
        self,
        now: Callable[[], Moment],
        *,
        slept: Callable[[], float | None],
        woke: Callable[[ClockGap], None],
        files: Callable[[], None],
        disk: Sequence[Callable[[], Awaitable[None]]] = (),
        also: Sequence[Callable[[], Awaitable[None]]] = (),
        together: Together | None = None,
        turn: float = TURN,
        guard: float = GUARD_EVERY,
    ) -> None:
        """`disk`: what else glances at the disk at every turn, which goes best `together`; `also`: what else is done.

        `turn` and `guard` are seconds, see the constants; the demonstration and tests use shorter ones."""
        self._now = now
        self._slept = slept
        self._woke = woke
        self._changed = files
        self._disk = disk
        self._also = also
        self._glance = OneAtATime("glance at a file", together)
        self._turn = turn
        self._guard_every = guard
        self._sleep_watch = SleepWatch(turn)
        self._going: asyncio.Task[None] | None = None
        self._done = 0
        self._watched: dict[Callable[[], object], object] = {}
        """What tells that files have changed, and what it told last."""
        self._scheduler: AsyncIOScheduler | None = None

    async def watch(self, stamp: Callable[[], object]) -> None:
        """Report when files change, appear or go: when `stamp`, which is called aside, returns something else."""
        with contextlib.suppress(TimeoutError):
            self._watched[stamp] = await self._glance.within(STAMP_SECONDS, stamp)

    def start(self) -> None:
        """Begin, on the running loop."""
        # The first reading of the clocks, so that a sleep before the first turn is noticed.
        self._sleep_watch.observe(self._now(), self._slept())
        self._going = asyncio.get_running_loop().create_task(self._keep_going(), name="schedule")

    def stop(self) -> None:
        """End."""
        if self._going is not None:
            self._going.cancel()
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _keep_going(self) -> None:
        """Begin with the first turn, and keep the scheduler going: it uses the wall clock, and would pause for an hour
        if that is set back by one."""
        # The scheduler is loaded for the first turn: until then the agent has better things to do. Relays that do not
        # run wait for that turn, so that it comes soon whenever the agent began; the next is at a common moment.
        await asyncio.sleep(self._turn / 2)
        scheduler, every_turn = await in_thread(_loaded, "scheduler")
        self._scheduler = scheduler
        scheduler.start()
        # By the clock that the scheduler uses.
        scheduler.add_job(
            self._duties_until_the_end, every_turn(self._turn), id="duties", next_run_time=datetime.now(UTC)
        )
        while True:
            done = self._done
            await asyncio.sleep(self._guard_every)
            if self._done == done:
                scheduler.reschedule_job("duties", trigger=every_turn(self._turn))

    def _until_common(self) -> float:
        """Seconds until the next common moment of all that is done regularly."""
        return self._turn - self._now().monotonic % self._turn

    def _keep_common(self) -> None:
        """Have the next turn at a common moment: the clocks run apart, and a sleep sets them apart."""
        wait = self._until_common()
        off = min(wait, self._turn - wait)
        if self._scheduler is not None and self._scheduler.running and off > min(MOST_OFF, self._turn / 4):
            self._scheduler.modify_job("duties", next_run_time=datetime.now(UTC) + timedelta(seconds=wait))

    async def _duties_until_the_end(self) -> None:
        """The duties as a job of the scheduler, which would log it as a failure that `stop` breaks them off."""
        with contextlib.suppress(asyncio.CancelledError):
            await self.duties()

    async def duties(self) -> None:
        """Do what is due at every turn; public so that tests need not wait."""
        self._done += 1
        self._keep_common()
        if gap := self._sleep_watch.observe(self._now(), self._slept()):
            self._woke(gap)
        # At once, so that their glances at the disk share a thread.
        await asyncio.gather(*(self._glance_at(stamp) for stamp in self._watched), *(duty() for duty in self._disk))
        for duty in self._also:
            await duty()

    async def _glance_at(self, stamp: Callable[[], object]) -> None:
        # After a time-out (the disk hangs) the next turn asks again.
        with contextlib.suppress(TimeoutError):
            found = await self._glance.within(STAMP_SECONDS, stamp)
            if found != self._watched[stamp]:
                self._watched[stamp] = found
                self._changed()


def _loaded() -> "tuple[AsyncIOScheduler, Callable[[float], IntervalTrigger]]":
    """The scheduler, and a trigger of so many seconds from now on."""
    # It is the last that every start loads.
    garbage.loading_ends()
    keep_out(*OF_THE_SCHEDULER)
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger

    # A job that was due while the machine slept runs once afterwards; the library would drop it by default.
    scheduler = AsyncIOScheduler(
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}, timezone="UTC"
    )
    return scheduler, lambda seconds: IntervalTrigger(seconds=seconds, timezone="UTC")
