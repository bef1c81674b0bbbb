"""What the running agent keeps of itself: the history of what it shows, and the recording of what it takes in."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from agent import __version__
from agent.core.clock import Moment
from agent.core.effects import Happened, MarkKind
from agent.core.problem import Severity
from agent.core.shown.display import Notice
from agent.core.shown.status import Status
from agent.core.state_machine.state import Knowledge
from agent.core.state_machine.step import AgentStep
from agent.history.recorder import Recorder
from agent.history.recording.recorder import StepRecorder
from agent.history.spans import Mark
from agent.history.writer import HistoryWriter

ALIVE_EVERY = 60.0
"""Seconds between two notes that the agent runs: after a kill, so much of it may be told as not watched."""


_DAMAGED = "Gatelight’s history was damaged"


class HistoryHost:
    """Everything except what the writer tells, in its thread, happens on the agent's loop."""

    def __init__(
        self,
        folder: Path,
        keep: float,
        now: Callable[[], Moment],
        known: Knowledge,
        *,
        announce: Callable[[Notice], Awaitable[str | None]],
        quiet: Callable[[], bool],
    ) -> None:
        """`folder` is the data folder; `keep`: see `HistoryWriter`. `announce`: see `RunningAgent`. `quiet`: whether
        nothing may be said now."""
        self._now = now
        self._announce = announce
        self._quiet = quiet
        self._recorder = Recorder(__version__, now().wall)
        self._writer = HistoryWriter(folder, keep, tell=self._heard)
        self._news = ""
        """What the writer has told and the user does not know yet."""
        self._steps = StepRecorder(folder, known, now().wall)
        self._marks: list[Mark] = []
        self._alive_at = now().monotonic

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()
        self._steps.start()

    def keep_for(self, seconds: float) -> None:
        """Keep things for another time than before."""
        self._writer.keep = seconds

    def record(self, step: AgentStep, failed: bool) -> None:
        """The core took something in."""
        self._steps.take(step, failed=failed)

    def happened(self, happened: Happened) -> None:
        """Something happened; it is written with the status that follows from it, or within a minute."""
        self._marks.append(Mark(self._now().wall, happened))

    def shown(self, status: Status) -> None:
        """A status is shown."""
        marks, self._marks = self._marks, []
        found = self._recorder.take(status, self._now().wall, marks)
        if found is not None:
            self._writer.take(found)

    async def alive(self) -> None:
        """Note every minute that the agent runs."""
        now = self._now()
        if now.monotonic - self._alive_at < ALIVE_EVERY:
            return
        self._alive_at = now.monotonic
        marks, self._marks = self._marks, []
        self._writer.take(self._recorder.alive(now.wall, marks))
        await self._tell()

    def _heard(self, news: str) -> None:
        self._news = news

    async def _tell(self) -> None:
        """Tell the user what the writer told, as soon as that may be said and a channel takes it."""
        news = self._news
        if not news or self._quiet():
            return
        notice = Notice("gatelight/history", Severity.WARNING, _DAMAGED, news)
        if await self._announce(notice) is None:
            self._news = ""
            self.happened(Happened(MarkKind.SAID, "", "history-damaged", _DAMAGED))

    def close(self) -> None:
        """End; first write what is left, for a moment at most."""
        self._writer.take(self._recorder.end(self._now().wall, self._marks))
        self._writer.close()
        self._steps.close()
