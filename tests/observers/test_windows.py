"""When the screen is asked which applications have a window, and what is remembered."""

from agent.core.clock import Moment
from agent.observers.windows import FOLLOWED, WINDOWS_AGAIN, WindowObserver
from tests.problems.scene import gateway, tws

NOW = Moment(1000.0, 2000.0)


class Screen:
    """A screen on which these processes have windows, with a record of what it was asked."""

    def __init__(self, *pids: int, dark: bool = False) -> None:
        self.pids = frozenset(pids)
        self.dark = dark
        self.asked: list[set[int]] = []

    def with_window(self, pids: frozenset[int]) -> frozenset[int] | None:
        self.asked.append(set(pids))
        return None if self.dark else pids & self.pids


def observer(screen: Screen) -> WindowObserver:
    return WindowObserver(screen)  # type: ignore[arg-type]


WAITING, LISTENING = gateway(pid=1, ports=()), tws(pid=2)


def test_only_those_without_an_api_port_are_asked_about() -> None:
    screen = Screen(1, 2)
    seen = observer(screen).observe((WAITING, LISTENING), thorough=False, now=NOW)

    assert screen.asked == [{1}]
    assert [p.has_window for p in seen] == [True, None]


def test_while_every_application_serves_the_screen_is_left_alone() -> None:
    screen = Screen(2)
    watching = observer(screen)
    for seconds in range(0, 3600, 5):
        assert watching.observe((LISTENING,), thorough=False, now=NOW.later(seconds)) == (LISTENING,)

    assert screen.asked == []


def test_a_thorough_look_asks_about_all() -> None:
    screen = Screen(2)
    seen = observer(screen).observe((WAITING, LISTENING), thorough=True, now=NOW)

    assert screen.asked == [{1, 2}]
    assert [p.has_window for p in seen] == [False, True]


def test_after_a_thorough_look_all_are_followed_for_a_while_and_then_left_alone() -> None:
    screen = Screen(2)
    watching = observer(screen)
    watching.observe((LISTENING,), thorough=True, now=NOW)
    told = [
        watching.observe((LISTENING,), thorough=False, now=NOW.later(seconds))[0].has_window
        for seconds in (5, WINDOWS_AGAIN, FOLLOWED - 1, FOLLOWED, FOLLOWED + WINDOWS_AGAIN)
    ]

    assert told == [True, True, True, None, None]
    assert screen.asked == [{2}, {2}, {2}]


def test_an_answer_is_good_for_a_while_and_for_those_it_was_about() -> None:
    screen = Screen(1)
    watching = observer(screen)
    watching.observe((WAITING,), thorough=False, now=NOW)
    screen.pids = frozenset()
    (kept,) = watching.observe((WAITING,), thorough=False, now=NOW.later(WINDOWS_AGAIN - 1))
    watching.observe((WAITING, gateway(pid=3, ports=())), thorough=False, now=NOW.later(WINDOWS_AGAIN - 1))
    (anew,) = watching.observe((WAITING,), thorough=False, now=NOW.later(3 * WINDOWS_AGAIN))

    assert kept.has_window is True
    assert anew.has_window is False
    assert screen.asked == [{1}, {1, 3}, {1}]


def test_a_screen_that_does_not_tell_leaves_it_unknown() -> None:
    (seen,) = observer(Screen(1, dark=True)).observe((WAITING,), thorough=False, now=NOW)

    assert seen.has_window is None
