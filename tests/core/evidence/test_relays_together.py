"""Reports of several relays as one: what they use of the limits is added up, and so is when it is safe to go on."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from agent.core.clock import Moment
from agent.core.evidence.relays_together import NearTogether, by_application, together
from agent.core.relay_facts import NearMark
from agent.relay.doubts import LineKind
from agent.relay.ledger import HistoryWindows, ProgramUsage, Refusal
from agent.relay.report import refusals_as_json, relay_as_json

NOW, WRITTEN = 10_000.0, 1_795_000_000.0


def report(
    name: str,
    *usages: ProgramUsage,
    windows: HistoryWindows | None = None,
    lines: int = 100,
    to: str = "127.0.0.1:4002",
    ago: float = 0.0,
    **about: Any,
) -> dict[str, Any]:
    """As a relay wrote it `ago` seconds ago."""
    near = {"lines": NearMark(5.0), "history": NearMark(5.0)}
    told = {"name": name, "port": 5002, "to": to, "pid": 5, "written": WRITTEN - ago, **about}
    made = relay_as_json(told, usages, windows or HistoryWindows(), lines, near, NOW - ago)
    return made | {"refusals": refusals_as_json(((u, one) for u in usages for one in u.refusals), NOW - ago)}


def program(peer: str, lines: int = 0) -> ProgramUsage:
    usage = ProgramUsage(NOW - 60.0, peer, client_id=7, server_version=178)
    for number in range(lines):
        usage.open_line(number, LineKind.STREAM, f"I{number} STK")
    return usage


def test_relays_belong_together_by_where_they_lead_however_that_is_written() -> None:
    ways = (
        ("a", "127.0.0.1:4002"),
        ("b", "NAS:4002"),
        ("c", "localhost:4002"),
        ("d", "[::1]:4002"),
        ("e", "nas.:4002"),
    )
    told = [report(name, to=to) for name, to in ways]

    assert [[one["name"] for one in group] for group in by_application(told)] == [["a", "c", "d"], ["b", "e"]]


def test_what_a_target_was_found_to_mean_counts_before_how_it_is_written() -> None:
    told = [
        report("a"),
        report("b", to="192.0.2.5:4002", application="127.0.0.1:4002"),
        report("c", to="192.0.2.5:4002"),
    ]
    both, other = (together(group) for group in by_application(told))

    assert ([one["name"] for one in both["relays"]], both["to"], both["application"]) == (
        ["a", "b"],
        "127.0.0.1:4002",
        "127.0.0.1:4002",
    )
    assert (other["to"], other["application"]) == ("192.0.2.5:4002", "192.0.2.5:4002")
    # One alone is told as the user has written it.
    assert together(told[1:2])["to"] == "192.0.2.5:4002"


def test_lines_clients_and_programs_are_those_of_all() -> None:
    told = together([report("a", program("x", 60)), report("b", program("y", 30), program("z"), ago=2.0)])

    assert (told["lines"]["used"], told["lines"]["of"], told["clients"]["used"]) == (90, 100, 3)
    assert [(one["peer"], one["relay"], one["lines"]) for one in told["programs"]] == [
        ("x", "a", 60),
        ("y", "b", 30),
        ("z", "b", 0),
    ]
    assert told["relays"] == [{"name": "a", "port": 5002, "pid": 5}, {"name": "b", "port": 5002, "pid": 5}]
    assert told["written"] == WRITTEN


@pytest.mark.parametrize(
    ("said", "learnt", "of"),
    [
        ((100, 100), (), 100),
        # The least is what stands there where the user has written nothing.
        ((200, 100), (), 200),
        ((80, 100), (), 80),
        ((300, 200), (), 200),
        ((100, 100), ((30, 5.0), (70, 6.0)), 70),
        # More are open than were learnt.
        ((100, 100), ((20, 5.0), None), 40),
    ],
)
def test_the_allowance_is_one_for_all(said: tuple[int, ...], learnt: tuple[Any, ...], of: int) -> None:
    told = [report(str(n), program(str(n), 20), lines=lines) for n, lines in enumerate(said)]
    for one, known in zip(told, learnt, strict=False):
        if known:
            one["learnt"] = {"lines": known[0], "at": known[1]}

    assert together(told)["lines"]["of"] == of


def test_the_refusals_of_all_are_told_by_time() -> None:
    first, second = program("x"), program("y")
    first.refusals.append(Refusal(NOW - 5.0, 101, "market data lines", "AAPL"))
    second.refusals.append(Refusal(NOW - 9.0, 162, "historical requests", "MSFT"))
    told = together([report("a", first), report("b", second, ago=1.0)])

    assert [(one["peer"], one["ago_s"]) for one in told["refusals"]] == [("y", 9.0), ("x", 5.0)]


Asked = tuple[float, str, str, int]


@pytest.mark.parametrize("seed", range(50))
def test_history_through_several_relays_is_counted_as_through_one(seed: int) -> None:
    """The windows of two relays whose reports are of different age, beside those of one that saw it all."""
    chance = random.Random(seed)
    age = chance.choice((0.0, 1.0))
    asked: list[Asked] = sorted(
        (NOW - round(chance.choice((10, 600, 700)) * chance.random() + age, 1), f"c{chance.randrange(3)}", f"r{n}", w)
        for n in range(chance.choice((20, 80)))
        for w in (chance.choice((1, 2)),)
    )
    asked += [(NOW - age, chance.choice(("c0", "c1")), f"last {n}", 1) for n in range(chance.randrange(7))]
    one, both = HistoryWindows(), (HistoryWindows(), HistoryWindows())
    for at, contract, request, weight in asked:
        one.add(at, contract, request, weight)
        chance.choice(both).add(at, contract, request, weight)
    told = together([report("a", windows=both[0]), report("b", windows=both[1], ago=age)])["history"]
    single = report("all", windows=one)["history"]

    assert close(told["ten_minutes"], single["ten_minutes"], "safe_in_s")
    if not age:
        assert told["ten_minutes"]["curve"] == single["ten_minutes"]["curve"]
        assert told["ten_minutes"]["used"] == single["ten_minutes"]["used"]
        assert told["same_contract"]["used"] == single["same_contract"]["used"]
        assert told["identical"]["held"] == single["identical"]["held"]
        # Of several contracts that are used up, one relay tells the first.
        assert told["same_contract"]["safe_in_s"] >= single["same_contract"]["safe_in_s"] - 0.15
        assert close(told["identical"], single["identical"], "safe_in_s")


def close(told: dict[str, Any], other: dict[str, Any], key: str) -> bool:
    return abs(float(told[key]) - float(other[key])) < 0.15


def test_of_a_relay_of_an_earlier_version_what_it_tells_itself_counts() -> None:
    windows = HistoryWindows()
    for number in range(60):
        windows.add(NOW - 100.0 + number / 10, f"c{number}", f"r{number}", 1)
    old = report("a", program("x", 10), windows=windows)
    for limit, key in (("ten_minutes", "latest"), ("same_contract", "contracts"), ("identical", "requests")):
        del old["history"][limit][key]
    del old["lines"]["in_doubt"]
    told = together([old, report("b")])

    assert told["history"]["ten_minutes"]["safe_in_s"] == 500.0
    assert told["lines"] == {"used": 10, "in_doubt": 0, "of": 100}


Told = Callable[[int, int], list[dict[str, Any]]]


def test_what_is_near_together_is_so_since_it_became_it_and_until_it_is_calm() -> None:
    near = NearTogether()

    def judged(seconds: float, first: int, second: int) -> Any:
        told = together([report("a", program("x", first)), report("b", program("y", second))])
        told["written"] = WRITTEN + seconds
        near.judge([told], Moment(NOW + seconds, WRITTEN + seconds))
        return told["lines"].get("near")

    assert judged(0.0, 50, 39) is None
    assert judged(1.0, 50, 40) == {"since_s": 0.0, "most": 90}
    assert judged(2.0, 55, 40) == {"since_s": 1.0, "most": 95}
    assert judged(3.0, 40, 30) == {"since_s": 2.0, "most": 95}
    assert judged(9.0, 40, 30) is None
