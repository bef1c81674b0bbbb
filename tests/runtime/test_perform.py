"""Effects carried out in a world that is made up: looks, notices, watched processes."""

import asyncio
import logging
import threading
import time
from dataclasses import replace

import pytest

from agent.core.clock import Moment
from agent.core.effects import (
    Announce,
    CloseSession,
    LookAt,
    OpenSession,
    Record,
    Remember,
    SendHeartbeat,
    WakeAt,
    WatchExits,
    Withdraw,
)
from agent.core.events import (
    Event,
    Looked,
    NoticeDelivered,
    NoticeUndelivered,
    ProcessExited,
    SessionLost,
    SessionReady,
    Tick,
)
from agent.core.facts import Known, MachineFacts, Unknown
from agent.core.memory import Memory, Stopped
from agent.core.problem import Severity
from agent.core.shown.display import Notice
from agent.runtime.perform import Performer
from tests.runtime.made_up_world import PATIENCE, QUICK, MadeUpWorld, running

WISH = OpenSession("Paper Gateway", 1, "127.0.0.1", 4002, 7341, 1.0, 1.0)


class Inbox:
    """What came back."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = asyncio.Event()

    def post(self, event: Event) -> None:
        self.events.append(event)
        self._came.set()

    async def first(self, kind: type[Event], count: int = 1) -> list[Event]:
        async with asyncio.timeout(PATIENCE):
            while len(found := [e for e in self.events if isinstance(e, kind)]) < count:
                self._came.clear()
                await self._came.wait()
        return found


def notice(key: str, title: str = "API port is closed") -> Notice:
    return Notice(key=key, title=title, text="What it means.", severity=Severity.ERROR)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def performer(world: MadeUpWorld, inbox: Inbox) -> Performer:
    return Performer(world, inbox.post, QUICK)


# ── looking ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_look_comes_back_as_an_event(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at_work.perform(LookAt(world.now().monotonic, frozenset({4002}), thorough=True))
    (looked,) = await inbox.first(Looked)
    await at_work.close()

    assert isinstance(looked, Looked)
    assert isinstance(looked.machine.processes, Known)
    assert world.looks == [(frozenset({4002}), True)]


@pytest.mark.parametrize("thorough", [False, True])
async def test_a_look_tells_what_it_cost_and_whether_it_was_thorough(inbox: Inbox, thorough: bool) -> None:
    world = MadeUpWorld()
    seen = world.seen

    def dear(now: Moment) -> MachineFacts:
        began = time.thread_time()
        while time.thread_time() - began < 0.02:
            pass
        return seen(now)

    world.seen = dear  # type: ignore[method-assign]
    at_work = Performer(world, inbox.post, replace(QUICK, look=30.0))
    at_work.perform(LookAt(world.now().monotonic, thorough=thorough))
    (looked,) = await inbox.first(Looked)
    await at_work.close()

    assert isinstance(looked, Looked)
    assert looked.machine.cost >= 0.02
    assert looked.machine.thorough is thorough


async def test_there_is_one_look_at_a_time(inbox: Inbox) -> None:
    world = MadeUpWorld(hang=threading.Event())
    assert world.hang is not None
    at_work = performer(world, inbox)
    for _ in range(20):
        at_work.perform(LookAt(world.now().monotonic))
        await asyncio.sleep(0.002)
    world.hang.set()
    await inbox.first(Looked)
    await at_work.close()

    assert world.most_looking == 1
    assert len(world.looks) == 1


async def test_an_earlier_look_replaces_a_later_one(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at_work.perform(LookAt(world.now().monotonic + 60))
    at_work.perform(LookAt(world.now().monotonic + 0.01))
    await inbox.first(Looked)
    await asyncio.sleep(0.05)
    await at_work.close()

    assert len(world.looks) == 1


async def test_a_look_that_hangs_is_unknown_and_is_not_looked_beside(
    inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    world = MadeUpWorld(hang=threading.Event())
    assert world.hang is not None
    at_work = performer(world, inbox)
    at_work.perform(LookAt(world.now().monotonic))
    (late,) = await inbox.first(Looked)
    at_work.perform(LookAt(world.now().monotonic))
    late, again = await inbox.first(Looked, 2)
    world.hang.set()
    world.hang = None
    at_work.perform(LookAt(world.now().monotonic))
    *_, fine = await inbox.first(Looked, 3)
    await at_work.close()

    assert isinstance(late, Looked)
    assert isinstance(again, Looked)
    assert isinstance(fine, Looked)
    assert late.machine.processes == Unknown("timed out after 0.2 s")
    assert again.machine.sockets == Unknown("an earlier look has not come back yet")
    assert isinstance(fine.machine.processes, Known)
    assert world.most_looking == 1
    assert late.machine.taken < again.machine.taken < fine.machine.taken


async def test_a_look_that_hung_and_then_failed_is_over(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    world = MadeUpWorld(hang=threading.Event(), look_fault=OSError("gone"))
    assert world.hang is not None
    at_work = performer(world, inbox)
    at_work.perform(LookAt(world.now().monotonic))
    await inbox.first(Looked)
    world.hang.set()
    world.hang, world.look_fault = None, None
    at_work.perform(LookAt(world.now().monotonic))
    _, fine = await inbox.first(Looked, 2)
    await at_work.close()

    assert isinstance(fine, Looked)
    assert isinstance(fine.machine.processes, Known)


async def test_a_look_that_fails_is_unknown_and_logged(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    world = MadeUpWorld(look_fault=ValueError("odd table"))
    at_work = performer(world, inbox)
    at_work.perform(LookAt(world.now().monotonic))
    (looked,) = await inbox.first(Looked)
    await at_work.close()

    assert isinstance(looked, Looked)
    assert looked.machine.processes == Unknown("the look failed (ValueError)")
    assert looked.machine.taken > 0
    assert "a look at the machine failed" in caplog.text


async def test_a_look_under_way_at_the_end_is_forgotten_without_a_word(
    inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    world = MadeUpWorld(hang=threading.Event())
    assert world.hang is not None
    at_work = performer(world, inbox)
    at_work.perform(LookAt(world.now().monotonic))
    await world.until(lambda w: w.looks)
    await at_work.close()
    world.hang.set()
    await asyncio.sleep(0.05)

    assert inbox.events == []
    assert caplog.records == []


# ── times ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_wake_up_comes_at_its_time_and_once(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at = world.now().monotonic + 0.05
    at_work.perform(WakeAt(at + 60))
    at_work.perform(WakeAt(at))
    await inbox.first(Tick)
    came = world.now().monotonic
    await asyncio.sleep(0.05)
    await at_work.close()

    # On a busy machine it is later, and never that of the first wish.
    assert at - 0.005 <= came < at + 60
    assert inbox.events == [Tick()]


# ── processes ───────────────────────────────────────────────────────────────────────────────────


async def test_exactly_the_wanted_processes_are_watched(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at_work.perform(WatchExits(frozenset({1, 2})))
    at_work.perform(WatchExits(frozenset({2, 3})))
    watched = set(world.exits)
    gone = world.exits[3]
    gone()
    gone()
    at_work.perform(WatchExits(frozenset({2})))
    await at_work.close()

    assert watched == {2, 3}
    assert inbox.events == [ProcessExited(3)]
    assert set(world.exits) <= {3}
    assert world.diary.count("watch 2") == 1


# ── sessions ────────────────────────────────────────────────────────────────────────────────────


async def test_a_session_is_opened_beaten_and_closed(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at_work.perform(OpenSession("Paper Gateway", 1, "127.0.0.1", 4002, 7341, 1.0, 1.0))
    at_work.perform(SendHeartbeat(1))
    at_work.perform(SendHeartbeat(2))
    at_work.perform(CloseSession(1))
    at_work.perform(CloseSession(1))
    at_work.perform(SendHeartbeat(1))
    await world.until(lambda w: "closed 1" in w.diary)
    await at_work.close()

    assert world.diary == ["open 1", "heartbeat", "close 1", "closed 1"]
    assert isinstance(inbox.events[0], SessionReady)


async def test_a_lost_session_is_closed_behind_itself(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at_work.perform(WISH)
    world.sessions[0].emit(SessionLost(1, "reset"))
    await world.until(lambda w: "closed 1" in w.diary)
    await at_work.close()

    assert inbox.events[-1] == SessionLost(1, "reset")


# ── telling ─────────────────────────────────────────────────────────────────────────────────────


async def test_notices_are_told_in_order_even_when_the_first_takes_long(inbox: Inbox) -> None:
    world = MadeUpWorld(announcing_takes=0.05)
    at_work = performer(world, inbox)
    at_work.perform(Announce(notice("a")))
    at_work.perform(Withdraw("a"))
    at_work.perform(Announce(notice("b")))
    await world.until(lambda w: [n.key for n in w.notices] == ["a", "b"])
    await at_work.close()

    assert world.diary[:3] == ["announce a", "withdraw a", "announce b"]


async def test_notices_that_show_are_withdrawn_at_the_end(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    for key in ("a", "b", "c"):
        at_work.perform(Announce(notice(key)))
    at_work.perform(Withdraw("b"))
    await world.until(lambda w: "withdraw b" in w.diary)
    world.closed_by_user.add("c")

    # Which of them the user had until then is known.
    assert await at_work.close() == {"a"}
    assert sorted(world.withdrawn) == ["a", "b", "c"]


@pytest.mark.parametrize("world", [MadeUpWorld(withdrawing_takes=60), MadeUpWorld(withdraw_fails=OSError("no bus"))])
async def test_of_a_notice_that_could_not_be_withdrawn_it_is_not_said_that_it_was(
    world: MadeUpWorld, inbox: Inbox
) -> None:
    at_work = performer(world, inbox)
    at_work.perform(Announce(notice("a")))
    await world.until(lambda w: w.notices)

    assert await at_work.close() == frozenset()


async def test_a_notice_on_its_way_at_the_end_is_withdrawn_too(inbox: Inbox) -> None:
    world = MadeUpWorld(announcing_takes=60)
    at_work = performer(world, inbox)
    at_work.perform(Announce(notice("a")))
    await world.until(lambda w: "announce a" in w.diary)
    await at_work.close()

    assert world.withdrawn == ["a"]


async def test_a_notice_nobody_took_comes_back(inbox: Inbox) -> None:
    world = MadeUpWorld(announces=lambda n: "no notification service" if n.key == "a" else None)
    at_work = performer(world, inbox)
    at_work.perform(Announce(notice("a")))
    at_work.perform(Announce(notice("b")))
    await world.until(lambda w: w.notices)
    await at_work.close()

    assert inbox.events == [NoticeUndelivered("a", "no notification service")]
    assert world.withdrawn == ["b"]


async def test_that_a_notice_was_shown_comes_back_where_none_could_be_before(inbox: Inbox) -> None:
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at_work.perform(Announce(notice("a")))
    at_work.perform(Announce(replace(notice("b"), once_more=True)))
    await world.until(lambda w: [n.key for n in w.notices] == ["a", "b"])
    await inbox.first(NoticeDelivered)
    await at_work.close()

    assert inbox.events == [NoticeDelivered("b")]


async def test_channels_that_hang_or_fail_hold_up_no_other_notice(
    inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(told: Notice) -> str | None:
        if told.key == "b":
            raise RuntimeError("bus")
        return None

    world = MadeUpWorld(announcing_takes=60)
    at_work = performer(world, inbox)
    at_work.perform(Announce(notice("a")))
    await inbox.first(NoticeUndelivered)
    world.announcing_takes, world.announces = 0.0, fails
    at_work.perform(Announce(notice("b")))
    at_work.perform(Announce(notice("c")))
    await world.until(lambda w: [n.key for n in w.notices] == ["c"])
    await at_work.close()

    assert [e.key for e in inbox.events if isinstance(e, NoticeUndelivered)] == ["a", "b"]
    assert "did not answer within 0.2 s" in caplog.text


async def test_an_undelivered_notice_shows_in_the_status() -> None:
    world = MadeUpWorld(gateway=False, announces=lambda _: "no notification service")
    async with running(world):
        await world.until(lambda w: "app-not-running" in w.codes)
        await world.until(lambda w: any(not p.told for p in w.statuses[-1].connections[0].problems))

    assert world.notices == []


# ── the rest ────────────────────────────────────────────────────────────────────────────────────


async def test_memory_and_log_lines_reach_their_places(inbox: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "agent")
    world = MadeUpWorld()
    at_work = performer(world, inbox)
    at_work.perform(Remember(Memory(stopped=(Stopped("x", None),))))
    at_work.perform(Record(Severity.INFO, "100 % fine"))
    at_work.perform(Record(Severity.WARNING, "a check failed", ValueError("of the check")))
    await at_work.close()

    assert world.memories == [Memory(stopped=(Stopped("x", None),))]
    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("INFO", "100 % fine"),
        ("WARNING", "a check failed"),
    ]
    assert "of the check" in caplog.text
