import threading
from collections.abc import Callable

import pytest

from agent.app import one_look
from agent.app.one_look import OneLook
from agent.core.clock import Moment
from agent.core.settings import Settings
from agent.core.state_machine.state import AgentState
from agent.core.timing import Timing
from agent.errors import CouldNotFindOut
from tests.runtime.made_up_world import PAPER, MadeUpWorld

QUICK = Timing().scaled(0.02)


def look_at(world: MadeUpWorld, say: Callable[[str], None] = lambda _: None) -> OneLook:
    return OneLook(Settings(connections=(PAPER,)), world, timing=QUICK, say=say)


async def test_it_ends_with_what_was_seen_and_closes_what_it_opened() -> None:
    world = MadeUpWorld()
    async with look_at(world) as look:
        status = await look.complete()

    assert [(c.name, c.phase) for c in status.connections] == [(PAPER.name, "connected")]
    assert [session.open_now for session in world.sessions] == [False]
    assert world.diary[-1].startswith("closed")


async def test_each_reason_to_wait_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = iter(map(one_look.Wait, ["asking", "", "asking", "counting"]))
    monkeypatch.setattr(one_look, "reason_to_wait", lambda _state, _now: next(reasons, None))
    said: list[str] = []
    world = MadeUpWorld(gateway=False)
    async with look_at(world, said.append) as look:
        while not look.state.machine.taken:
            look.changed.clear()
            await look.changed.wait()
        await look.complete()

    assert said == ["asking", "counting"]


async def test_it_waits_for_what_its_user_still_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = iter([True, True, False])
    monkeypatch.setattr(one_look, "reason_to_wait", _nothing_to_wait_for)
    async with look_at(MadeUpWorld(gateway=False)) as look:
        await look.complete(lambda: next(wanted) or not look.state.machine.taken)

    assert next(wanted, None) is None


async def test_a_look_that_saw_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_look, "_LIMIT", 0.2)
    world = MadeUpWorld(hang=threading.Event())
    assert world.hang is not None
    async with look_at(world) as look:
        with pytest.raises(CouldNotFindOut, match="could not be completed"):
            await look.complete()
        world.hang.set()


def _nothing_to_wait_for(_: AgentState, __: Moment) -> None:
    return None
