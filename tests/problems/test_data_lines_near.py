from dataclasses import replace

import pytest

from agent.core.alerts.ending import ending_of
from agent.core.facts import ApiClient, Known, RelaySeen, Unknown
from agent.core.problem import Absent, Present, Undecided
from agent.core.relay_facts import LimitUse
from agent.problems.data_lines_near import DATA_LINES_NEAR
from tests.problems.conftest import Judge
from tests.problems.scene import NOW, connection, counted, facts, gateway, machine, relay_seen, through_relay

NEAR = LimitUse(93, 100, NOW.wall - 90.0, 95)
CHART = through_relay("quantower", 991, lines=70, client_id=3)
BOT = through_relay("python3", 992, since=120.0, port=50002, script="bot.py", lines=23)


def test_who_uses_most_and_who_joined_last_are_named(judge: Judge) -> None:
    (verdict,) = present(judge, relay_seen(counted(CHART, BOT, lines=NEAR)))

    assert verdict.args == {"of": "100", "most": "quantower", "joined": " The last to join was bot.py."}
    assert verdict.evidence == (
        "relay “Paper relay” counts 93 of 100 market data lines in use, 95 at most since 13:58",
        "quantower (pid 991, client ID 3): 70",
        "bot.py (pid 992): 23",
        "bot.py (pid 992) joined last, at 13:58",
    )
    assert (verdict.since, verdict.instance) == (NOW.monotonic - 90.0, "4002")


def present(judge: Judge, *relays: RelaySeen) -> tuple[Present, ...]:
    verdict = judge(DATA_LINES_NEAR, facts(machine(gateway(), relays=Known(relays))))
    assert isinstance(verdict, tuple), verdict
    return verdict


def test_a_program_that_is_alone_or_came_long_ago_has_not_joined(judge: Judge) -> None:
    (alone,) = present(judge, relay_seen(counted(replace(BOT, lines=93), lines=NEAR)))
    (long_ago,) = present(judge, relay_seen(counted(CHART, replace(BOT, since=NOW.wall - 601.0), lines=NEAR)))
    left = replace(BOT, connected=False, lines=0)
    (gone,) = present(judge, relay_seen(counted(CHART, left, lines=NEAR)))

    assert [verdict.args["joined"] for verdict in (alone, long_ago, gone)] == ["", "", ""]


def test_the_longest_names_fit(judge: Judge) -> None:
    long = [replace(one, name="W" * 300, script="") for one in (CHART, BOT)]
    unknown = [replace(one, name=None, pid=None, script="", client_id=2**31 - 1) for one in (CHART, BOT)]

    for programs in (long, unknown):
        present(judge, relay_seen(counted(*programs, lines=replace(NEAR, of=100_000))))


def test_what_is_far_from_the_limit_is_no_problem(judge: Judge) -> None:
    calm = relay_seen(counted(CHART, lines=LimitUse(89, 100)))

    assert judge(DATA_LINES_NEAR, facts(machine(gateway(), relays=Known((calm,))))) == Absent()
    assert judge(DATA_LINES_NEAR, facts(machine(gateway()))) == Absent()


def test_relays_to_one_application_are_one_problem_with_the_programs_of_both(judge: Judge) -> None:
    first = relay_seen(counted(CHART, lines=NEAR))
    second = relay_seen(counted(BOT, lines=NEAR), name="Lab", port=5003)
    (verdict,) = present(judge, first, second)

    assert verdict.instance == "4002"
    assert verdict.args == {"of": "100", "most": "quantower", "joined": " The last to join was bot.py."}
    assert verdict.evidence[:3] == (
        "relays “Paper relay” and “Lab” count 93 of 100 market data lines in use, 95 at most since 13:58",
        "quantower (pid 991, client ID 3): 70",
        "bot.py (pid 992): 23",
    )


