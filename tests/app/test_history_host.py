"""What the running agent hands to its history."""

from dataclasses import replace
from pathlib import Path

from agent.app.history_host import ALIVE_EVERY, HistoryHost
from agent.core.clock import Moment
from agent.core.effects import Happened, MarkKind
from agent.core.shown.display import IconState, Notice
from agent.core.shown.status import ShownConnection, Status
from agent.history.recording.reading import recorded_pieces
from agent.history.spans import Kept, Mark
from agent.history.store import Store
from agent.history.writer import HISTORY_FILE
from tests.journeys.day import KNOWLEDGE
from tests.recorded_day import RecordedDay, items_of
from tests.waiting import until

WELL = ShownConnection("Paper", "127.0.0.1", 4002, IconState.CONNECTED, "connected", 50.0)
STATUS = Status("0.1.0", 1, 50.0, (WELL,))
SAID = Happened(MarkKind.SAID, "Paper", "app-frozen", "It hangs")


class Day:
    """A history, with a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = Moment(1000.0, 5000.0)
        self.notices: list[Notice] = []
        self.quiet = False
        self.refused: str | None = None
        """Why no channel takes a notice."""
        self.host = HistoryHost(
            *(folder, 90 * 86400.0, lambda: self.now, KNOWLEDGE), announce=self.announce, quiet=lambda: self.quiet
        )
        self.host.start()

    async def announce(self, notice: Notice) -> str | None:
        if self.refused is None:
            self.notices.append(notice)
        return self.refused

    async def minute(self) -> None:
        """A minute passes."""
        self.later(ALIVE_EVERY)
        await self.host.alive()

    def later(self, seconds: float) -> None:
        self.now = self.now.later(seconds)

    def kept(self) -> Kept:
        """All of it, once the history has ended."""
        self.host.close()
        store = Store(self.folder / HISTORY_FILE)
        try:
            return store.read(0.0, 1e9)
        finally:
            store.close()


def test_what_happened_is_kept_with_the_time_at_which_it_did(tmp_path: Path) -> None:
    day = Day(tmp_path)
    day.host.shown(STATUS)
    day.later(5)
    day.host.happened(SAID)
    day.later(5)
    day.host.shown(replace(STATUS, connections=(replace(WELL, overall=IconState.PROBLEM),)))

    kept = day.kept()
    assert kept.marks == (Mark(5005.0, SAID),)
    assert [(s.span.what, s.began, s.ended) for s in kept.spans if s.span.connection] == [
        ("connected", 5000.0, 5010.0),
        ("problem", 5010.0, 5010.0),
    ]


async def test_an_agent_of_which_nothing_is_new_is_noted_every_minute(tmp_path: Path) -> None:
    day = Day(tmp_path)
    day.host.shown(STATUS)
    for _ in range(30):
        day.later(ALIVE_EVERY / 10)
        await day.host.alive()
    day.host.happened(SAID)

    assert day.host._writer._waiting.qsize() <= 4
    assert day.kept().marks == (Mark(5180.0, SAID),)


async def test_that_a_damaged_history_was_set_aside_is_said_once_as_soon_as_it_may_be(tmp_path: Path) -> None:
    (tmp_path / HISTORY_FILE).write_text("no database " * 1000)
    day = Day(tmp_path)
    day.host.shown(STATUS)
    await until(lambda: day.host._news)
    day.quiet = True
    await day.minute()
    day.quiet, day.refused = False, "no notification service"
    await day.minute()

    assert day.notices == []

    day.refused = None
    for _ in range(3):
        await day.minute()

    (notice,) = day.notices
    assert notice.title == "Gatelight’s history was damaged"
    assert "history-damaged-1.db" in notice.text
    assert [mark.happened.what for mark in day.kept().marks] == ["history-damaged"]


def test_what_the_core_takes_in_is_recorded_and_read_once_it_has_ended(tmp_path: Path) -> None:
    day = Day(tmp_path)
    recorded = RecordedDay()
    for step in recorded.steps:
        day.host.record(step, failed=False)
    day.host.close()

    assert len(items_of("".join(recorded_pieces(tmp_path)))) == 1 + len(recorded.steps)
