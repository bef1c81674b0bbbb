"""The clocks, and noticing that the machine slept."""

import sys
import time

import pytest

from agent.core.clock import Moment
from agent.runtime.clock import ClockGap, SleepWatch, SystemClock

START = Moment(100.0, 1_800_000_000.0)


def after(mono: float, wall: float) -> Moment:
    """The moment at which the clocks have moved on by so much."""
    return Moment(START.monotonic + mono, START.wall + wall)


def test_the_system_clock_tells_both_times() -> None:
    before, now, behind = time.monotonic(), SystemClock().now(), time.monotonic()

    assert before <= now.monotonic <= behind
    assert abs(now.wall - time.time()) < 1.0


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system does not tell")
def test_the_system_says_how_long_it_slept_since_it_started() -> None:
    first, second = SystemClock().slept(), SystemClock().slept()

    assert first is not None
    assert second is not None
    assert first > -0.1
    assert abs(second - first) < 0.5


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system does not tell")
def test_what_was_before_a_sleep_keeps_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before = clock.now()
    real, slept = time.time, clock.slept()
    monkeypatch.setattr(time, "time", lambda: real() + 3600.0)
    monkeypatch.setattr(clock, "slept", lambda: (slept or 0.0) + 3600.0)

    after_it = clock.now()
    monkeypatch.setattr(time, "time", lambda: real() + 7200.0)

    assert after_it.wall_of(before.monotonic) == pytest.approx(before.wall, abs=0.1)
    assert after_it.later(60.0).wall_of(before.monotonic) == pytest.approx(before.wall, abs=0.1)
    assert after_it.later(60.0).wall_of(after_it.monotonic) == pytest.approx(after_it.wall, abs=0.1)
    # A clock that was set tells the right time of what was before as well.
    assert clock.now().wall_of(before.monotonic) == pytest.approx(before.wall + 3600.0, abs=0.1)


@pytest.mark.parametrize(
    ("now", "slept", "seen"),
    [
        # Nothing told about sleep.
        (after(1, 1), (None, None), None),
        (after(1, 5.5), (None, None), None),
        (after(1, 3601), (None, None), ClockGap(3600.0)),
        (after(1, -3599), (None, None), None),
        (after(3600, 3600), (None, None), ClockGap(3599.0)),
        (after(5, 5), (None, None), None),
        # The system tells.
        (after(1, 1), (7.0, 7.0), None),
        (after(1, 3601), (7.0, 3607.0), ClockGap(3600.0)),
        (after(1, 3601), (7.0, 7.0), None),
        (after(1, -3599), (7.0, 7.0), None),
        (after(1, 1), (0.0, 3600.0), ClockGap(3600.0)),
        (after(1, 4), (0.0, 3.0), None),
        (after(60, 60), (7.0, 7.0), ClockGap(59.0)),
        # Told only once: nothing to compare with.
        (after(1, 3601), (None, 7.0), ClockGap(3600.0)),
    ],
)
def test_what_the_clocks_say(now: Moment, slept: tuple[float | None, float | None], seen: ClockGap | None) -> None:
    watch = SleepWatch(tick=1.0)

    assert watch.observe(START, slept[0]) is None
    assert watch.observe(now, slept[1]) == seen


def test_it_is_said_once() -> None:
    watch = SleepWatch(tick=1.0)
    watch.observe(START)

    assert watch.observe(after(1, 3601)) == ClockGap(3600.0)
    assert watch.observe(after(2, 3602)) is None


def test_slow_drift_is_nothing() -> None:
    watch = SleepWatch(tick=1.0)

    # A clock that NTP slews is 0.05 % off: half a minute a day, but never 5 s between two readings.
    assert all(watch.observe(after(second, second * 1.0005)) is None for second in range(86_400))


def test_a_threshold_can_be_given() -> None:
    watch = SleepWatch(tick=0.1, threshold=0.5)
    watch.observe(START)

    seen = watch.observe(after(0.1, 1.1))

    assert isinstance(seen, ClockGap)
    assert seen.slept_for == pytest.approx(1.0)
