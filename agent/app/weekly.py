"""Says the weekly summary when it is due: reads the history of the week aside, and tells it as a notice."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from agent.app.running import RunningAgent
from agent.core.alerts.weekly import weekly
from agent.core.effects import Happened, MarkKind
from agent.core.events import SummarySaid
from agent.core.shown.display import Notice
from agent.core.state_machine.quiet import all_quiet
from agent.errors import GatelightError
from agent.runtime.aside import OneAtATime

logger = logging.getLogger("agent")

TRIED_AGAIN = 600.0
"""Seconds until the next try, where the history could not be read or no channel took the notice."""
_READ_SECONDS = 9.0
"""Seconds that reading a week may take; it needs a fraction of one."""
_WEEK = 7


class WeeklySummary:
    """The summary of one agent; on its loop."""

    def __init__(self, agent: RunningAgent, *, opens_page: Callable[[], bool]) -> None:
        """`opens_page`: whether the user can open the page."""
        self._agent = agent
        self._opens_page = opens_page
        self._reader = OneAtATime("weekly summary")
        self._next = float("-inf")
        """Monotonic time of the next try."""

    async def look(self) -> None:
        """Say the summary where that is due."""
        state, now = self._agent.state, self._agent.now()
        wanted = state.settings.history.weekly_summary
        if now.monotonic < self._next or (not wanted and state.memory.summary_said is None):
            return
        # Imported late, here and below: few users want a summary.
        from agent.history.reading import zone_time

        plan = weekly(
            wanted=wanted,
            said=state.memory.summary_said,
            now=now.wall,
            today=datetime.fromtimestamp(now.wall).astimezone().date(),
            local=zone_time,
        )
        if plan.said != state.memory.summary_said:
            self._agent.post(SummarySaid(plan.said))
        elif plan.due is not None and not all_quiet(state, now):
            self._next = now.monotonic + TRIED_AGAIN
            await self._say(plan.due)

    async def _say(self, day: date) -> None:
        from agent.history.summary import SUMMARY_KEY

        try:
            notice = await self._reader.within(_READ_SECONDS, lambda: self._read(day))
        except (GatelightError, TimeoutError) as fault:
            logger.warning("the weekly summary waits, since the history cannot be read: %s", fault)
            return
        if notice is not None:
            offers = notice.offers if self._opens_page() else ()
            if await self._agent.announce(replace(notice, offers=offers)) is not None:
                return
            self._agent.world.happened(Happened(MarkKind.SAID, "", SUMMARY_KEY.rpartition("/")[2], notice.title))
        self._agent.post(SummarySaid(self._agent.now().wall))

    def _read(self, day: date) -> Notice | None:
        """The notice about the week that ended at the beginning of a day; None where nothing of it was watched."""
        from agent.history.reading import read_days, zone_time
        from agent.history.summary import week_notice

        ended = datetime.fromtimestamp(zone_time(day, 0) - 1.0).astimezone()
        return week_notice(read_days(self._agent.places.data, _WEEK, ended))
