"""The last hour, minute by minute: the worst that was shown, and nothing said of a time in which no agent watched."""

from hypothesis import given
from hypothesis import strategies as st

from agent.core.shown.display import IconState
from agent.core.shown.status import ShownConnection, Status
from agent.page.hour import BEFORE, LONGEST_GAP, MINUTES, LastHour
from agent.page.latency import MOST_LATENCIES

START = 1_795_000_020.0
"""The beginning of a minute."""
STEP = 10.0
CONNECTED, PROBLEM, WARNING = IconState.CONNECTED, IconState.PROBLEM, IconState.WARNING


def status(*states: IconState, names: str = "ABC") -> Status:
    return Status(
        "0",
        1,
        START,
        tuple(
            ShownConnection(name, "127.0.0.1", 4002, state, "connected", START)
            for name, state in zip(names, states, strict=False)
        ),
    )


def watch(hour: LastHour, shown: Status, begins: float, seconds: float) -> float:
    """Decide every ten seconds; returns when the last decision was."""
    for number in range(int(seconds / STEP) + 1):
        hour.take(shown, begins + number * STEP)
    return begins + int(seconds / STEP) * STEP


def states(hour: LastHour, name: str = "A") -> list[tuple[str, int]]:
    told = hour.of(name)
    assert told is not None
    assert sum(minutes for _, minutes in told[1]) == MINUTES
    return list(told[1])


def test_nothing_is_known_at_first() -> None:
    assert LastHour().of("A") is None


def test_of_what_was_before_the_first_decision_nothing_is_said() -> None:
    hour = LastHour()
    watch(hour, status(CONNECTED), START, 119)

    assert hour.of("A") == (START - 58 * 60, ((BEFORE, 58), ("connected", 2)))


def test_of_a_minute_the_worst_is_kept() -> None:
    hour = LastHour()
    hour.take(status(CONNECTED), START)
    hour.take(status(PROBLEM), START + 20)
    hour.take(status(WARNING), START + 25)
    watch(hour, status(CONNECTED), START + 30, 60)

    assert states(hour) == [(BEFORE, 58), ("problem", 1), ("connected", 1)]


def test_what_was_shown_before_lasts_into_the_minute_in_which_it_ends() -> None:
    hour = LastHour()
    hour.take(status(PROBLEM), START + 50)
    hour.take(status(CONNECTED), START + 70)

    assert states(hour)[-1] == ("problem", 2)


def test_a_time_without_decisions_is_not_watched() -> None:
    hour = LastHour()
    at = watch(hour, status(CONNECTED), START, 110)
    watch(hour, status(CONNECTED), at + 600, 60)

    assert states(hour) == [(BEFORE, 47), ("connected", 2), ("", 9), ("connected", 2)]


def test_a_short_pause_between_decisions_is_watched() -> None:
    hour = LastHour()
    hour.take(status(CONNECTED), START)
    hour.take(status(CONNECTED), START + LONGEST_GAP)

    assert states(hour) == [(BEFORE, 58), ("connected", 2)]


def test_a_machine_that_slept_for_days_remembers_nothing() -> None:
    hour = LastHour()
    at = watch(hour, status(PROBLEM), START, 3600)
    hour.take(status(CONNECTED), at + 3 * 86400)

    assert states(hour) == [("", 59), ("connected", 1)]


def test_a_clock_that_is_set_back_begins_anew() -> None:
    hour = LastHour()
    watch(hour, status(PROBLEM), START, 600)
    hour.take(status(CONNECTED), START - 3600)

    assert states(hour) == [(BEFORE, 59), ("connected", 1)]


def test_it_says_when_a_minute_begins() -> None:
    hour = LastHour()

    assert [hour.take(status(CONNECTED), START + at) for at in (0, 10, 59, 60, 61)] == [True, False, False, True, False]


def test_connections_are_told_apart_come_later_and_are_forgotten_with_their_names() -> None:
    hour = LastHour()
    watch(hour, status(CONNECTED, PROBLEM), START, 60)
    both = states(hour, "A")[-1], states(hour, "B")[-1]
    watch(hour, status(WARNING, CONNECTED, names="BD"), START + 70, 60)

    assert both == (("connected", 2), ("problem", 2))
    assert hour.of("A") is None
    assert states(hour, "D")[-1] == ("connected", 2)
    assert states(hour, "D")[:2] == [(BEFORE, 57), ("", 1)]


def test_so_many_connections_and_no_more() -> None:
    hour = LastHour()
    names = "".join(chr(0x4E00 + n) for n in range(MOST_LATENCIES + 5))
    hour.take(status(*([CONNECTED] * len(names)), names=names), START)

    assert sum(hour.of(name) is not None for name in names) == MOST_LATENCIES


@given(st.lists(st.tuples(st.sampled_from(list(IconState)), st.floats(0, 400)), min_size=1, max_size=60))
def test_no_minute_is_better_than_what_was_shown_in_it(walk: list[tuple[IconState, float]]) -> None:
    hour, at, decided = LastHour(), START, []
    for state, pause in walk:
        at += pause
        hour.take(status(state), at)
        decided.append((at, state))
    told = hour.of("A")
    assert told is not None
    begins, runs = told
    minutes = [state for state, count in runs for _ in range(count)]
    assert len(minutes) == MINUTES
    for moment, state in decided:
        index = int((moment - begins) // 60)
        if index >= 0:
            assert minutes[index] not in ("", BEFORE)
            assert IconState(minutes[index]).rank <= state.rank
    for index, shown in enumerate(minutes):
        begin, end = begins + index * 60, begins + index * 60 + 60
        if shown != BEFORE and not any(begin - LONGEST_GAP <= moment < end + LONGEST_GAP for moment, _ in decided):
            assert shown == ""
