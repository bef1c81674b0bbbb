"""The agent's regular duties besides looks: noticing sleep, a changed configuration, and what else it is given.

`core` plans looks and wake-ups by the monotonic clock; APScheduler runs these duties.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from agent.core.clock import Moment
from agent.runtime.aside import OneAtATime
from agent.runtime.clock import ClockGap, SleepWatch

CLOCKS_EVERY = 10.0
"""Seconds between two readings of the clocks, and so from waking to noticing the sleep at most."""
GUARD_EVERY = 60.0
"""Seconds without a turn after which the scheduler is started again."""
FILES_EVERY = 5.0
"""Seconds between two glances at the configuration file, the data folder and the program's files."""
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
        also: Sequence[Callable[[], Awaitable[None]]] = (),
        turn: float = min(CLOCKS_EVERY, FILES_EVERY),
        guard: float = GUARD_EVERY,
    ) -> None:
        """`also`: what else is done at every turn.

        `turn` and `guard` are seconds, see the constants; the demonstration and tests use shorter ones."""
        self._now = now
        self._slept = slept
        self._woke = woke
        self._changed = files
        self._also = also
        self._glance = OneAtATime("glance at a file")
        self._turn = turn
        self._guard_every = guard
        self._sleep_watch = SleepWatch(turn)
        self._guard: asyncio.Future[None] | None = None
        self._done = 0
        self._watched: dict[Callable[[], object], object] = {}
        """What tells that files have changed, and what it told last."""
        # A job that was due while the machine slept runs once afterwards; the library would drop it by default.
        self._scheduler = AsyncIOScheduler(
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}, timezone="UTC"
        )

    async def watch(self, stamp: Callable[[], object]) -> None:
        """Report when files change, appear or go: when `stamp`, which is called aside, returns something else."""
        with contextlib.suppress(TimeoutError):
            self._watched[stamp] = await self._glance.within(STAMP_SECONDS, stamp)

    def start(self) -> None:
        """Begin, on the running loop."""
        # The first reading of the clocks, so that a sleep before the first turn is noticed.
        self._sleep_watch.observe(self._now(), self._slept())
        self._scheduler.add_job(self.duties, "interval", seconds=self._turn, id="duties")
        self._scheduler.start()
        self._guard = asyncio.ensure_future(self._keep_going())

    def stop(self) -> None:
        """End."""
        if self._guard is not None:
            self._guard.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def _keep_going(self) -> None:
        """Keep the scheduler going: it uses the wall clock, and would pause for an hour if that is set back by one."""
        while True:
            done = self._done
            await asyncio.sleep(self._guard_every)
            if self._done == done:
                self._scheduler.reschedule_job("duties", trigger="interval", seconds=self._turn)

    async def duties(self) -> None:
        """Do what is due at every turn; public so that tests need not wait."""
        self._done += 1
        if gap := self._sleep_watch.observe(self._now(), self._slept()):
            self._woke(gap)
        for stamp, before in tuple(self._watched.items()):
            # After a time-out (the disk hangs) the next turn asks again.
            with contextlib.suppress(TimeoutError):
                found = await self._glance.within(STAMP_SECONDS, stamp)
                if found != before:
                    self._watched[stamp] = found
                    self._changed()
        for duty in self._also:
            await duty()
