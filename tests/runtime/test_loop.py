"""The loop of the running agent, in a world that is made up."""

import asyncio
import logging
import socket
import threading
import time
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

import pytest

from agent.app.world import knowledge
from agent.core.events import (
    ConfigRejected,
    HeartbeatAnswered,
    NoticeArrived,
    Reconfigured,
    SessionLost,
    Tick,
    UserAsked,
    Woke,
)
from agent.core.facts import Facts, Unknown
from agent.core.problem import Verdict
from agent.core.settings import CheckSettings, ConnectionSettings, Settings
from agent.core.shown.display import Connect, Disconnect, Pause, Resume
from agent.core.state_machine.state import AgentState
from agent.core.state_machine.step import AgentStep, decide_step
from agent.core.timing import Timing
from agent.runtime.loop import MOST_TOGETHER, AgentLoop
from agent.tws.calendar import Expectation, expect
from tests.runtime.made_up_world import PAPER, PATIENCE, PORT, QUICK, MadeUpWorld, running, state_of


def connected(world: MadeUpWorld) -> bool:
    return bool(world.statuses) and world.statuses[-1].connections[0].phase == "connected"


async def test_the_loop_looks_connects_and_shows() -> None:
    world = MadeUpWorld()
    async with running(world):
        await world.until(connected)

    assert world.looks[0][0] >= {PORT}
    assert len(world.sessions) == 1
    assert world.sessions[0].wish.port == PORT


async def test_events_are_taken_in_one_after_the_other_in_the_order_they_came() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        for seconds in (10.0, 20.0, 30.0):
            loop.post(UserAsked(Pause(seconds)))
        # Other events may come between them.
        await world.until(lambda w: sum(m.paused_until is not None for m in w.memories) == 3)
        until = loop.state.memory.paused_until

    assert until is not None
    assert 25 < until - time.time() <= 30
    kept = [m.paused_until for m in world.memories if m.paused_until is not None]
    assert kept == sorted(kept)
    assert len(kept) == 3


async def test_what_an_event_wants_is_done_before_the_next_event() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        world.diary.clear()
        loop.post(UserAsked(Disconnect("")))
        loop.post(UserAsked(Connect("")))
        await world.until(lambda w: len(w.sessions) == 2 and connected(w))
        first, second = (s.wish.number for s in world.sessions)
        order = [d for d in world.diary if d.startswith(("close ", "open "))]

    assert order == [f"close {first}", f"open {second}"]


async def test_events_from_other_threads_arrive() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        threads = [
            threading.Thread(target=loop.post_from_anywhere, args=(UserAsked(Pause(100.0 + i)),)) for i in range(20)
        ]
        handled = loop.handled
        for thread in threads:
            thread.start()
        await world.until(lambda _: loop.handled >= handled + 20)
        for thread in threads:
            thread.join()

    loop.post_from_anywhere(UserAsked(Pause(1.0)))
    loop.stop_from_anywhere()
    assert loop.state.memory.paused_until is not None


async def test_a_wish_to_stop_before_the_beginning_is_not_lost() -> None:
    loop = AgentLoop(state_of(), MadeUpWorld(), limits=QUICK)
    loop.stop_from_anywhere()

    await asyncio.wait_for(loop.run(), PATIENCE)


async def test_a_stop_from_another_thread_ends_the_loop() -> None:
    world = MadeUpWorld()
    loop = AgentLoop(state_of(), world, limits=QUICK)
    task = asyncio.ensure_future(loop.run())
    await world.until(connected)
    threading.Thread(target=loop.stop_from_anywhere).start()
    await asyncio.wait_for(task, PATIENCE)

    assert not world.sessions[0].open_now


@dataclass(frozen=True)
class _Bad:
    """Something no decision can be made of."""

    number: int | None = None


async def test_a_fault_in_a_decision_is_logged_and_the_watch_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        await world.until(lambda _: loop.state.watched[0].inquiry.told.at is not None)
        for _ in range(6):
            loop.post(_Bad())  # type: ignore[arg-type]
        faults = loop._faults
        # The first one is tried again three times; from then on nothing helps, and the others are dropped at once.
        await world.until(lambda _: loop._faults >= faults + 9)
        tracebacks = [r for r in caplog.records if r.exc_info and "decision failed" in r.message]
        lines = [r for r in caplog.records if "decision failed" in r.message]
        connected_still = loop.state.watched[0].connected
        loop.post(UserAsked(Disconnect("")))
        await world.until(lambda w: not w.sessions[0].open_now)

    assert connected_still
    assert (len(tracebacks), len(lines)) == (3, 9)


