"""Whatever comes and goes, pauses among it: the notices of many connections say only what is so when they say it."""

from collections.abc import Set

from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from agent.core.alerts.gathering import Gathered, crowd_key, put_together
from agent.core.effects import Announce, Effect, Withdraw
from tests.core.alerts.test_gathering import HUNDRED, LINK, begin, end
from tests.problems.scene import NOW

NAMES = tuple(HUNDRED)[:6]
CALLED = {name: HUNDRED[name] for name in NAMES}


def key_of(name: str) -> str:
    return f"{name}/{LINK}"


class Desk:
    """Six connections with a problem that comes and goes, and the notices that a desktop shows of them."""

    def __init__(self) -> None:
        self.at = 0.0
        self.bad: set[str] = set()
        self.announced: set[str] = set()
        self.hushed = False
        self.gathered = Gathered()
        self.stands: set[str] = set()
        """Keys of the notices on the screen."""

    def step(self, seconds: float, flipped: Set[str], hushed: bool) -> None:
        """So much later, this is otherwise, and it is quiet or not."""
        self._wait(self.at + seconds)
        self.hushed = hushed
        effects: list[Effect] = []
        for name in sorted(flipped & self.bad & self.announced):
            withdrawn, over = end(name)
            effects += [withdrawn] if hushed else [withdrawn, over]
        self.bad ^= flipped
        self.announced &= self.bad
        if not hushed:
            effects += [begin(name) for name in sorted(self.bad - self.announced)]
            self.announced |= self.bad
        self._hear(effects)

    def _wait(self, until: float) -> None:
        while self.gathered.due <= NOW.monotonic + until:
            assert self.gathered.due > NOW.monotonic + self.at
            self.at = self.gathered.due - NOW.monotonic
            self._hear([])
        self.at = until

    def _hear(self, effects: list[Effect]) -> None:
        before, now = self.gathered, NOW.later(self.at)
        found = {key_of(name) for name in self.bad}
        self.gathered, done = put_together(before, effects, CALLED, frozenset(), now, found=found, hushed=self.hushed)
        crowd = self.gathered.crowds.get(LINK)
        ended = {h.notice.key for h in before.ends} - {
            h.notice.key for h in (*self.gathered.ends, *self.gathered.begins)
        }
        for effect in done:
            match effect:
                case Withdraw(key):
                    self.stands.discard(key)
                case Announce(notice) if notice.over:
                    assert not self.hushed
                    assert not ended & found
                    self.stands.discard(notice.key)
                case Announce(notice):
                    assert not self.hushed
                    assert notice.key in found or (notice.key == crowd_key(LINK) and crowd is not None)
                    self.stands.add(notice.key)
        waits = {h.notice.key for h in self.gathered.ends}
        told = frozenset[str]() if crowd is None else crowd.keys
        assert told <= found | waits
        assert self.stands <= found | ({crowd_key(LINK)} if told else set())
        assert not self.stands & told


STEPS = st.lists(
    st.tuples(st.sampled_from([0.5, 1.0, 2.5, 20.0, 61.0, 300.0]), st.sets(st.sampled_from(NAMES)), st.booleans()),
    max_size=30,
)


@given(STEPS)
@how(max_examples=200, derandomize=True, deadline=None)
def test_what_is_told_is_so_and_in_the_end_nothing_waits_and_nothing_is_left_behind(
    steps: list[tuple[float, set[str], bool]],
) -> None:
    desk = Desk()
    for seconds, flipped, quiet in steps:
        desk.step(seconds, flipped, quiet)
    desk.step(5.0, set(desk.bad), hushed=False)
    desk.step(200.0, set(), hushed=False)

    assert desk.stands == set()
    assert (desk.gathered.begins, desk.gathered.ends, desk.gathered.crowds) == ((), (), {})
