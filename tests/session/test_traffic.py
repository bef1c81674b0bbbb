"""Counting our messages."""

from agent.session.traffic import KEPT_SECONDS, MOST_KEPT, Traffic


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_is_remembered_and_no_more() -> None:
    clock = Clock()
    traffic = Traffic(clock)
    traffic.note()
    clock.now += KEPT_SECONDS - 1
    traffic.note()

    assert traffic.lately() == (1000.0, 1059.0)
    clock.now += 1

    assert traffic.lately() == (1059.0,)


def test_a_flood_takes_no_more_memory_than_it_may() -> None:
    traffic = Traffic(Clock())
    for _ in range(2 * MOST_KEPT):
        traffic.note()

    assert len(traffic.lately()) == MOST_KEPT
