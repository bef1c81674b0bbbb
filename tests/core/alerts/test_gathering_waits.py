"""What waits to be told with that of others is told as it is when it is told."""

from collections.abc import Iterable, Set
from dataclasses import replace

from agent.core.alerts.gathering import MOMENT, TOLD_AGAIN, Gathered, crowd_key, put_together
from agent.core.effects import Announce, Effect, Withdraw
from agent.core.shown.display import Notice
from tests.core.alerts.test_gathering import HUNDRED, LINK, begin, end
from tests.problems.scene import NOW

NAMES = list(HUNDRED)
FIVE = NAMES[:5]


class Room:
    """The notices of a hundred connections, moment by moment, with what is found at each and whether it is quiet."""

    def __init__(self, *effects: Effect) -> None:
        self.gathered = Gathered()
        if effects:
            self.hear(effects)
            self.hear(at=MOMENT)

    def hear(
        self,
        effects: Iterable[Effect] = (),
        at: float = 0.0,
        found: Set[str] = frozenset(),
        *,
        hushed: bool = False,
        most: int = 100,
    ) -> list[Effect]:
        called = {name: HUNDRED[name] for name in NAMES[:most]}
        self.gathered, done = put_together(
            self.gathered, list(effects), called, frozenset(), NOW.later(at), found=found, hushed=hushed
        )
        return list(done)


def keys(*names: str) -> frozenset[str]:
    return frozenset(f"{name}/{LINK}" for name in names)


def told(effects: Iterable[Effect]) -> list[Notice]:
    return [e.notice for e in effects if isinstance(e, Announce)]


def again(name: str) -> Announce:
    """A repeat."""
    return Announce(replace(begin(name).notice, again=True))


def test_no_end_is_told_of_what_is_there_again_and_it_is_told_once_it_is_over() -> None:
    room = Room(*(begin(name) for name in FIVE))
    room.hear(end(FIVE[0]), 100.0)

    assert room.hear(at=100.0 + TOLD_AGAIN, found=keys(*FIVE)) == []
    assert room.gathered.due == float("inf")
    _, over = room.hear(at=300.0, found=keys(*FIVE[1:]))
    assert isinstance(over, Announce)
    assert over.notice.over
    assert "gw-000" in over.notice.text


def test_the_end_of_one_that_was_told_alone_waits_as_well() -> None:
    room = Room(begin("gw-000"))
    assert room.hear(end("gw-000"), 60.0) == end("gw-000")[:1]

    assert room.hear(at=60.0 + MOMENT, found=keys("gw-000")) == []
    assert room.hear(at=90.0) == end("gw-000")[1:]


def test_a_notice_of_many_does_not_name_those_whose_end_waits() -> None:
    room = Room(*(begin(name) for name in FIVE))
    room.hear(end(FIVE[0]), TOLD_AGAIN)
    room.hear([begin("gw-007")], TOLD_AGAIN)
    (notice,) = told(room.hear(at=TOLD_AGAIN + MOMENT))

    assert notice.title.startswith("5 connections")
    assert "gw-000" not in notice.text


def test_a_repeat_that_is_over_before_it_was_told_ends_with_a_word_and_its_notice_goes() -> None:
    room = Room(begin("gw-000"))
    room.hear([again("gw-000")], 1800.0)

    assert room.hear(end("gw-000"), 1801.0) == end("gw-000")[:1]
    assert room.hear(at=1801.0 + MOMENT) == end("gw-000")[1:]
    room.hear([again("gw-000")], 3600.0)
    assert room.hear([Withdraw(f"gw-000/{LINK}")], 3601.0) == [Withdraw(f"gw-000/{LINK}")]


def test_what_is_back_before_its_end_was_told_and_over_again_ends_with_a_word() -> None:
    room = Room(begin("gw-000"))
    room.hear(end("gw-000"), 60.0)
    room.hear([begin("gw-000")], 61.0)
    room.hear(end("gw-000"), 62.0)

    assert room.gathered.waiting == frozenset()
    assert [n.over for n in told(room.hear(at=62.0 + MOMENT))] == [True]


def test_a_notice_of_many_takes_the_place_of_those_that_were_told_alone() -> None:
    room = Room(begin("gw-000"))
    room.hear([again("gw-000"), *(begin(name) for name in FIVE[1:])], 1800.0)
    gone, notice = room.hear(at=1800.0 + MOMENT)

    assert gone == Withdraw(f"gw-000/{LINK}")
    assert isinstance(notice, Announce)
    assert notice.notice.title.startswith("5 connections")


def test_those_told_alone_and_those_of_many_that_end_together_are_one_notice() -> None:
    room = Room(*(begin(name) for name in FIVE))
    # Four of them hide behind a cause.
    room.hear([Withdraw(key) for key in keys(*FIVE[1:])], 60.0)
    room.hear([e for name in FIVE for e in end(name)], 100.0)
    gone, notice = room.hear(at=100.0 + MOMENT)

    assert gone == Withdraw(crowd_key(LINK))
    assert isinstance(notice, Announce)
    assert notice.notice.title.startswith("5 connections")
    assert room.gathered == Gathered()


def test_while_notices_are_paused_what_waits_is_not_told_and_beginnings_follow_later() -> None:
    room = Room()
    room.hear([begin(name) for name in FIVE])
    assert room.hear(at=MOMENT, hushed=True) == []
    assert room.gathered.due == float("inf")

    (notice,) = told(room.hear(at=50.0))
    assert notice.title.startswith("5 connections")


def test_an_end_that_falls_due_while_notices_are_paused_is_not_told_at_all() -> None:
    room = Room(*(begin(name) for name in FIVE))
    room.hear([e for name in FIVE for e in end(name)], 100.0)

    assert room.hear(at=100.0 + MOMENT, hushed=True) == [Withdraw(crowd_key(LINK))]
    assert room.gathered == Gathered(kept_back=room.gathered.kept_back)
    assert room.hear(at=200.0) == []


def test_what_is_told_alone_once_few_connections_are_left_is_no_part_of_many() -> None:
    room = Room(*(begin(name) for name in FIVE))
    room.hear([Withdraw(key) for key in keys(*FIVE[2:])], 60.0)
    first = room.hear([again("gw-000")], 1800.0, most=2)
    second = room.hear([again("gw-001")], 1800.0, most=2)

    assert first == [again("gw-000")]
    assert second == [Withdraw(crowd_key(LINK)), again("gw-001")]
    assert room.hear(end("gw-000"), 1900.0, most=2) == end("gw-000")
    assert room.gathered == Gathered()


def test_an_end_that_waited_while_few_connections_are_left_is_told_once() -> None:
    room = Room(begin("gw-000"))
    room.hear(end("gw-000"), 60.0)
    room.hear([begin("gw-000")], 61.0, most=2)

    assert room.hear(end("gw-000"), 61.5, most=2) == end("gw-000")
    assert room.hear(at=90.0, most=2) == []
