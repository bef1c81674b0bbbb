"""What many say about the same problem, for a target; whole days are in
`tests/core/state_machine/test_target_news_of_many.py`."""

from dataclasses import replace

from agent.core.alerts.gathering import MOMENT, TOLD_AGAIN
from agent.core.alerts.target_gathering import NAMED_THERE, Waits, sort_out, told_as_one
from agent.core.alerts.targets import BeginningSent, News, Sent
from agent.core.clock import Moment
from agent.core.memory import ToldThere, WaitingNotice
from agent.core.problem import Severity

NOW = Moment(1000.0, 1_000_000.0)
CALLED = {f"gw-{n}": f"gw-{n} (paper)" for n in range(20)}
FEW = {"gw-0": "gw-0", "gw-1": "gw-1"}


def begin(n: int, code: str = "bad") -> BeginningSent:
    return BeginningSent(f"gw-{n}", code, "It is bad", 0)


def end(n: int, crowd: float | None = NOW.wall - 60) -> WaitingNotice:
    return WaitingNotice("Phone", f"gw-{n}/bad", NOW.wall, "info", "It is well", "Well.", over=True, crowd=crowd)


def told(n: int, at: float = NOW.wall - 600, crowd: float | None = NOW.wall - 600) -> ToldThere:
    return ToldThere("Phone", f"gw-{n}", "bad", at, title="It is bad", crowd=crowd)


def news(one: Sent, text: str = "Orders wait.") -> News:
    name = one.key.split("/")[0] if isinstance(one, WaitingNotice) else one.connection
    return News(
        (one,),
        Severity.WARNING,
        "It is well" if isinstance(one, WaitingNotice) else "It is bad",
        f"{CALLED.get(name, name)}: {text}",
        over=isinstance(one, WaitingNotice),
    )


def waits(*sent: Sent, told: tuple[ToldThere, ...] = (), since: float | None = None, now: Moment = NOW) -> Waits:
    first = sort_out(sent, told, CALLED, frozenset({"mode"}), {}, now)
    held = first.held if since is None else dict.fromkeys(first.held, since)
    return sort_out(sent, told, CALLED, frozenset({"mode"}), held, now)


def test_news_waits_for_a_moment_and_is_told_by_problem() -> None:
    assert waits(begin(0)).ready == ()
    assert waits(begin(0)).due == NOW.monotonic + MOMENT
    ready = waits(begin(0), begin(1, "worse"), begin(2), since=NOW.monotonic - MOMENT)
    assert ready.ready == ((begin(0), begin(2)), (begin(1, "worse"),))
    assert ready.due == float("inf")


def test_a_mode_mismatch_gatelight_itself_and_few_connections_never_wait() -> None:
    own = WaitingNotice("Phone", "gatelight/x", NOW.wall, "warning", "News", "")
    for one in (begin(0, "mode"), own, replace(own, key="/config-invalid"), begin(99)):
        assert waits(one) == Waits(((one,),))
    assert sort_out([begin(0)], (), FEW, frozenset(), {}, NOW).ready == ((begin(0),),)


def test_those_that_follow_wait_for_a_minute_since_the_latest_message_whatever_the_clock_does() -> None:
    assert waits(begin(0), told=(told(5, NOW.wall - 20),)).due == NOW.monotonic + TOLD_AGAIN - 20
    assert waits(begin(0), told=(told(5, NOW.wall + 3600),)).due == NOW.monotonic + TOLD_AGAIN
    assert waits(begin(0), told=(told(5, NOW.wall - 20, crowd=None),)).due == NOW.monotonic + MOMENT


def test_ends_of_many_wait_for_the_last_of_them_but_not_for_long() -> None:
    assert waits(end(0), told=(told(5),)).due == NOW.monotonic + TOLD_AGAIN
    assert waits(end(0)).due == NOW.monotonic + MOMENT
    assert waits(end(0, None), told=(told(5),)).due == NOW.monotonic + MOMENT


def test_only_what_is_known_to_be_so_is_said_to_be_still_so() -> None:
    known, unknown = told(5), told(6)
    (over,) = told_as_one([news(end(0)), news(end(1))], [known, unknown], {"gw-5/bad", "gw-7/bad"}, CALLED, NOW)
    assert over.text == (
        "gw-0 (paper), gw-1 (paper). Orders wait. The first message came 60 s ago. Still so: gw-5 (paper)."
    )
    (more,) = told_as_one([news(begin(0))], [known, unknown], {"gw-5/bad"}, CALLED, NOW)
    assert (more.title, more.text) == ("2 connections: It is bad", "gw-0 (paper); 2 in all. Orders wait.")


def test_those_who_join_belong_to_the_many_from_the_first_message_on() -> None:
    (more,) = told_as_one([news(begin(0))], [told(5, crowd=7.0), told(6, crowd=9.0)], set(), CALLED, NOW)
    assert more.sent == (replace(begin(0), crowd=7.0),)
    (first,) = told_as_one([news(begin(n)) for n in range(4)], [], set(), CALLED, NOW)
    assert {one.crowd for one in first.sent} == {NOW.wall}


def test_ends_that_differ_say_which_problem_it_was() -> None:
    ends = [news(replace(end(n), ended="It is bad")) for n in range(4)]
    (over,) = told_as_one([replace(ends[0], title="It is fine"), *ends[1:]], [], set(), CALLED, NOW)
    assert over.title == "Over at 4 connections: It is bad"
    assert "It is fine (1); It is well (3)." in over.text


def test_the_last_one_is_no_crowd() -> None:
    (over,) = told_as_one([news(end(0))], [], set(), CALLED, NOW)
    assert over.title == "It is well"


def test_what_is_not_true_of_all_is_said_of_none_and_so_many_are_named() -> None:
    (one,) = told_as_one([news(begin(n), f"Port {n}.") for n in range(20)], [], set(), CALLED, NOW)
    assert "Port" not in one.text
    assert one.text.count("gw-") == NAMED_THERE
    assert one.text.endswith("and 10 more.")
    ages = [replace(news(begin(n)), ages=(n * 600.0, n * 600.0)) for n in range(4)]
    assert told_as_one(ages, [], set(), CALLED, NOW)[0].aged.startswith("For 0 s to 30 min now: ")


def test_a_connection_that_is_not_watched_any_more_is_told_as_it_was() -> None:
    assert told_as_one([news(end(99))], [], set(), CALLED, NOW) == [news(end(99))]
