"""When a run of the market data self-test may be made, and how it is told."""

import json
from dataclasses import replace

import pytest

from agent.core.data_test.run import MOST_SYMBOLS, data_test_to_json, failure_of, plan_of, read_symbols, reason_against
from agent.core.data_test.seen import LIVE_OR_FROZEN, DataTest, Definition, History, Quote, RequestNotice, SymbolSeen
from agent.core.facts import ApiClient, Facts
from agent.core.session_facts import Outcome
from agent.guides import load_guides
from agent.tws.symbol import NotASymbol, read_symbol
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine, notice

SEEN = SymbolSeen(
    read_symbol("AAPL"), Definition(1, 0.02), (Quote(LIVE_OR_FROZEN, 0.1, 1, True),), History(True, 0.3, 1)
)
DONE = DataTest(
    "Paper Gateway", NOW.wall, NOW.wall + 2, 8101, 4002, Outcome.READY, seen=(SEEN,), symbols=("AAPL",), messages=6
)


def against(seen: Facts, *, running: bool = False, last_started: float | None = None) -> str | None:
    return reason_against(seen, running=running, last_started=last_started)


def with_clients(count: int) -> Facts:
    return facts(machine(gateway(), clients=(ApiClient(4002, 991, "quantower", connections=count),)))


def test_a_healthy_session_may_be_tested() -> None:
    assert against(facts()) is None
    assert against(facts(), last_started=NOW.monotonic - 60.0) is None


def test_at_most_one_run_a_minute_is_made() -> None:
    reason = against(facts(), last_started=NOW.monotonic - 20.0)

    assert reason is not None
    assert reason.endswith("test again at 14:01.")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (facts(session=backing_off()), "connect first"),
        (facts(session=replace(connected(), heartbeat_unanswered=2)), "does not answer now"),
        (with_clients(31), "31 of 32 client places are taken"),
        (facts(session=connected(notices=(notice(162, "pacing violation", ago=5.0),))), "test again at 14:01"),
        (facts(session=connected(notices=(notice(100, "Max rate", ago=0.5),))), "came too fast"),
    ],
)
def test_what_would_do_harm_is_not_done(seen: Facts, words: str) -> None:
    reason = against(seen)

    assert reason is not None
    assert words in reason
    assert reason.endswith(".")


def test_one_place_is_left_to_the_users_programs() -> None:
    assert against(with_clients(30)) is None


def test_old_and_harmless_notices_do_not_hold_it_up() -> None:
    old = (notice(162, "pacing violation", ago=200.0), notice(354, "not subscribed", ago=1.0))

    assert against(facts(session=connected(notices=old))) is None


def test_a_test_under_way_is_let_end() -> None:
    assert against(facts(), running=True) == "A test is under way: wait until it is done."


def test_symbols_are_read_once_each() -> None:
    assert [i.text for i in read_symbols(["aapl", "EUR.USD", "AAPL"])] == ["AAPL", "EUR.USD"]


@pytest.mark.parametrize(
    ("texts", "words"),
    [([], "No symbol was given"), ([1], "is a text"), ([f"A{n}" for n in range(MOST_SYMBOLS + 1)], "too many"),
     (["EURUSD"], "EUR.USD")],
)  # fmt: skip
def test_what_cannot_be_tested_is_refused_in_one_sentence(texts: list[object], words: str) -> None:
    with pytest.raises(NotASymbol, match=words):
        read_symbols(texts)


def test_the_plan_goes_where_the_session_is_and_never_with_an_id_in_use() -> None:
    first = plan_of(facts(), (read_symbol("AAPL"),), 1, frozenset())
    seen = facts(session=connected(4003), wants=connection(host="gate.example"))
    second = plan_of(seen, (read_symbol("AAPL"),), 1, frozenset(first.client_ids[:1]))

    assert (first.host, first.port) == ("127.0.0.1", 4002)
    assert (second.host, second.port) == ("gate.example", 4003)
    assert first.client_ids[0] not in second.client_ids
    assert len(set(second.client_ids)) == 2


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (DONE, None),
        (replace(DONE, finished=None, seen=()), None),
        (replace(DONE, seen=(), outcome=Outcome.CLOSED), "client places"),
        (replace(DONE, seen=(), detail="given up after 40 s"), "given up after 40 s"),
        (replace(DONE, seen=(), outcome=None), "broken off"),
    ],
)
def test_a_run_that_brought_nothing_says_why(test: DataTest, words: str | None) -> None:
    failure = failure_of(test)

    assert (failure is None) is (words is None)
    assert words is None or (failure is not None and words in failure)


def test_every_outcome_of_an_attempt_has_its_sentence() -> None:
    for outcome in set(Outcome) - {Outcome.READY}:
        failure = failure_of(replace(DONE, seen=(), outcome=outcome))

        assert failure is not None
        assert failure.endswith(".")


def test_a_run_is_told_as_json_with_the_steps_of_the_application() -> None:
    refused = replace(
        SEEN, quotes=(Quote(LIVE_OR_FROZEN, 0.1, notices=(RequestNotice(354, "not subscribed"),)),), history=None
    )
    told = data_test_to_json(replace(DONE, seen=(SEEN, refused)), facts(), load_guides())
    live, other = told["results"]

    assert json.loads(json.dumps(told)) == told
    assert (told["started"], told["running"], told["client_id"]) == ("2026-11-23T14:00:00Z", False, 8101)
    assert "failure" not in told
    assert (live["state"], live["steps"], live["history"]["seconds"]) == ("live", [], 0.3)
    assert (other["state"], other["problem"], other["has_prices"]) == ("not-subscribed", "data-not-subscribed", False)
    assert "Market Data Subscriptions" in " ".join(other["steps"])
    assert other["history"]["state"] == "not-asked"