async def test_one_bad_event_among_many_is_found_and_the_others_count() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        number = world.sessions[0].wish.number
        handled, taken = loop.handled, world.sessions[0].taken_in
        for n in range(10):
            loop.post(NoticeArrived(number, 2104, f"Market data farm connection is OK:farm{n}"))
        loop.post(NoticeArrived(number, "bad", 7))  # type: ignore[arg-type]
        for n in range(10, 20):
            loop.post(NoticeArrived(number, 2104, f"Market data farm connection is OK:farm{n}"))
        await world.until(lambda w: len(w.statuses[-1].connections[0].farms) == 20)

    assert loop.handled >= handled + 21
    assert world.sessions[0].taken_in >= taken + 21


async def test_events_that_wait_lead_to_one_decision_and_others_have_their_turn_in_between() -> None:
    world, decided = MadeUpWorld(), 0

    def count(*_: object) -> None:
        nonlocal decided
        decided += 1

    loop = AgentLoop(state_of(), world, after=count, limits=QUICK)
    task = asyncio.ensure_future(loop.run())
    await world.until(connected)
    number, before = world.sessions[0].wish.number, decided
    for _ in range(MOST_TOGETHER * 10):
        loop.post(NoticeArrived(number, 2104, "Market data farm connection is OK:usfarm"))
    handled, seen = loop.handled, []
    while loop.handled < handled + MOST_TOGETHER * 10:
        await asyncio.sleep(0)
        seen.append(loop.handled - handled)
    loop.stop()
    await task

    assert decided - before < 10 + 50
    steps = [b - a for a, b in pairwise(seen)]
    assert max(steps) <= MOST_TOGETHER


@pytest.mark.not_under_wine("the event loop of Windows watches no socket for a caller, as this test has it do")
async def test_an_answer_that_lies_in_the_socket_is_not_told_as_missing() -> None:
    world = MadeUpWorld()
    timing = replace(Timing().scaled(0.02), heartbeat_every=1000.0, second_heartbeat=0.01, reply_timeout=10.0)
    patient = replace(state_of(), timing=timing)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        async with running(world, patient) as loop:
            await world.until(lambda _: connected(world) and world.statuses[-1].connections[0].latency is not None)
            session = world.sessions[0]
            world.answers = False
            asyncio.get_running_loop().add_reader(
                ours, lambda: ours.recv(1) and session.emit(HeartbeatAnswered(session.wish.number, int(time.time())))
            )
            # Two heartbeats go out; then the answer comes, while this program stands still for a minute.
            loop.post(Woke(1.0))
            await world.until(lambda w: w.diary.count("heartbeat") >= 3)
            theirs.send(b"x")
            world.ahead += 60.0
            loop.post(Tick())
            await world.until(lambda _: not loop.state.watched[0].session.heartbeats.sent)  # type: ignore[union-attr]
            asyncio.get_running_loop().remove_reader(ours)

    shown = {p.code for s in world.statuses for c in s.connections for p in c.problems}
    assert not shown & {"app-frozen", "clock-off"}


class FailingCalendar:
    """A calendar that fails while it is told to, and with it every decision."""

    def __init__(self) -> None:
        self.fails = False

    def __call__(self, *args: Any, **known: Any) -> Expectation:
        if self.fails:
            raise OSError("for once")
        return expect(*args, **known)

    def state(self) -> AgentState:
        state = state_of()
        return replace(state, knowledge=replace(state.knowledge, expect=self))


async def test_what_came_after_a_fault_waits_for_what_it_follows() -> None:
    world, calendar = MadeUpWorld(), FailingCalendar()
    calendar.fails = True
    taken: list[float | None] = []
    loop = AgentLoop(
        calendar.state(), world, limits=QUICK, after=lambda state, _: taken.append(state.memory.paused_until)
    )
    loop.post(UserAsked(Pause(100.0)))
    loop.post(UserAsked(Resume()))
    task = asyncio.ensure_future(loop.run())
    await world.until(lambda _: loop._faults >= 2)
    calendar.fails = False
    # The pause and then its end.
    await world.until(lambda _: [paused for paused, _ in groupby(u is not None for u in taken)][-2:] == [True, False])
    loop.stop()
    await task


async def test_each_step_is_recorded_and_decides_the_same_again() -> None:
    world, calendar = MadeUpWorld(), FailingCalendar()
    steps: list[tuple[AgentStep, bool]] = []
    states: list[AgentState] = []
    loop = AgentLoop(
        calendar.state(),
        world,
        limits=QUICK,
        after=lambda state, _: states.append(state),
        record=lambda step, failed: steps.append((step, failed)),
    )
    task = asyncio.ensure_future(loop.run())
    await world.until(connected)
    calendar.fails = True
    loop.post(UserAsked(Pause(100.0)))
    await world.until(lambda _: loop._faults >= 1)
    calendar.fails = False
    await world.until(lambda _: loop.state.memory.paused_until is not None)
    loop.stop()
    await task
    decided = [step for step, failed in steps if not failed]

    assert decided[0].arrivals == ()
    assert [decide_step(step)[0] for step in decided] == states
    assert sum(failed for _, failed in steps) == loop._faults >= 1


