"""What IB allows and what is in use, as far as it can be seen."""

import json
from dataclasses import replace

import pytest

from agent.core.facts import ApiClient, Facts, Known, SettingsTold, Sockets, Unknown
from agent.core.session_facts import NoticeSeen
from agent.core.shown.limits import CODES, RULES, Broken, limits_to_json, usage_of
from agent.tws.api_settings import ApiSettings, ConfigResponse, Source
from tests.problems.scene import NOW, backing_off, connected, connection, facts, gateway, machine, notice, relay

PACING = "Historical Market Data Service error message:Historical data request pacing violation"


def seen(*notices: NoticeSeen) -> Facts:
    return facts(session=connected(notices=notices))


def only(given: Facts) -> Broken:
    (broken,) = usage_of(given, None).notices
    return broken


def test_clients_are_counted_with_ours_and_told_by_name() -> None:
    clients = (
        ApiClient(4002, 991, "quantower", connections=2),
        ApiClient(4002, 42, "python", own=True),
        ApiClient(4001, 993, "elsewhere"),
        ApiClient(4002, 994, "python3", script="bot.py"),
    )
    told = usage_of(facts(machine(gateway(), clients=clients)), ()).clients

    assert (told.in_use, told.ours, told.allowed, told.left) == (4, 1, 32, 28)
    # As a relay calls it.
    assert told.others == ("quantower (pid 991), 2 connections", "bot.py (pid 994)")
    assert told.unknown == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (facts(machine(gateway(), sockets=Unknown("access denied"))), "access denied"),
        (facts(wants=connection(host="gate.example", port=4002)), "another computer"),
    ],
)
def test_clients_that_cannot_be_seen_are_unknown_and_not_none(given: Facts, words: str) -> None:
    usage = usage_of(given, ())

    assert (usage.clients.in_use, usage.clients.ours, usage.clients.left) == (None, None, None)
    assert words in usage.clients.unknown
    assert "in_use" not in limits_to_json(usage)["clients"]


def test_sockets_that_are_kept_back_make_the_count_a_lower_bound() -> None:
    sockets = Known(Sockets(clients=(ApiClient(4002, 991, "quantower"),), unseen="those of other users"))
    told = usage_of(facts(machine(gateway(), sockets=sockets)), ()).clients

    assert (told.in_use, told.unknown) == (1, "some may be missing: those of other users")


def test_an_application_that_does_not_exist_has_no_clients() -> None:
    told = usage_of(facts(machine(), backing_off()), ()).clients

    assert (told.in_use, told.ours, told.left) == (None, None, None)
    assert told.unknown == "no application is seen on port 4001"


def test_a_relay_makes_the_count_a_lower_bound() -> None:
    told = usage_of(facts(machine(listeners=(relay(),)), wants=connection(port=4002)), ()).clients

    assert told.in_use == 0
    assert told.unknown.startswith("some may be missing: a relay listens there")


def test_notices_are_known_since_the_session_began() -> None:
    assert usage_of(facts(session=connected(since=300.0)), ()).heard_since == NOW.wall - 300.0
    assert usage_of(facts(session=backing_off()), ()).heard_since is None


def test_our_messages_are_counted_over_the_last_minute() -> None:
    at = NOW.monotonic
    usage = usage_of(facts(), (at - 61.0, at - 60.0, at - 59.0, at - 1.0, at))

    assert usage.messages.last_minute == 3
    assert usage.messages.allowed_per_second == 50
    assert usage_of(facts(), None).messages.last_minute is None


@pytest.mark.parametrize("rejects", [True, False])
def test_whether_too_fast_messages_are_rejected_is_known_from_the_settings(rejects: bool) -> None:
    settings = ApiSettings(reject_messages_above_max_rate=rejects)
    answer = Known(ConfigResponse(settings=settings, source=Source.API))
    session = connected()
    told = SettingsTold(answer, NOW.monotonic - 5, 223, session.served_listener)

    assert usage_of(replace(facts(session=session), api_settings=told), ()).messages.rejects is rejects
    assert usage_of(facts(), ()).messages.rejects is None


