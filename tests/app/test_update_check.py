"""The check for new versions in an agent at work: asked when it is due, never waited for, remembered, silent."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, cast

import pytest

from agent.app.running import RunningAgent
from agent.app.update_check import UNINSTALLER, UpdateCheck, installed_here, manager_of
from agent.core.events import Reconfigured
from agent.core.memory import UpdateNotes
from agent.core.settings import UpdateSettings
from agent.core.state_machine.state import AgentState
from agent.core.updates import AGAIN, FIRST, WEEK, Release
from agent.runtime.memory_file import MemoryFile
from agent.runtime.paths import find_places
from tests.core.test_updates import BUILT, FOLDER, PAGE, WISHED, answer
from tests.runtime.made_up_world import PATIENCE, MadeUpWorld, running, state_of

CHANCE = 0.5
DAY = 86400.0


@dataclass
class Web:
    """Answers what it is given; keeps what it was asked."""

    answer: bytes | OSError = field(default_factory=answer)
    asked: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is answered before."""

    async def fetch(self, address: str) -> bytes:
        self.asked.append(address)
        await self.open.wait()
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


@dataclass
class Stage:
    check: UpdateCheck
    agent: RunningAgent
    world: MadeUpWorld
    memory: MemoryFile
    web: Web

    @property
    def notes(self) -> UpdateNotes:
        return self.agent.state.memory.updates

    async def asked(self) -> None:
        """The question that is under way was answered."""
        self.web.open.set()
        assert self.check._asking is not None
        async with asyncio.timeout(PATIENCE):
            await self.check._asking
            await self.agent.loop.caught_up()

    async def turn(self) -> None:
        await self.check.look()
        await self.agent.loop.caught_up()
        # A question that was begun has its turn.
        await asyncio.sleep(0)


def wishing(settings: UpdateSettings = WISHED, version: str = "0.2.0", **more: Any) -> AgentState:
    state = state_of(**more)
    return replace(state, origin=BUILT, version=version, settings=replace(state.settings, updates=settings))


@asynccontextmanager
async def at_work(
    folder: Path, state: AgentState | None = None, keep: Callable[[MemoryFile], Any] | None = None
) -> AsyncIterator[Stage]:
    world, memory, web = MadeUpWorld(), MemoryFile(folder / "memory.json"), Web()
    (keep or (lambda file: setattr(world, "keep", file.write)))(memory)
    async with running(world, state or wishing()) as loop:
        agent = RunningAgent(
            find_places(folder / "config.toml", folder, environ={}), loop, cast(Any, world), lambda: None
        )
        check = UpdateCheck(agent, memory, fetch=web.fetch, chance=lambda: CHANCE)
        await world.until(lambda world: world.statuses)
        try:
            yield Stage(check, agent, world, memory, web)
        finally:
            await check.close()
            memory.close()


async def test_it_is_asked_when_it_is_due_and_the_newer_version_is_shown(tmp_path: Path) -> None:
    async with at_work(tmp_path) as stage:
        await stage.turn()
        first = stage.notes
        assert (first.address, stage.web.asked) == (FOLDER, [])
        assert abs(first.due - time.time() - FIRST * CHANCE) < 60

        stage.world.ahead = FIRST
        await stage.turn()
        # It does not wait for the answer, and asks once.
        await stage.turn()
        assert stage.web.asked == [f"{FOLDER}/latest.json"]
        assert stage.world.statuses[-1].update is None

        await stage.asked()
        await stage.world.until(lambda world: world.statuses[-1].update == Release("0.3.0", PAGE))
        assert abs(stage.notes.due - time.time() - FIRST - WEEK) < 60
        await stage.turn()
        assert len(stage.web.asked) == 1

        # It is written down, so that a restart neither asks again nor forgets.
        assert MemoryFile(tmp_path / "memory.json").read().updates == stage.notes


async def test_an_agent_that_starts_again_goes_on_as_it_was(tmp_path: Path) -> None:
    notes = UpdateNotes(FOLDER, time.time() + DAY, time.time() - DAY, "0.3.0", PAGE)
    state = wishing()
    async with at_work(tmp_path, replace(state, memory=replace(state.memory, updates=notes))) as stage:
        await stage.turn()

        assert (stage.web.asked, stage.notes) == ([], notes)
        await stage.world.until(lambda world: world.statuses and world.statuses[-1].update is not None)


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (OSError("no answer came in time"), "no answer came in time"),
        (b"<!doctype html>", "it is no JSON"),
        (answer(version="latest"), "it names no version"),
        (answer(page="https://evil.example/"), "it names no page of the host"),
    ],
)
async def test_an_answer_of_no_use_is_a_line_in_the_log_and_asked_for_again_a_day_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answered: bytes | OSError, words: str
) -> None:
    caplog.set_level(logging.INFO)
    async with at_work(tmp_path) as stage:
        stage.web.answer = answered
        await stage.turn()
        stage.world.ahead = FIRST
        await stage.turn()
        await stage.asked()

        assert [r.levelname for r in caplog.records if words in r.message] == ["INFO"]
        assert stage.world.statuses[-1].update is None
        assert abs(stage.notes.due - time.time() - FIRST - AGAIN * (1 + CHANCE)) < 60
        assert stage.notes.heard == 0.0
        assert [n for n in stage.world.notices if "version" in n.title] == []


