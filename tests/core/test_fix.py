from dataclasses import replace

from agent.core.fix import ChangeConfig, Done, Fix, Offer, Question, StartProgram, offers_for
from tests.problems.scene import facts

QUESTION = Question(
    "Use API port 4002?", ("connections.1.port: 4001 becomes 4002",), ("a prompt",), "It can be set back at any time."
)
OFFER = Offer("use-port", "Paper", "Use port 4002", QUESTION, ChangeConfig((("connections.1.port", "4002"),)))


async def _do(offer: Offer, tools: object) -> Done:
    return Done(offer.label)


def test_everything_that_is_asked_is_read_in_order() -> None:
    assert QUESTION.lines == (
        "Use API port 4002?",
        "connections.1.port: 4001 becomes 4002",
        "Given up: a prompt",
        "It can be set back at any time.",
    )


def test_a_yes_belongs_to_one_text_one_plan_and_one_connection() -> None:
    others = (
        replace(OFFER, question=replace(QUESTION, given_up=())),
        replace(OFFER, plan=ChangeConfig((("connections.1.port", "4003"),))),
        replace(OFFER, by_hand="Set it yourself."),
        replace(OFFER, connection="Live"),
        replace(OFFER, plan=StartProgram(("ibgateway",))),
    )

    assert len({OFFER.digest, *(o.digest for o in others)}) == 6
    assert replace(OFFER).digest == OFFER.digest


def test_only_what_can_be_done_now_is_offered() -> None:
    fixes = {"use-port": Fix("use-port", lambda _: OFFER, _do), "start-app": Fix("start-app", lambda _: None, _do)}

    assert offers_for("use-port", fixes, facts()) == (OFFER,)
    assert offers_for("start-app", fixes, facts()) == ()
    assert offers_for("focus-app", fixes, facts()) == ()
    assert offers_for(None, fixes, facts()) == ()
