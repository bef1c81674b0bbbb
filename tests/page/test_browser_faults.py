"""Every fault of the simulated application on the page, in a real browser: which problem it is, why, what to do."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from agent.app.page_host import view_of
from agent.core.shown.status import ShownProblem
from agent.core.timing import Timing
from agent.core.told_steps import told_step
from agent.page.drawings.choose import drawing_for
from agent.page.drawings.layout import Layout
from agent.simulator.world import SimulatedApplication
from tests.faults.test_faults import CASES, SILENT, Case, connection
from tests.faults.watching import CALM, QUICK
from tests.page.browser import chromium, tab
from tests.page.living import LivingAgent, living_agent

pytestmark = [pytest.mark.asyncio(loop_scope="module")]

NAME = "Paper Gateway"
LANES = 4
"""Faults that are looked at at a time: most of it is waiting."""
PATIENT = replace(QUICK, notice_lasting=60.0, restart_allowance=4.0)
"""What passes by itself stays long enough to be read."""


UNHURRIED = replace(
    QUICK,
    reply_timeout=5.0,
    silence_grace=5.0,
    not_ready_grace=5.0,
    exit_grace=8.0,
    restart_allowance=15.0,
    first_sight_grace=5.0,
    start_grace=10.0,
    login_grace=5.0,
)
"""Where nothing is to be said: on a machine that is busy with a browser nothing happens as fast as it is meant to."""


def timing_for(case: Case) -> Timing:
    if case.agent is None:
        return UNHURRIED
    return replace(PATIENT, start_grace=60.0) if case.agent == "app-starting" else PATIENT


TOLD = [case for case in CASES if case.agent is not None]
QUIET = [
    *(case for case in CASES if case.agent is None),
    *(Case(fault, None, None) for fault in sorted(SILENT)),
]
"""What the agent gets over without a word, and what it notices nothing of."""


READ = """([title]) => {
  const read = (where) => [...document.querySelectorAll(where)].map((e) => e.innerText);
  const words = (e) => [...e.childNodes].filter((n) => n.className !== 'done').map((n) => n.textContent).join('');
  const [shown] = read('h1');
  const steps = [...document.querySelectorAll('.steps > li > div > p')].map(words);
  if (document.querySelector('[aria-busy]')) return null;
  if (shown?.replace(/[0-9]+(?:[.][0-9]+)*/g, '#') !== title || !steps.length) return null;
  const drawings = document.querySelectorAll('.steps .drawing').length;
  return [shown, read('.evidence li'), steps, drawings, read('.offers > button.primary, .step-acts > button')];
}"""
"""What is on the page, once it is about the problem of a title (numbers apart)."""


@dataclass(frozen=True)
class Read:
    """What somebody read of one problem, and what the agent knew of it."""

    problem: ShownProblem
    title: str
    evidence: list[str]
    steps: list[str]
    drawings: int
    fixes: list[str]
    card: str


class Lanes:
    """Looks at the cases several at a time, each with an application and an agent of its own, all in one browser."""

    def __init__(self, browser: Browser, folder: Path, cases: Iterable[Case]) -> None:
        self._browser = browser
        self._folder = folder
        self._room = asyncio.Semaphore(LANES)
        self._reading = {case.title: asyncio.ensure_future(self._read(case)) for case in cases}

    async def read(self, case: Case) -> Read:
        """A case of `TOLD`, as it was read."""
        read = await self._reading[case.title]
        assert read is not None
        return read

    async def read_nothing(self, case: Case) -> None:
        """A case of `QUIET`: returns when there was nothing to read."""
        assert await self._reading[case.title] is None

    async def close(self) -> None:
        for reading in self._reading.values():
            reading.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)

    async def _read(self, case: Case) -> Read | None:
        async with self._room, AsyncExitStack() as stack:
            folder = self._folder / case.title
            folder.mkdir()
            faults = (case.name,) if case.begins else ()
            starting = SimulatedApplication.start(folder / "gateway", faults=faults, shape=case.shape)
            gateway = await stack.enter_async_context(await starting)
            meant = connection(gateway, case)
            agent = await stack.enter_async_context(
                living_agent(folder, gateway=gateway, connection=meant, timing=timing_for(case))
            )
            if not case.begins:
                await agent.world.connected()
                await gateway.fault(case.fault, case.value)
            if case.agent is None:
                await self._nothing_seen(agent)
                return None
            await agent.world.until(lambda a: case.agent in a.codes, f"told {case.agent}")
            return await self._seen(agent, case.agent)

    async def _seen(self, agent: LivingAgent, code: str) -> Read:
        async with tab(self._browser, await agent.page.address(view_of(NAME, code))) as shown:
            # On a busy machine an attempt in between may have ended otherwise.
            await agent.world.until(lambda a: code in a.codes, f"told {code}")
            # All of it in one moment, and while it is there.
            handle = await shown.page.wait_for_function(READ, arg=[counted(problems_of(agent, code)[-1].title)])
            title, evidence, steps, drawings, fixes = await handle.json_value()
            # The page is a little behind, and another attempt may have ended with other evidence and steps.
            meant = problems_of(agent, code)
            problem = next(
                (p for p in reversed(meant) if steps_agree(steps, p) and evidence_agrees(evidence, p)), meant[-1]
            )
            await shown.go("now")
            told = re.compile(re.sub(r"\d+", r"\\d+", re.escape(problem.title)))
            await shown.page.locator(".problems h3").filter(has_text=told).first.wait_for()
            card = await shown.text(".problems")
        return Read(problem, title, evidence, steps, drawings, fixes, card)

    async def _nothing_seen(self, agent: LivingAgent) -> None:
        async with tab(self._browser, await agent.page.address("now")) as shown:
            await asyncio.sleep(CALM)
            await agent.world.connected()
            await shown.page.locator(".card[data-state=connected]").wait_for()
            assert await shown.page.locator(".problems").count() == 0
            assert {notice.key for notice in agent.world.notices} == set()


def drawn(told: Sequence[str], layout: Layout) -> int:
    steps = [told_step(step).text for step in told]
    return sum(drawing_for(s, layout, context=steps[:n]) is not None for n, s in enumerate(steps))


def problems_of(agent: LivingAgent, code: str) -> list[ShownProblem]:
    """The problem as it was shown, status after status."""
    shown = (problem for status in agent.world.statuses for problem in status.connections[0].problems)
    return [problem for problem in shown if problem.code == code and problem.visible]


def evidence_agrees(read: Sequence[str], problem: ShownProblem) -> bool:
    return [counted(line) for line in read] == [counted(line) for line in dict.fromkeys(problem.evidence)]


def steps_agree(read: Sequence[str], problem: ShownProblem) -> bool:
    """A step that names the menus of both layouts of TWS is shown for the one that was chosen, in fewer words."""
    if len(read) != len(problem.steps):
        return False
    texts = [told_step(step).text for step in problem.steps]
    same = sum(shown == unmarked(step) for shown, step in zip(read, texts, strict=True))
    return same >= len(problem.steps) - 1


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lanes(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> AsyncIterator[Lanes]:
    here = (item for item in request.session.items if item.path == request.path)
    chosen = [item.callspec.params["case"] for item in here]  # type: ignore[attr-defined]
    async with chromium() as browser:
        running = Lanes(browser, tmp_path_factory.mktemp("faults"), chosen)
        yield running
        await running.close()


@pytest.mark.parametrize("case", TOLD, ids=lambda c: c.title)
async def test_the_page_shows_the_problem_its_evidence_and_its_steps(case: Case, lanes: Lanes) -> None:
    read = await lanes.read(case)
    problem = read.problem

    assert problem.code == case.agent
    assert counted(read.title) == counted(problem.title)
    assert read.evidence
    assert evidence_agrees(read.evidence, problem), problem.evidence
    assert problem.steps
    assert steps_agree(read.steps, problem), problem.steps
    assert read.drawings in {drawn(problem.steps, layout) for layout in Layout}
    assert read.fixes == [offer.label for offer in problem.fixes]
    assert counted(problem.text) in counted(read.card)


@pytest.mark.parametrize("case", QUIET, ids=lambda c: c.title)
async def test_the_page_shows_nothing_where_nothing_is_wrong(case: Case, lanes: Lanes) -> None:
    await lanes.read_nothing(case)


def unmarked(step: str) -> str:
    """A step as it is read: without its marks."""
    return step.replace("**", "").replace("`", "")


def counted(text: str) -> str:
    """A text without its numbers: what is counted goes on being counted while it is read."""
    return re.sub(r"\d+(?:\.\d+)*", "#", " ".join(text.split()))
