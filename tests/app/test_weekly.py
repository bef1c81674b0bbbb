"""The weekly summary of a running agent: once a week, in no quiet hour, and kept over restarts."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.app.weekly import TRIED_AGAIN, WeeklySummary
from agent.core.clock import Moment
from agent.core.effects import Happened
from agent.core.events import Event
from agent.core.settings import HistorySettings, QuietHours, Settings
from agent.core.shown.display import Notice, OpenPage
from agent.core.state_machine.advance import advance
from agent.core.state_machine.state import AgentState
from agent.history.spans import Changes, Span, SpanKind
from agent.history.store import Store
from agent.history.writer import HISTORY_FILE
from agent.runtime.paths import find_places
from tests.core.made_up_agent import PAPER, started

MONDAY = datetime(2026, 11, 23, 9).astimezone()
DAY = 86_400.0
WANTED = Settings((PAPER,), history=HistorySettings(weekly_summary=True))


@dataclass
class Agent:
    """An agent whose clock the test sets."""

    folder: Path
    state: AgentState
    moment: Moment
    said: list[Notice] = field(default_factory=list)
    happenings: list[Happened] = field(default_factory=list)
    refuses: str | None = None

    def __post_init__(self) -> None:
        self.places = find_places(None, self.folder, environ={})
        self.world: Any = self

    def now(self) -> Moment:
        return self.moment

    def post(self, event: Event) -> None:
        self.state = advance(self.state, event, self.moment)[0]

    async def announce(self, notice: Notice) -> str | None:
        self.said.append(notice)
        return self.refuses

    def happened(self, happened: Happened) -> None:
        self.happenings.append(happened)

    async def looks(self, wall: float, *, page: bool = True, again: bool = False) -> None:
        """A fresh start of the agent, unless `again`; it looks, with its clock at this time."""
        self.moment = Moment(self.moment.monotonic + 1.0, wall)
        if not again:
            self.summary = WeeklySummary(self, opens_page=lambda: page)  # type: ignore[arg-type]
        await self.summary.look()


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    began = MONDAY.timestamp() - 5 * DAY
    store = Store(tmp_path / HISTORY_FILE)
    so = (Span("", SpanKind.RUN, "0.1.0"), Span("Paper", SpanKind.STATE, "connected"))
    store.write([Changes(began, begun=tuple((span, began) for span in so)), Changes(MONDAY.timestamp())])
    store.close()
    return Agent(tmp_path, replace(started(PAPER), settings=WANTED), Moment(100.0, began))


async def test_it_is_said_once_and_kept_over_a_restart(agent: Agent) -> None:
    await agent.looks(MONDAY.timestamp() - 3 * DAY)
    await agent.looks(MONDAY.timestamp() - 1)
    assert agent.said == []
    for later in (0.0, 1.0, 3 * DAY):
        await agent.looks(MONDAY.timestamp() + later)

    assert [notice.title for notice in agent.said] == ["Your week: 100 % well"]
    assert [entry.action for entry in agent.said[0].offers] == [OpenPage("history")]
    assert [one.what for one in agent.happenings] == ["week"]


async def test_without_a_page_none_is_offered(agent: Agent) -> None:
    await agent.looks(MONDAY.timestamp() - DAY)
    await agent.looks(MONDAY.timestamp(), page=False)

    assert [notice.offers for notice in agent.said] == [()]


async def test_it_is_off_unless_it_is_wanted(agent: Agent) -> None:
    agent.state = replace(agent.state, settings=Settings((PAPER,)))
    await agent.looks(MONDAY.timestamp() - DAY)
    await agent.looks(MONDAY.timestamp())
    assert agent.state.memory.summary_said is None

    # Switched on on a Monday at noon, it says nothing of the week before.
    agent.state = replace(agent.state, settings=WANTED)
    await agent.looks(MONDAY.timestamp() + DAY / 8)
    await agent.looks(MONDAY.timestamp() + DAY)
    assert agent.said == []


@pytest.mark.parametrize("what", ["quiet hours", "pause"])
async def test_it_waits_for_the_end_of_the_quiet(agent: Agent, what: str) -> None:
    await agent.looks(MONDAY.timestamp() - DAY)
    loud = agent.state
    if what == "pause":
        memory = replace(loud.memory, paused_until=MONDAY.timestamp() + DAY)
        agent.state = replace(loud, memory=memory)
    else:
        minute = int(MONDAY.timestamp() // 60) % 1440
        quiet = replace(WANTED.notifications, quiet_hours=(QuietHours(minute, (minute + 60) % 1440),))
        agent.state = replace(loud, settings=replace(WANTED, notifications=quiet))
    await agent.looks(MONDAY.timestamp())
    assert agent.said == []

    agent.state = loud
    await agent.looks(MONDAY.timestamp() + 2 * 3600, again=True)
    assert len(agent.said) == 1


async def test_what_no_channel_took_is_tried_again_after_a_while(agent: Agent) -> None:
    await agent.looks(MONDAY.timestamp() - DAY)
    agent.refuses = "no desktop"
    await agent.looks(MONDAY.timestamp())
    await agent.looks(MONDAY.timestamp() + 5, again=True)
    assert len(agent.said) == 1

    agent.refuses = None
    agent.moment = agent.moment.later(TRIED_AGAIN)
    await agent.looks(MONDAY.timestamp() + TRIED_AGAIN, again=True)
    agent.moment = agent.moment.later(TRIED_AGAIN)
    await agent.looks(MONDAY.timestamp() + 2 * TRIED_AGAIN, again=True)
    assert len(agent.said) == 2


def damaged(file: Path) -> None:
    file.write_text("no database " * 1000)


def gone(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(("harm", "waits"), [(damaged, True), (gone, False)])
async def test_of_a_history_that_is_not_there_nothing_is_said(
    agent: Agent, harm: Callable[[Path], None], waits: bool
) -> None:
    await agent.looks(MONDAY.timestamp() - DAY)
    before = agent.state.memory.summary_said
    harm(agent.folder / HISTORY_FILE)
    await agent.looks(MONDAY.timestamp())

    assert agent.said == []
    assert (agent.state.memory.summary_said == before) is waits