@pytest.mark.parametrize("running", ["0.3.0", "0.4.0"])
async def test_a_version_that_is_not_newer_is_not_shown(tmp_path: Path, running: str) -> None:
    async with at_work(tmp_path, wishing(version=running)) as stage:
        await stage.turn()
        stage.world.ahead = FIRST
        await stage.turn()
        await stage.asked()

        assert stage.notes.version == "0.3.0"
        assert stage.world.statuses[-1].update is None


@pytest.mark.parametrize(
    "state",
    [
        lambda: wishing(UpdateSettings()),
        lambda: state_of(),
        lambda: replace(wishing(), origin=replace(BUILT, manager="the package manager of this system")),
    ],
    ids=["not wished", "no address", "managed"],
)
async def test_without_wish_or_address_or_beside_a_package_manager_nothing_is_asked(
    tmp_path: Path, state: Callable[[], AgentState]
) -> None:
    async with at_work(tmp_path, state()) as stage:
        stage.world.ahead = 10 * WEEK
        await stage.turn()

        assert (stage.web.asked, stage.notes) == ([], UpdateNotes())


async def test_a_line_goes_when_the_user_does_not_want_it_any_more(tmp_path: Path) -> None:
    notes = UpdateNotes(FOLDER, time.time() + DAY, time.time() - DAY, "0.3.0", PAGE)
    state = wishing()
    async with at_work(tmp_path, replace(state, memory=replace(state.memory, updates=notes))) as stage:
        await stage.world.until(lambda world: world.statuses and world.statuses[-1].update is not None)
        stage.agent.post(Reconfigured(replace(stage.agent.state.settings, updates=UpdateSettings())))

        await stage.world.until(lambda world: world.statuses[-1].update is None)


async def test_what_cannot_be_written_down_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "memory.json").mkdir()
    async with at_work(tmp_path) as stage:
        await stage.turn()
        stage.world.ahead = FIRST
        await stage.turn()

        # Else each start of an agent with a full disk would ask.
        assert stage.memory.unkept
        assert stage.web.asked == []


async def test_the_end_of_the_agent_ends_the_question(tmp_path: Path) -> None:
    async with at_work(tmp_path) as stage:
        await stage.turn()
        stage.world.ahead = FIRST
        await stage.turn()
        await stage.check.close()

        assert stage.check._asking is not None
        assert stage.check._asking.cancelled()


# ── where an installation came from ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("program", "system", "packaged", "words"),
    [
        ("/usr/lib/gatelight/gatelight", "linux", True, "package manager"),
        ("/usr/local/lib/gatelight/gatelight", "linux", True, ""),
        ("/home/ada/gatelight/gatelight", "linux", True, ""),
        ("/Applications/Gatelight.app/Contents/MacOS/gatelight", "darwin", True, ""),
        ("/usr/bin/python3", "linux", False, "pip"),
        ("/home/ada/.local/pipx/venvs/gatelight/bin/python", "darwin", False, "pip"),
    ],
)
def test_who_brings_new_versions_is_told_by_where_the_program_lies(
    program: str, system: str, packaged: bool, words: str
) -> None:
    manager = manager_of(cast(Path, PurePosixPath(program)), system, packaged)

    assert (words in manager) if words else manager == ""


def test_on_windows_the_users_own_setup_has_an_uninstaller_and_an_msi_has_none(tmp_path: Path) -> None:
    program = tmp_path / "gatelight.exe"

    assert "administrator" in manager_of(program, "win32", True)
    (tmp_path / UNINSTALLER).write_bytes(b"")
    assert manager_of(program, "win32", True) == ""
    assert "pip" in manager_of(cast(Path, PureWindowsPath("C:/Python/python.exe")), "win32", False)


def test_a_checkout_has_no_address_and_is_brought_up_to_date_by_its_user() -> None:
    assert installed_here().address == ""
    assert "git" in installed_here().manager
