"""How late this program was while an answer was awaited."""

import asyncio

import pytest

from agent.session.lateness import STEP, Lateness


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_loop_that_is_on_time_was_not_late() -> None:
    clock = Clock()
    lateness = Lateness(clock, 5.0)
    lateness.begin()
    clock.now += STEP / 2

    assert lateness.end() == 0.0
    assert lateness.end() == 0.0


async def test_a_loop_that_stood_still_is_late_by_as_much() -> None:
    clock = Clock()
    lateness = Lateness(clock, 5.0)
    lateness.begin()
    clock.now += 4.0

    assert lateness.end() == pytest.approx(4.0 - STEP)


async def test_what_was_late_before_counts_as_well_and_only_since_the_beginning() -> None:
    clock = Clock()
    lateness = Lateness(clock, 5.0)
    lateness.begin()
    clock.now += 1.0
    await asyncio.sleep(2.5 * STEP)
    clock.now += STEP / 2
    first = lateness.end()
    lateness.begin()

    assert first >= 1.0 - STEP
    assert lateness.end() == 0.0
