"""The regular duties beside the looks, with clocks that are given."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from agent.core.clock import Moment
from agent.runtime.clock import ClockGap
from agent.runtime.file_stamp import stamp_of
from agent.runtime.schedule import TURN, Schedule

PATIENCE = 30.0


@dataclass
class Clocks:
    """Clocks that move when told, and what was noticed."""

    moment: Moment = field(default_factory=lambda: Moment(1000.0, 1_795_000_000.0))
    asleep: float | None = 0.0
    woken: list[ClockGap] = field(default_factory=list)
    changes: int = 0

    def schedule(
        self, turn: float = TURN, guard: float = 60.0, also: Sequence[Callable[[], Awaitable[None]]] = ()
    ) -> Schedule:
        return Schedule(
            lambda: self.moment,
            slept=lambda: self.asleep,
            woke=self.woken.append,
            files=self._changed,
            turn=turn,
            guard=guard,
            also=also,
        )

    def _changed(self) -> None:
        self.changes += 1

    def pass_by(self, seconds: float, *, slept: float = 0.0, set_by: float = 0.0) -> None:
        self.moment = Moment(self.moment.monotonic + seconds, self.moment.wall + seconds + slept + set_by)
        if self.asleep is not None:
            self.asleep += slept


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@asynccontextmanager
async def started(schedule: Schedule) -> AsyncIterator[Schedule]:
    schedule.start()
    try:
        yield schedule
    finally:
        schedule.stop()


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not met():  # noqa: ASYNC110 - a counter tells nobody
            await asyncio.sleep(0.005)


async def test_a_turn_that_the_end_breaks_off_is_no_failure(clocks: Clocks, caplog: pytest.LogCaptureFixture) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    schedule = clocks.schedule(turn=0.01, also=[endless])
    async with asyncio.timeout(PATIENCE), started(schedule):
        await begun.wait()
    async with asyncio.timeout(PATIENCE):
        await ended.wait()
        # The scheduler hears of the end of its job in the next turns of the loop.
        for _ in range(5):
            await asyncio.sleep(0)

    assert [one.getMessage() for one in caplog.records] == []


async def test_sleep_is_noticed(clocks: Clocks) -> None:
    schedule = clocks.schedule()
    await schedule.duties()
    clocks.pass_by(5.0, slept=3600.0)
    await schedule.duties()
    clocks.pass_by(5.0)
    await schedule.duties()

    assert [w.slept_for for w in clocks.woken] == [3600.0]


async def test_a_sleep_before_the_first_turn_is_noticed(clocks: Clocks) -> None:
    async with started(clocks.schedule()) as schedule:
        clocks.pass_by(3.0, slept=3600.0)
        await schedule.duties()

    assert [woke.slept_for for woke in clocks.woken] == [3600.0]


@pytest.mark.parametrize("by", [-7200.0, -3600.0, 3600.0])
async def test_a_clock_that_was_set_is_no_sleep(by: float, clocks: Clocks) -> None:
    schedule = clocks.schedule()
    await schedule.duties()
    clocks.pass_by(5.0, set_by=by)
    await schedule.duties()

    assert clocks.woken == []


async def test_a_file_that_changes_appears_or_goes_is_told_once_each(clocks: Clocks, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    schedule = clocks.schedule()
    await schedule.watch(partial(stamp_of, file))
    await schedule.duties()
    told = [clocks.changes]
    for change in (
        lambda: file.write_text("[checks]\n"),
        lambda: file.write_text("[checks]\nlook_every = '6s'\n"),
        lambda: os.utime(file, ns=(1, 1)),
        file.unlink,
    ):
        change()
        await schedule.duties()
        await schedule.duties()
        told.append(clocks.changes)

    assert told == [0, 1, 2, 3, 4]


async def test_a_file_replaced_by_an_editor_counts_as_changed(clocks: Clocks, tmp_path: Path) -> None:
    file, draft = tmp_path / "config.toml", tmp_path / "config.toml.new"
    file.write_text("a = 1\n")
    schedule = clocks.schedule()
    await schedule.watch(partial(stamp_of, file))
    draft.write_text("a = 2\n")
    stamp = file.stat().st_mtime_ns
    # Same size and same time: only the file itself is another one.
    os.utime(draft, ns=(stamp, stamp))
    draft.replace(file)
    await schedule.duties()

    assert clocks.changes == 1


async def test_the_duties_are_done_turn_after_turn(clocks: Clocks, tmp_path: Path) -> None:
    schedule = clocks.schedule(turn=0.02)
    await schedule.watch(partial(stamp_of, tmp_path / "config.toml"))
    async with started(schedule):
        for count in range(3):
            (tmp_path / "config.toml").write_text("x" * (count + 1))
            await until(lambda count=count: clocks.changes == count + 1)  # type: ignore[misc]

    (tmp_path / "config.toml").unlink()
    await asyncio.sleep(0.1)
    assert clocks.changes == 3


async def test_duties_go_on_after_the_wall_clock_was_set_back(clocks: Clocks, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    schedule = clocks.schedule(turn=0.02, guard=0.2)
    await schedule.watch(partial(stamp_of, file))
    async with started(schedule):
        file.write_text("1")
        await until(lambda: clocks.changes == 1)
        # To the scheduler, a clock set back by an hour is a next time that lies an hour ahead.
        ahead = datetime.now(UTC) + timedelta(hours=1)
        assert schedule._scheduler is not None
        schedule._scheduler.modify_job("duties", next_run_time=ahead)
        file.write_text("12")
        await until(lambda: clocks.changes == 2)
        file.write_text("123")
        await until(lambda: clocks.changes == 3)

    assert clocks.woken == []


@pytest.mark.parametrize("began", [0.0, 4.0, 6.0, 9.9])
async def test_the_first_turn_comes_soon_whenever_the_agent_began(
    began: float, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: asyncio.Queue[float] = asyncio.Queue()

    async def waited(seconds: float) -> None:
        waits.put_nowait(seconds)
        await asyncio.Event().wait()

    clocks.pass_by(began)
    monkeypatch.setattr(asyncio, "sleep", waited)
    async with started(clocks.schedule()), asyncio.timeout(PATIENCE):
        assert await waits.get() == TURN / 2


async def test_a_turn_beside_the_common_moments_is_followed_by_one_at_them(clocks: Clocks) -> None:
    async with started(clocks.schedule(turn=0.02)) as schedule:
        await until(lambda: schedule._done > 1)
        clocks.pass_by(0.008)
        before = schedule._done
        await until(lambda: schedule._done > before + 1)
        job = schedule._scheduler.get_job("duties") if schedule._scheduler is not None else None

    # 12 ms are left of a turn that began 8 ms before.
    assert job is not None
    assert (job.next_run_time - datetime.now(UTC)).total_seconds() <= 0.0121


async def test_duties_that_fail_once_are_done_again(clocks: Clocks, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    failed: list[bool] = []

    def files() -> None:
        if not failed:
            failed.append(True)
            raise ValueError("in a duty")
        clocks.changes += 1

    schedule = Schedule(
        lambda: clocks.moment, slept=lambda: 0.0, woke=clocks.woken.append, files=files, turn=0.02, guard=60
    )
    await schedule.watch(partial(stamp_of, file))
    async with started(schedule):
        file.write_text("1")
        await until(lambda: bool(failed))
        file.write_text("12")
        await until(lambda: clocks.changes == 1)


async def test_a_schedule_leaves_no_task_behind(clocks: Clocks) -> None:
    async with started(clocks.schedule(turn=0.01)) as schedule:
        await until(lambda: schedule._done > 1)
    await asyncio.sleep(0.05)

    assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []


async def test_a_schedule_that_never_began_can_be_stopped(clocks: Clocks) -> None:
    clocks.schedule().stop()

    assert clocks.woken == []
