"""What many connections say about the same problem is told as one; what few say is told as it is."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.core.alerts.ending import not_seen
from agent.core.alerts.gathering import MANY, MOMENT, TOLD_AGAIN, Gathered, code_of, crowd_key, put_together, withdrawn
from agent.core.clock import Moment
from agent.core.effects import Announce, Effect, Record, Withdraw
from agent.core.problem import Severity
from agent.core.shown.display import TEXT_LIMIT, TITLE_LIMIT, Notice, OpenPage, Snooze
from tests.problems.scene import NOW

HUNDRED = {f"gw-{n:03}": f"gw-{n:03} (paper)" for n in range(100)}
LINK = "server-link-lost"


def begin(name: str, code: str = LINK, title: str = "IB Gateway has lost IB’s servers") -> Announce:
    text = f"{HUNDRED.get(name, name)}: Orders wait."
    return Announce(Notice(f"{name}/{code}", Severity.ERROR, title, text, steps=("Wait.",)))


def end(
    name: str,
    code: str = LINK,
    title: str = "IB Gateway is connected to IB again",
    ended: str = "IB Gateway has lost IB’s servers",
) -> list[Effect]:
    text = f"{HUNDRED.get(name, name)}: The link was gone for 5 min."
    no_news = title == not_seen(ended)
    over = Notice(f"{name}/{code}", Severity.INFO, title, text, over=True, ended=ended, no_news=no_news)
    return [Withdraw(over.key), Announce(over)]


class Ear:
    """Hears what is told, moment by moment."""

    def __init__(self, called: dict[str, str] = HUNDRED, at_once: frozenset[str] = frozenset()) -> None:
        self.called, self.at_once = called, at_once
        self.gathered = Gathered()

    def hear(self, effects: Iterable[Effect] = (), at: float = 0.0) -> list[Effect]:
        self.gathered, done = put_together(self.gathered, list(effects), self.called, self.at_once, NOW.later(at))
        return list(done)

    def told(self, effects: Iterable[Effect] = (), at: float = 0.0) -> list[Notice]:
        return [e.notice for e in self.hear(effects, at) if isinstance(e, Announce)]


def test_a_hundred_at_once_are_one_notice_with_their_number_and_the_first_names() -> None:
    ear = Ear()

    assert ear.told(begin(name) for name in HUNDRED) == []
    assert ear.gathered.due == NOW.monotonic + MOMENT
    [notice] = ear.told(at=MOMENT)
    assert notice.key == crowd_key(LINK)
    assert notice.title == "100 connections: IB Gateway has lost IB’s servers"
    assert notice.text == "gw-000 (paper), gw-001 (paper), gw-002 (paper) and 97 more. Orders wait."
    assert notice.severity is Severity.ERROR
    assert notice.steps == ("Wait.",)
    assert [e.action for e in notice.offers] == [OpenPage(), Snooze(LINK, "", 3600.0)]


def test_their_end_is_one_notice_as_well() -> None:
    ear = Ear()
    ear.hear(begin(name) for name in HUNDRED)
    ear.hear(at=MOMENT)

    assert ear.hear([e for name in HUNDRED for e in end(name)], at=300.0) == []
    withdrawn_first, told = ear.hear(at=300.0 + MOMENT)
    assert withdrawn_first == Withdraw(crowd_key(LINK))
    assert isinstance(told, Announce)
    assert told.notice.over
    assert told.notice.title == "100 connections: IB Gateway is connected to IB again"
    assert "and 97 more. The link was gone for 5 min. The first notice came 5 min ago." in told.notice.text
    assert ear.gathered == Gathered()


def test_of_few_connections_each_is_told_at_once() -> None:
    ear = Ear({f"c{n}": f"c{n}" for n in range(MANY - 1)})
    told = [begin(name) for name in ear.called]

    assert ear.hear(told) == told
    assert ear.hear(end("c1"), at=1.0) == end("c1")


def test_a_few_of_many_are_told_one_by_one_after_a_moment() -> None:
    ear = Ear()
    told = [begin(f"gw-00{n}") for n in range(MANY - 1)]

    assert ear.hear(told) == []
    assert ear.hear(at=MOMENT - 0.1) == []
    assert ear.hear(at=MOMENT) == told
    # Their notices go at once, and what is true now is told after a moment.
    assert ear.hear(end("gw-000"), at=60.0) == end("gw-000")[:1]
    assert ear.hear(at=60.0 + MOMENT) == end("gw-000")[1:]


def test_different_problems_are_told_apart() -> None:
    ear = Ear()
    ear.hear(
        [*(begin(f"gw-00{n}") for n in range(5)), *(begin(f"gw-01{n}", "app-frozen", "It hangs") for n in range(6))]
    )

    assert [n.title for n in ear.told(at=MOMENT)] == [
        "5 connections: IB Gateway has lost IB’s servers",
        "6 connections: It hangs",
    ]


def test_what_is_over_before_it_was_told_makes_no_sound() -> None:
    ear = Ear()
    ear.hear(begin(name) for name in HUNDRED)

    assert ear.hear([e for name in HUNDRED for e in end(name)], at=1.0) == []
    assert ear.hear(at=100.0) == []
    assert ear.gathered == Gathered()


def test_those_that_follow_join_and_are_told_once_a_minute_at_most() -> None:
    ear, names = Ear(), list(HUNDRED)
    ear.hear(begin(name) for name in names[:40])
    first = ear.told(at=MOMENT)
    later = [n for at in range(3, 58) for n in ear.told([begin(names[37 + at])], at=float(at))]
    [again] = ear.told(at=MOMENT + TOLD_AGAIN)

    assert [n.title.split(":")[0] for n in first] == ["40 connections"]
    assert later == []
    assert again.key == first[0].key
    assert again.title.startswith("95 connections")


def test_those_that_stay_bad_are_named_when_the_others_are_well_again() -> None:
    ear, names = Ear(), list(HUNDRED)
    ear.hear(begin(name) for name in names)
    ear.hear(at=MOMENT)
    ear.hear([e for name in names[2:] for e in end(name)], at=100.0)

    assert ear.told(at=100.0 + MOMENT) == []
    [told] = ear.told(at=100.0 + TOLD_AGAIN)
    assert told.title.startswith("98 connections")
    assert "Still so: gw-000 (paper), gw-001 (paper)." in told.text
    ear.hear(end(names[0]) + end(names[1]), at=500.0)
    [last] = ear.told(at=500.0 + MOMENT)
    assert last.title.startswith("2 connections")
    assert ear.gathered == Gathered()


def test_the_last_one_of_many_is_no_number() -> None:
    ear, names = Ear(), list(HUNDRED)
    ear.hear(begin(name) for name in names[:4])
    ear.hear(at=MOMENT)
    ear.hear([e for name in names[1:4] for e in end(name)], at=100.0)
    ear.told(at=100.0 + TOLD_AGAIN)
    ear.hear(end(names[0]), at=300.0)

    assert [told.title for told in ear.told(at=300.0 + MOMENT)] == ["IB Gateway is connected to IB again"]


def test_different_titles_and_texts_are_not_said_of_all() -> None:
    ear = Ear()
    ear.hear(begin(f"gw-00{n}", "api-port-mismatch", f"It listens on {4000 + n}") for n in range(5))
    [told] = ear.told(at=MOMENT)

    assert told.title == "5 connections: “It listens on 4000” and the like"
    ear.hear([e for n in range(5) for e in end(f"gw-00{n}", "api-port-mismatch")], at=50.0)
    ear = Ear()
    ear.hear(Announce(replace(begin(name).notice, text=f"Only {HUNDRED[name]} is so.")) for name in HUNDRED)
    [told] = ear.told(at=MOMENT)
    assert "Only" not in told.text


def ended_as(*ends: list[Effect]) -> Notice:
    """The one notice about many ends of what was told connection by connection."""
    ear = Ear()
    ear.hear(effect for each in ends for effect in each)
    (told,) = ear.told(at=MOMENT)
    return told


def test_ends_of_many_that_differ_say_which_problem_it_was_and_what_is_true_now() -> None:
    again = [end(name) for name in list(HUNDRED)[:6]]
    tws = [
        end(name, title="TWS is connected to IB again", ended="TWS has lost IB’s servers")
        for name in ("gw-098", "gw-099")
    ]
    told = ended_as(*again, *tws)

    assert not told.no_news
    assert told.title == "Over at 8 connections: “IB Gateway has lost IB’s…” and the like"
    assert told.text == (
        "gw-000 (paper), gw-001 (paper), gw-002 (paper) and 5 more. "
        "IB Gateway is connected to IB again (6); TWS is connected to IB again (2)."
    )


def test_of_many_ends_it_is_said_of_which_nothing_more_is_known() -> None:
    unseen = [end(name, title=not_seen("IB Gateway has lost IB’s servers")) for name in ("gw-098", "gw-099")]
    told = ended_as(*(end(name) for name in list(HUNDRED)[:6]), *unseen)

    assert told.no_news
    assert told.title == "No longer seen at 8 connections: IB Gateway has lost IB’s…"
    assert told.text.endswith(
        " IB Gateway is connected to IB again (6). Nothing more is known of gw-098 (paper), gw-099 (paper)."
    )


def test_many_ends_of_which_nothing_is_known_name_the_problem_and_claim_nothing() -> None:
    delayed = "Market data is delayed"
    told = ended_as(*(end(name, "data-delayed", not_seen(delayed), delayed) for name in list(HUNDRED)[:6]))

    assert told.title == "No longer seen at 6 connections: Market data is delayed"
    assert "Nothing more" not in told.text
    told = ended_as(*(end(name, "data-delayed", not_seen(""), "") for name in list(HUNDRED)[:6]))
    assert told.title == "No longer seen at 6 connections: a problem"


def test_of_ends_that_all_differ_none_is_told_as_one_of_all() -> None:
    ports = [
        end(name, "api-port-mismatch", f"TWS is reached on port {n}", f"It listens on {n}")
        for n, name in enumerate(HUNDRED)
    ]

    assert ended_as(*ports).text == "gw-000 (paper), gw-001 (paper), gw-002 (paper) and 97 more."


def test_a_mode_mismatch_never_waits() -> None:
    ear = Ear(at_once=frozenset({"trading-mode-mismatch"}))
    told = [begin(name, "trading-mode-mismatch") for name in HUNDRED]

    assert ear.hear(told) == told


def test_what_is_withdrawn_is_not_told_and_takes_the_notice_of_all_with_the_last() -> None:
    ear, names = Ear(), list(HUNDRED)
    ear.hear(begin(name) for name in names)
    ear.hear([Withdraw(f"{names[0]}/{LINK}")], at=1.0)
    [told] = ear.told(at=MOMENT)
    assert told.title.startswith("99 connections")

    ear.gathered, kept = withdrawn(ear.gathered, [Withdraw(f"{n}/{LINK}") for n in names[:-1]])
    assert kept == (Withdraw(f"{names[0]}/{LINK}"),)
    ear.gathered, kept = withdrawn(ear.gathered, [Record(Severity.INFO, "x"), Withdraw(f"{names[-1]}/{LINK}")])
    assert kept == (Record(Severity.INFO, "x"), Withdraw(crowd_key(LINK)))
    assert ear.gathered == Gathered()


def test_the_notice_of_all_stands_for_each() -> None:
    ear = Ear()
    ear.hear(begin(name) for name in HUNDRED)
    ear.hear(at=MOMENT)

    assert ear.gathered.behind(crowd_key(LINK)) == {f"{name}/{LINK}" for name in HUNDRED}
    assert ear.gathered.behind("x/y") == {"x/y"}


STEPS = st.lists(
    st.tuples(st.floats(0.0, 40.0), st.integers(0, 7), st.sampled_from(["begin", "end", "withdraw"])), max_size=40
)


@given(STEPS)
def test_whatever_happens_nothing_is_lost_and_nothing_stays(steps: list[tuple[float, int, str]]) -> None:
    """Every problem that stands is told, in a notice of its own or of many; every end of one that was told, too."""
    ear = Ear({f"c{n}": f"c{n}" for n in range(8)})
    there: set[int] = set()
    told: dict[str, int] = {}
    now = 0.0

    def count(effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Announce) and not effect.notice.over:
                told[effect.notice.key] = told.get(effect.notice.key, 0) + 1
                assert len(effect.notice.title) <= TITLE_LIMIT
                assert len(effect.notice.text) <= TEXT_LIMIT
            elif isinstance(effect, Withdraw):
                told.pop(effect.key, None)

    def until(end_at: float) -> None:
        while ear.gathered.due - NOW.monotonic <= end_at:
            due = Moment(ear.gathered.due, NOW.wall)
            ear.gathered, effects = put_together(ear.gathered, [], ear.called, frozenset(), due)
            count(list(effects))

    for pause, n, what in steps:
        until(now + pause)
        now += pause
        if what == "begin" and n not in there:
            there.add(n)
            count(ear.hear([begin(f"c{n}")], now))
        elif what != "begin" and n in there:
            there.discard(n)
            count(ear.hear(end(f"c{n}") if what == "end" else [Withdraw(f"c{n}/{LINK}")], now))
    until(now + 3 * TOLD_AGAIN)

    stands_for = {key for one in told for key in ear.gathered.behind(one)}
    assert stands_for == {f"c{n}/{LINK}" for n in there}
    assert ear.gathered.due == float("inf")
    assert {code_of(key) for key in stands_for} <= {LINK}
