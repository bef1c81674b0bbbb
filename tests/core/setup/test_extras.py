"""The steps of the set-up on Gatelight's own side, each in every state."""

from dataclasses import replace
from typing import Any

import pytest

from agent.core.facts import ApiClient, Known, Unknown
from agent.core.session_facts import Outcome
from agent.core.settings import Intent, WantedApplication, WantedMode
from agent.core.setup.answers import Answers
from agent.core.setup.setup import StepAct, StepState
from agent.core.shown.display import NoticeTried
from tests.core.setup_scene import PAPER, REFUSED, SEEN, TAKEN, data_test, judged, step
from tests.problems.scene import backing_off, facts, gateway, machine, relay_seen

DONE, TO_DO, UNKNOWN, NOT_NEEDED, WAITING = (
    StepState.DONE,
    StepState.TO_DO,
    StepState.UNKNOWN,
    StepState.NOT_NEEDED,
    StepState.WAITING,
)
AAPL = Answers(symbol="AAPL")
NOT_TAKEN = NoticeTried(refused=("desktop notifications: there is no desktop",))
IN_PART = NoticeTried(TAKEN.taken, ("remote notices: no answer within 10 s",))
ANSWERED = Answers(WantedApplication.GATEWAY, WantedMode.PAPER, Intent.TRADE)


@pytest.mark.parametrize(
    ("id", "answers", "beside", "state", "acts"),
    [
        ("market-data", Answers(), {}, TO_DO, (StepAct.CHOOSE_SYMBOL,)),
        ("market-data", Answers(symbol=""), {}, NOT_NEEDED, ()),
        ("market-data", AAPL, {}, TO_DO, (StepAct.TEST_DATA,)),
        ("market-data", AAPL, {"data_test": data_test(symbols=("SPY",))}, TO_DO, (StepAct.TEST_DATA,)),
        ("market-data", AAPL, {"data_test": data_test(None, finished=None)}, UNKNOWN, ()),
        ("market-data", AAPL, {"data_test": data_test()}, DONE, ()),
        ("market-data", AAPL, {"data_test": data_test(REFUSED)}, TO_DO, (StepAct.TEST_DATA,)),
        ("market-data", AAPL, {"data_test": data_test(None, outcome=Outcome.CLOSED)}, TO_DO, (StepAct.TEST_DATA,)),
        ("test-notice", Answers(), {"notices_on": False}, NOT_NEEDED, ()),
        ("test-notice", Answers(), {}, TO_DO, (StepAct.SEND_NOTICE,)),
        ("test-notice", Answers(), {"notice": TAKEN}, TO_DO, (StepAct.SAW_NOTICE,)),
        ("test-notice", Answers(notice_seen=True), {"notice": TAKEN}, DONE, ()),
        ("test-notice", Answers(notice_seen=False), {"notice": TAKEN}, TO_DO, (StepAct.SEND_NOTICE,)),
        ("test-notice", Answers(notice_seen=True), {"notice": IN_PART}, TO_DO, (StepAct.SEND_NOTICE,)),
        (
            "test-notice",
            Answers(),
            {"notice": NOT_TAKEN},
            TO_DO,
            (StepAct.SEND_NOTICE,),
        ),
        ("at-login", Answers(), {"at_login": Known(True)}, DONE, ()),
        ("at-login", Answers(), {"at_login": Known(False)}, TO_DO, (StepAct.START_AT_LOGIN,)),
        ("at-login", Answers(at_login=False), {"at_login": Known(False)}, NOT_NEEDED, ()),
        ("at-login", Answers(), {"at_login": Unknown("access denied")}, UNKNOWN, ()),
        ("updates", Answers(), {"updates_at": "example.org"}, TO_DO, (StepAct.LOOK_FOR_UPDATES,)),
        ("updates", Answers(updates=False), {"updates_at": "example.org"}, NOT_NEEDED, ()),
        ("updates", Answers(), {"updates_at": "example.org", "updates": True}, DONE, ()),
        ("configuration", Answers(), {}, NOT_NEEDED, ()),
        ("configuration", ANSWERED, {}, DONE, ()),
        ("configuration", Answers(), {"configured": True}, DONE, ()),
        ("configuration", Answers(), {"edits": (("connections.Paper.port", "4002"),)}, TO_DO, (StepAct.WRITE,)),
    ],
)
def test_a_step_stands_as_it_is(
    id: str, answers: Answers, beside: dict[str, Any], state: StepState, acts: tuple[StepAct, ...]
) -> None:
    found = step(id, answers=answers, **beside)

    assert (found.state, found.acts) == (state, acts)
    assert found.text or found.seen