@pytest.mark.parametrize(
    ("one", "rule", "safe_in", "fresh_in"),
    [
        (notice(162, PACING, ago=10.0), "60 historical requests in any ten minutes", 20.0, 590.0),
        (notice(420, "pacing violation", ago=10.0, count=2), "60 historical requests", 50.0, 590.0),
        (notice(162, PACING, ago=10.0, count=7), "60 historical requests", 110.0, 590.0),
        (notice(162, "ein Text in einer anderen Sprache", ago=10.0), "Perhaps none", 20.0, 590.0),
        (notice(100, "Max rate of messages", ago=0.25), "50 messages a second", 0.75, None),
        (notice(101, "Max number of tickers", ago=10.0), "100 market data lines", None, None),
        (notice(309, "Max number (3) of market depth", ago=10.0), "3 market depth requests", None, None),
        (notice(10190, "Max number of tick-by-tick", ago=10.0), "tick-by-tick", None, None),
        (notice(322, "Max number of tick-by-tick requests", ago=10.0), "tick-by-tick", None, None),
    ],
)
def test_a_notice_is_told_with_the_rule_and_the_moment_to_go_on(
    one: NoticeSeen, rule: str, safe_in: float | None, fresh_in: float | None
) -> None:
    broken = only(seen(one))

    assert broken.is_limit
    assert rule in broken.rule
    assert broken.rule.endswith(".")
    assert broken.what_to_do.endswith(".")
    assert (broken.safe_at, broken.fresh_at) == tuple(None if s is None else NOW.wall + s for s in (safe_in, fresh_in))
    assert broken.safe is (None if safe_in is None else False)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (162, "Historical Market Data Service error message:HMDS query returned no data: AAPL@SMART Trades"),
        (162, "Historical Market Data Service error message:No market data permissions for ISLAND STK"),
        (420, "Invalid Real-time Query:Trading TWS session is connected from a different IP address"),
        (322, "Error processing request: Duplicate ticker id"),
    ],
)
def test_a_number_that_says_something_else_broke_no_rule(code: int, text: str) -> None:
    broken = only(seen(notice(code, text)))

    assert not broken.is_limit
    assert broken.rule.startswith("None:")
    assert (broken.safe_at, broken.fresh_at) == (None, None)


def test_it_is_safe_when_the_wait_is_over() -> None:
    assert only(seen(notice(162, PACING, ago=30.0))).safe is True
    assert only(seen(notice(162, PACING, ago=29.9))).safe is False


def test_the_latest_comes_first_and_what_is_long_over_is_left_out() -> None:
    usage = usage_of(
        seen(
            notice(101, "lines", ago=50.0),
            notice(354, "not subscribed", ago=1.0),
            notice(100, "rate", ago=5.0),
            notice(309, "depth", ago=3600.0),
        ),
        (),
    )

    assert [n.code for n in usage.notices] == [100, 101]


def test_violations_of_long_ago_do_not_lengthen_the_wait() -> None:
    old = replace(notice(162, PACING, ago=10.0, count=9), first=NOW.monotonic - 5000.0)

    assert only(seen(old)).safe_at == NOW.wall + 20.0


def test_without_a_session_notices_may_have_been_missed() -> None:
    assert "no API session" in usage_of(facts(session=backing_off()), None).unheard
    assert usage_of(facts(), None).unheard == ""


def test_nothing_private_gets_through() -> None:
    broken = only(seen(notice(101, "Max number of tickers has been reached for U1234567")))

    assert "1234567" not in broken.text


def test_it_is_told_as_json_and_what_is_not_known_is_absent() -> None:
    told = limits_to_json(usage_of(seen(notice(162, PACING, ago=10.0), notice(101, "lines")), (NOW.monotonic,)))

    assert json.loads(json.dumps(told)) == told
    lines, pacing = told["notices"]
    assert (pacing["safe_at"], pacing["safe"]) == ("2026-11-23T14:00:20Z", False)
    assert "safe_at" not in lines
    assert told["messages"] == {"last_minute": 1, "allowed_per_second": 50}
    assert "unheard" not in told
    assert len(told["rules"]) == len(RULES)


def test_every_number_has_a_meaning() -> None:
    for code in CODES:
        assert not only(seen(notice(code, ""))).title.startswith("Notice")