async def test_a_session_whose_event_cannot_be_decided_holds_up_no_other() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        number = world.sessions[0].wish.number
        faults, other = loop._faults, number + 100
        loop.post(_Bad(other))  # type: ignore[arg-type]
        loop.post(NoticeArrived(other, 2104, "Market data farm connection is OK:after"))
        await world.until(lambda _: loop._faults > faults)
        loop.post(NoticeArrived(number, 2104, "Market data farm connection is OK:farm"))
        await world.until(lambda w: len(w.statuses[-1].connections[0].farms) == 1)
        held = [subject for subject, waiting in loop._held.items() if len(waiting) == 2]

    assert held == [other]


async def test_a_look_of_which_no_decision_could_be_made_is_not_the_last_one() -> None:
    world, calendar = MadeUpWorld(), FailingCalendar()
    async with running(world, calendar.state()) as loop:
        await world.until(connected)
        calendar.fails = True
        await world.until(lambda _: loop._faults > 4)
        calendar.fails, looks = False, len(world.looks)

        await world.until(lambda w: len(w.looks) > looks + 2)


async def test_an_attempt_whose_end_ran_into_a_fault_is_not_waited_for_for_ever() -> None:
    world, calendar = MadeUpWorld(), FailingCalendar()
    async with running(world, calendar.state()) as loop:
        await world.until(lambda w: w.sessions)
        calendar.fails = True
        await world.until(lambda _: loop._faults)
        calendar.fails = False

        await world.until(connected)


async def test_a_check_that_fails_leaves_the_other_problems_judged(caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Facts) -> Verdict:
        raise ZeroDivisionError("in a check")

    known = knowledge()
    problems = tuple(replace(p, check=fails) if p.code == "clock-off" else p for p in known.problems)
    world = MadeUpWorld(gateway=False)
    async with running(world, state_of(known=replace(known, problems=problems))):
        await world.until(lambda w: "app-not-running" in w.codes)
        shown = world.statuses[-1].connections[0]

    assert "clock-off" in {code for code, _ in shown.undecided}
    assert len([r for r in caplog.records if "clock-off" in r.message]) == 1


async def test_a_window_that_fails_does_not_take_the_watch_down(caplog: pytest.LogCaptureFixture) -> None:
    world = MadeUpWorld(show_fails=RuntimeError("no display"))
    async with running(world):
        await world.until(lambda w: w.sessions and w.sessions[0].open_now)
        await world.until(connected)

    assert "ShowStatus could not be carried out" in caplog.text


async def test_a_session_that_cannot_be_made_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    world = MadeUpWorld(refuses_to_open=ImportError("ib_async"))
    async with running(world):
        await world.until(lambda w: len(w.sessions) == 2)
        world.refuses_to_open = None
        await world.until(connected)

    assert "a session could not be opened" in caplog.text


# ── configuration ───────────────────────────────────────────────────────────────────────────────


async def test_a_rejected_configuration_is_shown_and_the_old_one_stays_in_force() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        loop.post(ConfigRejected("config.toml, line 3: port is 0; allowed is 1 to 65535"))
        await world.until(lambda w: "config-invalid" in w.codes)
        still = connected(world)
        problem = next(p for p in world.statuses[-1].connections[0].problems if p.code == "config-invalid")
        loop.post(Reconfigured(loop.state.settings))
        await world.until(lambda w: w.codes == [])

    assert still
    assert len(world.sessions) == 1
    assert any("line 3" in line for line in (*problem.evidence, problem.text))


async def test_a_new_configuration_is_in_force_at_once() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        checks = CheckSettings(look_every=77.0, heartbeat_every=33.0, reply_timeout=11.0)
        loop.post(Reconfigured(Settings(connections=(PAPER,), checks=checks)))
        await world.until(lambda _: loop.state.timing.look_every == 77.0)
        timing = loop.state.timing

    assert (timing.heartbeat_every, timing.reply_timeout) == (33.0, 11.0)
    assert len(world.sessions) == 1


async def test_a_connection_taken_out_of_the_configuration_is_closed() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        other = ConnectionSettings(name="Elsewhere", port=4999)
        loop.post(Reconfigured(Settings(connections=(other,))))
        await world.until(lambda w: not w.sessions[0].open_now)

    assert [c.name for c in world.statuses[-1].connections] == ["Elsewhere"]