def test_of_several_relays_one_that_does_not_tell_is_named(judge: Judge) -> None:
    silent = relay_seen(Unknown("it is late"), name="Lab", port=5003)
    (verdict,) = present(judge, relay_seen(counted(CHART, lines=NEAR)), silent)
    assert "relay “Lab” does not tell what it counts: it is late" in verdict.evidence

    # What is far from a limit as far as it is known may be near it.
    around = machine(gateway(), relays=Known((relay_seen(counted(CHART, lines=LimitUse(50, 100))), silent)))
    assert judge(DATA_LINES_NEAR, facts(around)) == Undecided("relay “Lab” does not tell what it counts: it is late")


def test_what_may_have_been_refused_and_who_goes_past_the_relay_is_said(judge: Judge) -> None:
    straight = ApiClient(4002, 995, "excel.exe")
    behind = ApiClient(4002, 991, "quantower", relayed=True)
    ours = ApiClient(4002, 1, "gatelight", own=True)
    relay = relay_seen(counted(CHART, lines=replace(NEAR, unsure=2)))
    around = machine(gateway(), clients=(straight, behind, ours), relays=Known((relay,)))
    verdict = judge(DATA_LINES_NEAR, facts(around))
    assert isinstance(verdict, tuple)

    assert verdict[0].evidence[1:] == (
        "up to 2 more may be in use: TWS refused a message without saying which (notice 100)",
        "quantower (pid 991, client ID 3): 70",
        "not counted, since it does not go through a relay: excel.exe (pid 995)",
    )


@pytest.mark.parametrize(
    ("port", "host", "to", "there"),
    [
        (4002, "127.0.0.1", "127.0.0.1", True),
        (4002, "localhost", "::1", True),
        (4001, "127.0.0.1", "127.0.0.1", False),
        (5002, "127.0.0.1", "127.0.0.1", True),
        (4002, "nas", "NAS.", True),
        (4002, "nas", "192.0.2.7", False),
        (4002, "192.0.2.7", "127.0.0.1", False),
    ],
)
def test_a_relay_belongs_to_the_connection_to_which_it_leads(port: int, host: str, to: str, there: bool) -> None:
    relay = replace(relay_seen(counted(CHART, lines=NEAR)), host=to)
    around = machine(gateway(), relays=Known((relay,)))

    verdict = DATA_LINES_NEAR.check(facts(around, wants=connection(port=port, host=host)))
    assert isinstance(verdict, tuple) is there


def test_of_two_connections_of_one_relay_that_to_which_it_leads_has_the_problem() -> None:
    around = machine(gateway(), relays=Known((relay_seen(counted(CHART, lines=NEAR)),)))
    straight, through = connection("Straight", port=4002), connection("Through", port=5002)

    assert isinstance(DATA_LINES_NEAR.check(facts(around, wants=straight, others=(through,))), tuple)
    assert DATA_LINES_NEAR.check(facts(around, wants=through, others=(straight,))) == Absent()


@pytest.mark.parametrize(
    ("relays", "reason"),
    [
        (Unknown("the folder cannot be read"), "the folder cannot be read"),
        (Known((relay_seen(Unknown("it is late")),)), "relay “Paper relay” does not tell what it counts: it is late"),
        (
            Known((relay_seen(counted(CHART, lines=NEAR, ago=61.0)),)),
            "relay “Paper relay” does not tell what it counts: it has reported nothing for a while",
        ),
    ],
)
def test_what_is_not_known_now_leaves_it_undecided(judge: Judge, relays: object, reason: str) -> None:
    around = replace(machine(gateway()), relays=relays)  # type: ignore[arg-type]

    assert judge(DATA_LINES_NEAR, facts(around)) == Undecided(reason)


def test_it_is_over_with_a_word_only_where_the_relay_still_counts() -> None:
    calm = relay_seen(counted(CHART, lines=LimitUse(60, 100)))

    assert ending_of(DATA_LINES_NEAR, "4002", facts(machine(gateway(), relays=Known((calm,))))) is not None
    silent: tuple[tuple[RelaySeen, ...], ...] = (), (relay_seen(Unknown("late")),), (replace(calm, to_port=4001),)
    for relays in silent:
        assert ending_of(DATA_LINES_NEAR, "4002", facts(machine(gateway(), relays=Known(relays)))) is None
