from hypothesis import given
from hypothesis import strategies as st

from agent.core.state_machine.coalescing import COMMON, MOST_EARLY, coalesced

TIMES = st.floats(0.0, 1e7)
EVERY = st.floats(0.5, 3600.0)
PHASES = st.floats(0.0, COMMON)


@given(TIMES, EVERY, PHASES)
def test_nothing_is_late_or_early_by_more_than_half_its_time(at: float, every: float, phase: float) -> None:
    assert at - every / 2 <= coalesced(at, every, phase) <= at


@given(TIMES, st.floats(COMMON, 60.0), PHASES)
def test_what_is_regular_comes_to_common_moments_soon_and_stays_there(begin: float, every: float, phase: float) -> None:
    at = begin
    for _ in range(4):
        # It is done a little after its moment, as timers are.
        at = coalesced(at + 0.003 + every, every, phase)

    off = (at - phase) % COMMON
    # At one, or before it by what counts as at it.
    assert min(off, COMMON - off) <= MOST_EARLY + 1e-6


@given(st.floats(0.0, MOST_EARLY))
def test_a_little_before_a_common_moment_counts_as_at_it(before: float) -> None:
    assert coalesced(110.0 - before, 10.0) == 110.0 - before


def test_what_is_more_frequent_keeps_its_time() -> None:
    assert coalesced(107.0, 5.0) == 107.0


def test_a_timer_that_was_a_little_early_waits_for_the_next_moment() -> None:
    assert coalesced(109.99, 10.0) == 109.99
    assert coalesced(110.004, 10.0) == 110.0