async def test_a_connection_with_another_client_id_or_host_is_opened_anew() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        loop.post(Reconfigured(Settings(connections=(replace(PAPER, client_id=17),))))
        await world.until(lambda w: len(w.sessions) == 2 and connected(w))
        loop.post(Reconfigured(Settings(connections=(replace(PAPER, client_id=17, host="localhost"),))))
        await asyncio.sleep(0.1)
        loop.post(Reconfigured(Settings(connections=(replace(PAPER, client_id=17, host="127.0.0.2"),))))
        await world.until(lambda w: not w.sessions[1].open_now)

    assert not world.sessions[0].open_now
    assert world.sessions[1].wish.client_id == 17


async def test_a_connection_that_is_taken_out_leaves_no_notice_behind() -> None:
    world = MadeUpWorld(gateway=False)
    async with running(world) as loop:
        await world.until(lambda w: w.notices)
        loop.post(Reconfigured(Settings(connections=(ConnectionSettings(name="Elsewhere", port=4999),))))
        await world.until(lambda w: w.notices[0].key in w.withdrawn)


# ── the end ─────────────────────────────────────────────────────────────────────────────────────


async def test_at_the_end_sessions_are_closed_exits_unwatched_and_notices_withdrawn() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        world.gateway = False
        loop.post(SessionLost(world.sessions[0].wish.number, "reset"))
        await world.until(lambda w: w.notices)
        world.gateway = True
        keys = {n.key for n in world.notices if not n.over}

    assert keys <= set(world.withdrawn)
    assert world.exits == {}
    assert not any(s.open_now for s in world.sessions)
    assert [t for t in asyncio.all_tasks() if t is not asyncio.current_task()] == []


@pytest.mark.parametrize(
    "slow",
    [
        MadeUpWorld(closing_takes=60),
        MadeUpWorld(withdrawing_takes=60, announces=lambda _: None),
        MadeUpWorld(hang=threading.Event()),
        MadeUpWorld(announcing_takes=60, gateway=False),
    ],
    ids=["closing", "withdrawing", "looking", "announcing"],
)
async def test_whatever_hangs_the_end_comes_in_time(slow: MadeUpWorld) -> None:
    loop = AgentLoop(state_of(), slow, limits=QUICK)
    task = asyncio.ensure_future(loop.run())
    await asyncio.sleep(0.3)
    loop.stop()
    try:
        # A third of what hangs: the end has not waited for it.
        await asyncio.wait_for(task, 20)
    finally:
        if slow.hang is not None:
            slow.hang.set()


async def test_faults_while_closing_are_logged_and_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    world = MadeUpWorld(close_fails=OSError("socket"), withdraw_fails=OSError("bus"))
    async with running(world) as loop:
        await world.until(connected)
        world.gateway = False
        loop.post(SessionLost(world.sessions[0].wish.number, "reset"))
        await world.until(lambda w: w.notices)

    assert "closing a session failed" in caplog.text
    assert "a notice could not be withdrawn" in caplog.text


async def test_the_end_leaves_no_thread_waiting() -> None:
    world = MadeUpWorld(hang=threading.Event())
    loop = AgentLoop(state_of(), world, limits=QUICK)
    task = asyncio.ensure_future(loop.run())
    await world.until(lambda w: w.looks)
    loop.stop()
    await task
    waiting = [t for t in threading.enumerate() if t.name == "look"]
    assert world.hang is not None
    world.hang.set()

    assert all(t.daemon for t in waiting)


async def test_what_sessions_say_after_they_were_given_up_changes_nothing() -> None:
    world = MadeUpWorld()
    async with running(world) as loop:
        await world.until(connected)
        old = world.sessions[0]
        loop.post(UserAsked(Disconnect("")))
        await world.until(lambda _: not old.open_now)
        old.emit(SessionLost(old.wish.number, "late"))
        old.emit(HeartbeatAnswered(old.wish.number, 1))
        handled = loop.handled
        await world.until(lambda _: loop.handled >= handled + 2)
        await asyncio.sleep(0.1)

    assert world.notices == []
    assert len(world.sessions) == 1


async def test_a_machine_that_cannot_be_read_is_unknown_and_not_healthy() -> None:
    world = MadeUpWorld(look_fault=PermissionError("not allowed"))
    async with running(world, state_of(timing=Timing().scaled(0.01))) as loop:
        await world.until(lambda w: "agent-cannot-see" in w.codes or len(w.looks) > 3)
        machine = loop.state.machine

    assert isinstance(machine.processes, Unknown)
    assert world.statuses[-1].connections[0].application is None
