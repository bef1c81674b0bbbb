"""No setting of TWS changes without a yes to a text that names it: every way to a fix, on a real simulated one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.app.fix_host import FixHost
from agent.app.running import RunningAgent
from agent.core.fix import Asker
from agent.core.shown.display import AskFix, DoFix, MenuEntry
from agent.core.shown.menu import display
from agent.runtime.loop import AgentLoop
from agent.runtime.paths import Places
from agent.simulator.world import SimulatedApplication
from agent.tws.api_settings import ApiSettings, Configuration, Precautions
from agent.tws.api_settings_table import PRECAUTIONS
from agent.tws.time_zone import TimeZone
from tests.commands import Place
from tests.faults.ours import Ours, at_work
from tests.faults.watching import paper

UPDATE_CONFIG = 109
NAME, FIX = "Paper Gateway", "set-precautions"


@dataclass
class Scene:
    """An agent with fixes, connected to an application whose precautions are on."""

    gateway: SimulatedApplication
    agent: Ours
    loop: AgentLoop
    host: FixHost

    async def changes(self) -> int:
        """How often the application was asked to change a setting."""
        return (await self.gateway.counters()).received.get(UPDATE_CONFIG, 0)

    async def bypassed(self) -> set[bool | None]:
        """The precautions as they are now."""
        known = await self.gateway.configuration()
        return {known.value(p) for p in PRECAUTIONS}  # type: ignore[misc]

    async def question(self) -> dict[str, object]:
        return await self.host.answer(AskFix(FIX, NAME))

    async def yes(self, digest: object) -> dict[str, object]:
        return await self.host.answer(DoFix(FIX, NAME, str(digest), Asker.COMMAND_LINE))


@asynccontextmanager
async def scene(folder: Path, *faults: str) -> AsyncIterator[Scene]:
    async with (
        await SimulatedApplication.start(folder, faults=("precautions-on", *faults)) as gateway,
        at_work(paper(gateway.port)) as (agent, loop),
    ):
        places = Places(folder / "config.toml", False, folder, folder)
        host = FixHost(RunningAgent(places, loop, agent, lambda: None))
        await agent.until(lambda a: "precautions-on" in a.codes, "told precautions-on")
        yield Scene(gateway, agent, loop, host)


def entries(menu: tuple[MenuEntry, ...]) -> Iterator[MenuEntry]:
    for entry in menu:
        yield entry
        yield from entries(entry.children)


def names_every_setting(text: str) -> bool:
    return all(p.named in text and p.given_up in text for p in PRECAUTIONS)


async def test_in_the_menu_the_yes_stands_below_the_whole_question(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        shown = entries(display(at.agent.statuses[-1], 0.0, TimeZone()).menu)
        fix = next(e for e in shown if e.label.endswith("…") and "precaution" in e.label)
        *_, yes = fix.children
        before = await at.changes()
        assert isinstance(yes.action, DoFix)
        await at.host.clicked(yes.action)

        assert fix.action is None
        assert names_every_setting(" ".join(e.label for e in fix.children))
        assert before == 0
        assert await at.changes() == 1
        assert await at.bypassed() == {True}
        assert at.agent.notices[-1].title == f"Done: {FIX}"


async def test_the_button_of_a_notice_asks_before_it_does_anything(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await at.host.clicked(AskFix(FIX, NAME))
        question = at.agent.notices[-1]
        before = await at.changes()
        (yes,) = question.offers
        assert isinstance(yes.action, DoFix)
        await at.host.clicked(yes.action)

        assert names_every_setting(question.text)
        assert yes.action.asker is Asker.NOTICE
        assert before == 0
        assert await at.bypassed() == {True}


async def test_the_command_line_changes_nothing_without_a_yes(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        place = Place(tmp_path / "user")
        place.folder.mkdir()
        place.config.write_text(f'[[connections]]\nname = "{NAME}"\nport = {at.gateway.port}\n', encoding="utf-8")
        asked = await asyncio.to_thread(place.do, "fix", FIX)
        before = await at.changes()
        done = await asyncio.to_thread(place.do, "fix", FIX, "--yes")

        assert (asked.status, asked.out, before) == (2, "", 0)
        assert names_every_setting(asked.err)
        assert names_every_setting(done.err)
        assert (done.status, await at.bypassed()) == (0, {True})


async def test_a_yes_to_something_else_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        answers = [await at.yes(digest) for digest in ("", "0123456789abcdef", 1)]

        assert all("error" in answer for answer in answers)
        assert await at.changes() == 0


async def test_a_change_while_the_question_is_open_makes_the_yes_void(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        asked = await at.question()
        await at.gateway.configure(Configuration(precautions=Precautions(bypass_bond_warning=True)))
        await at.agent.until(
            lambda a: (
                a.connection.problems[0].evidence[0].startswith("“Bypass Order")
                and len(a.connection.problems[0].evidence) == 11
            ),
            "seen nine precautions",
        )
        void = await at.yes(asked["digest"])
        before = await at.changes()
        fresh = await at.question()
        done = await at.yes(fresh["digest"])

        assert "no longer what would be done" in str(void["error"])
        assert before == 0
        assert done["done"] is True


async def test_a_problem_that_appears_while_the_question_is_open_makes_the_yes_void(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        asked = await at.question()
        await at.gateway.configure(Configuration(ApiSettings(read_only_api=True)))
        await at.agent.until(lambda a: "read-only-api" in a.codes, "told read-only-api")
        void = await at.yes(asked["digest"])

        assert "error" in void
        assert await at.changes() == 0
        assert "error" in await at.question(), "what a Read-Only API refuses is not offered"


async def test_two_at_once_are_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        digest = (await at.question())["digest"]
        answers = await asyncio.gather(at.yes(digest), at.yes(digest))

        assert sorted("error" in a for a in answers) == [False, True]
        assert await at.changes() == 1


async def test_an_application_that_restarted_in_between_is_not_changed(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        digest = (await at.question())["digest"]
        await at.gateway.restart(delay=0.0)
        void = await at.yes(digest)

        assert "error" in void or void["done"] is False
        assert await at.changes() == 0
        assert await at.bypassed() == {False}


async def test_warnings_of_the_application_want_a_yes_of_their_own(tmp_path: Path) -> None:
    async with scene(tmp_path, "config-warnings") as at:
        first = await at.yes((await at.question())["digest"])
        between = await at.bypassed()
        again = first["again"]
        assert isinstance(again, dict)
        second = await at.yes(again["digest"])

        assert first["done"] is False
        assert "An API client wants to change the settings" in " ".join(again["changes"] + [again["remark"]])
        assert between == {False}
        assert second["done"] is True
        assert await at.bypassed() == {True}


async def test_a_warning_that_nobody_accepts_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async with scene(tmp_path, "config-warnings") as at:
        first = await at.yes((await at.question())["digest"])
        other = await at.yes("0123456789abcdef")
        again = first["again"]
        assert isinstance(again, dict)
        late = await at.yes(again["digest"])

        assert "error" in other
        assert "error" in late, "what was not agreed to at once has to be asked again"
        assert await at.bypassed() == {False}


async def test_asking_for_what_is_over_says_so(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await at.gateway.heal()
        await at.agent.until(lambda a: not a.codes, "healthy")
        await at.host.clicked(AskFix(FIX, NAME))

        assert at.agent.notices[-1].title == "Nothing to fix now"
