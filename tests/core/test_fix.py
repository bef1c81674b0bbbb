from dataclasses import replace

from agent.core.facts import Facts
from agent.core.fix import ChangeConfig, Done, Fix, Offer, Question, StartProgram, offers_for
from agent.core.problem import Absent, Problem, Severity
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


def problem(code: str, fix: str | None) -> Problem:
    return Problem(code, code, "", Severity.ERROR, lambda _: Absent(), fix=fix)


def test_only_what_can_be_done_now_is_offered() -> None:
    def fails(_: Facts) -> Offer | None:
        raise ZeroDivisionError("in an offer")

    fixes = {
        "use-port": Fix("use-port", lambda _: OFFER, _do),
        "start-app": Fix("start-app", lambda _: None, _do),
        "enable-api": Fix("enable-api", fails, _do),
    }
    named = ("use-port", "start-app", "focus-app", None, "enable-api")
    offers, failures = offers_for([problem(str(n), n) for n in named], fixes, facts())

    assert offers == {"use-port": (OFFER,)}
    assert [(fix, type(fault)) for fix, fault in failures] == [("enable-api", ZeroDivisionError)]
