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
    traffic.note("Paper")
    clock.now += KEPT_SECONDS - 1
    traffic.note("Paper")

    assert traffic.lately("Paper") == (1000.0, 1059.0)
    clock.now += 1

    assert traffic.lately("Paper") == (1059.0,)
    assert traffic.total("Paper") == 2


def test_a_flood_takes_no_more_memory_than_it_may() -> None:
    traffic = Traffic(Clock())
    for _ in range(2 * MOST_KEPT):
        traffic.note("Paper")

    assert len(traffic.lately("Paper") or ()) == MOST_KEPT


def test_each_connection_is_counted_for_itself() -> None:
    traffic = Traffic(Clock())
    traffic.note("Paper")

    assert traffic.lately("Paper") == (1000.0,)
    assert traffic.lately("Live") is None