def test_market_data_waits_for_a_session_of_the_right_mode() -> None:
    assert step("market-data", facts(session=backing_off(), wants=PAPER), AAPL).waits_for == "connect"


def test_a_symbol_that_was_tested_beside_others_counts() -> None:
    assert step("market-data", answers=AAPL, data_test=data_test(symbols=("SPY", "AAPL"))).state is DONE


def test_a_symbol_that_had_no_turn_is_to_be_tested_again() -> None:
    other = replace(SEEN, instrument=replace(SEEN.instrument, text="SPY"))
    found = step("market-data", answers=AAPL, data_test=data_test(other, symbols=("SPY", "AAPL")))

    assert (found.state, found.text) == (TO_DO, "The test ended before AAPL had its turn.")


def test_a_refused_symbol_brings_the_guide_and_keeps_the_light_from_green() -> None:
    setup = judged(answers=AAPL, data_test=data_test(REFUSED))
    found = setup.step("market-data")

    assert found.problem == "competing-session"
    assert found.steps
    assert "notice 10197: “competing”" in found.seen
    assert found in setup.extras
    assert found not in setup.left


def test_what_was_never_tried_keeps_nothing_from_working() -> None:
    setup = judged(answers=AAPL, at_login=Known(False))

    assert {s.id for s in setup.extras} == {"precautions", "market-data", "test-notice", "at-login"}
    assert [s.id for s in setup.left] == ["read-only", "program"]


def test_what_will_be_written_is_said_before() -> None:
    wanted = (("connections.Paper Gateway.name", "Paper Gateway"),)
    found = step("configuration", edits=wanted, file="config.toml")

    assert "its file config.toml" in found.text
    assert found.seen == ("a new connection: “Paper Gateway”",)


def test_a_channel_that_did_not_take_the_test_notice_is_named() -> None:
    asked, seen = (step("test-notice", answers=Answers(notice_seen=yes), notice=IN_PART) for yes in (None, True))

    for one in (asked, seen):
        assert one.seen == (
            "the notice was taken by: desktop notifications",
            "not taken by remote notices: no answer within 10 s",
        )
    assert seen.text == "You have seen the notice, but not every channel that is on took it."


def test_new_versions_are_a_choice_where_they_can_be_looked_for_and_never_keep_the_light_from_green() -> None:
    offered = judged(updates_at="example.org")

    assert offered.steps[-1].id == "updates"
    assert offered.step("updates") not in offered.left
    assert "ask example.org whether" in offered.step("updates").text
    assert "updates" not in {one.id for one in judged().steps}


def test_a_relay_is_mentioned_once_a_program_is_connected_and_is_never_left_to_do() -> None:
    assert "relay" not in {one.id for one in judged().steps}

    around = machine(gateway(), clients=(ApiClient(4002, 991, "quantower"),))
    mentioned = judged(facts(around))
    relay = mentioned.step("relay")
    assert (relay.state, relay.acts, relay.optional) == (NOT_NEEDED, (), True)
    assert "stands between your programs and the application" in relay.text
    assert "To go back, give them port 4002 again" in relay.text
    assert relay not in mentioned.left

    there = judged(facts(replace(around, relays=Known((relay_seen(),)))))
    assert there.step("relay").seen == ("relay “Paper relay” listens on port 5002, and leads to port 4002",)
