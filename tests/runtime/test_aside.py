"""Work that may hang: awaited for a limited time, and never begun twice."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from agent.runtime.aside import OneAtATime, Together, done_within, in_thread

LONG = 30.0


@pytest.fixture
def goes_on() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_without_a_loop_it_gives_its_result_its_fault_or_a_timeout(goes_on: threading.Event) -> None:
    def fault() -> None:
        raise LookupError("not there")

    assert done_within(LONG, lambda: 5, "x") == 5
    with pytest.raises(LookupError):
        done_within(LONG, fault, "x")
    with pytest.raises(TimeoutError, match="no answer within"):
        done_within(0.01, lambda: goes_on.wait(LONG), "x")


async def test_while_one_hangs_no_further_one_is_begun(goes_on: threading.Event) -> None:
    begun: list[int] = []

    def hang() -> None:
        begun.append(1)
        goes_on.wait(LONG)
        raise LookupError("too late to matter")

    disk = OneAtATime("x")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await disk.within(0.01, hang)
    assert len(begun) == 1

    goes_on.set()
    assert await disk.within(LONG, lambda: 7) == 7


async def test_a_fault_is_raised_and_the_next_piece_is_begun() -> None:
    def fault() -> None:
        raise LookupError("not there")

    disk = OneAtATime("x")
    with pytest.raises(LookupError):
        await disk.within(LONG, fault)
    assert await disk.within(LONG, lambda: 7) == 7


async def test_several_that_wait_for_one_piece_are_served_one_after_the_other(goes_on: threading.Event) -> None:
    under_way = threading.Lock()

    def alone(number: int) -> int:
        assert under_way.acquire(blocking=False)
        under_way.release()
        return number

    def first() -> int:
        with under_way:
            goes_on.wait(LONG)
        return 0

    disk = OneAtATime("x")
    waiting = [asyncio.ensure_future(disk.within(LONG, first))]
    await asyncio.sleep(0)
    waiting += [asyncio.ensure_future(disk.within(LONG, lambda n=n: alone(n))) for n in (1, 2, 3)]  # type: ignore[misc]
    await asyncio.sleep(0)
    goes_on.set()

    assert await asyncio.gather(*waiting) == [0, 1, 2, 3]


def test_work_that_follows_work_is_done_by_threads_that_are_there() -> None:
    threads = {done_within(LONG, threading.current_thread, "x") for _ in range(20)}

    # Those of earlier tests take turns with it.
    assert len(threads) <= 5


def test_work_that_hangs_keeps_no_other_from_being_done() -> None:
    goes_on = threading.Event()
    with pytest.raises(TimeoutError):
        done_within(0.01, lambda: goes_on.wait(LONG), "hangs")

    assert done_within(LONG, lambda: threading.current_thread().name, "other") == "other"
    goes_on.set()


async def test_after_many_pieces_at_once_few_threads_are_kept() -> None:
    goes_on = threading.Event()
    together = [in_thread(lambda: goes_on.wait(LONG), "many") for _ in range(20)]
    goes_on.set()
    await asyncio.gather(*together)

    async with asyncio.timeout(LONG):
        while any(thread.name == "many" for thread in threading.enumerate()):  # noqa: ASYNC110 - threads do not tell
            await asyncio.sleep(0.01)
        while sum(thread.name == "aside" for thread in threading.enumerate()) > 4:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_a_fault_of_the_work_leaves_its_thread_in_order() -> None:
    def fault() -> None:
        raise LookupError("not there")

    for _ in range(3):
        with pytest.raises(LookupError):
            done_within(LONG, fault, "x")
    assert done_within(LONG, lambda: 5, "x") == 5


async def test_work_handed_in_at_once_shares_a_thread() -> None:
    together = Together("x")
    disks = [OneAtATime(str(n), together) for n in range(3)]
    threads = await asyncio.gather(*(disk.within(LONG, threading.get_ident) for disk in disks))

    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


async def test_a_fault_of_one_piece_leaves_the_others_that_share_its_thread() -> None:
    def fault() -> int:
        raise LookupError("not there")

    together = Together("x")
    first, second, third = (OneAtATime(str(n), together) for n in range(3))
    answers = await asyncio.gather(
        first.within(LONG, lambda: 1), second.within(LONG, fault), third.within(LONG, lambda: 3), return_exceptions=True
    )

    assert answers[0] == 1
    assert isinstance(answers[1], LookupError)
    assert answers[2] == 3


async def test_what_shares_a_thread_with_a_piece_that_hangs_is_done_the_next_time(goes_on: threading.Event) -> None:
    begun: list[str] = []

    def hang() -> None:
        begun.append("lost disk")
        goes_on.wait(LONG)

    together = Together("x")
    lost, well = OneAtATime("lost disk", together), OneAtATime("well", together)
    answers = await asyncio.gather(
        lost.within(0.05, hang), well.within(0.05, lambda: begun.append("too late")), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [TimeoutError, TimeoutError]

    again = await asyncio.gather(lost.within(0.05, hang), well.within(LONG, lambda: 7), return_exceptions=True)
    assert isinstance(again[0], TimeoutError)
    assert again[1] == 7

    goes_on.set()
    assert await lost.within(LONG, lambda: 8) == 8
    assert begun == ["lost disk"]
