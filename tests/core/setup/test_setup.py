"""The set-up as a whole: which step is next, what is left, when the light is green."""

import json
from dataclasses import replace

from agent.core.facts import Known, Purpose
from agent.core.settings import Intent, WantedApplication, WantedMode
from agent.core.setup.answers import Answers
from agent.core.setup.setup import Setup, SetupInputs, SetupResult, SetupStep, StepState, scene_of, setup_to_json
from agent.problems import PROBLEMS
from tests.core.setup_scene import PAPER, QUANTOWER, STEP_IDS, TAKEN, data_test, judged, told, with_clients
from tests.problems.scene import backing_off, facts, machine, tws

GREEN = told(facts(wants=PAPER), read_only=False)
ALL = {"data_test": data_test(), "notice": TAKEN, "at_login": Known(True)}


def made(*states: StepState, optional: bool = False) -> Setup:
    return Setup(tuple(SetupStep(str(n), "A step", state, optional=optional) for n, state in enumerate(states)))


def test_the_next_step_is_the_first_that_can_be_worked_on() -> None:
    done, to_do, unknown, waiting = StepState.DONE, StepState.TO_DO, StepState.UNKNOWN, StepState.WAITING
    setup = made(done, waiting, to_do, unknown)

    assert setup.current is setup.steps[2]
    assert replace(setup, skipped=frozenset({"2"})).current is setup.steps[3]
    assert replace(setup, skipped=frozenset({"2", "3"})).current is None


def test_what_was_put_off_is_still_left() -> None:
    setup = replace(made(StepState.TO_DO), skipped=frozenset({"0"}))

    assert setup.result is SetupResult.NOT_YET
    assert setup.left == setup.steps


def test_optional_steps_do_not_keep_the_light_from_green() -> None:
    setup = made(StepState.TO_DO, optional=True)

    assert setup.result is SetupResult.GREEN
    assert setup.extras == setup.steps
    assert setup.current is None


def test_with_everything_done_nothing_is_left() -> None:
    answers = Answers(WantedApplication.GATEWAY, WantedMode.PAPER, Intent.TRADE, symbol="AAPL", notice_seen=True)
    setup = judged(with_clients(GREEN, QUANTOWER), answers, **ALL)

    assert setup.result is SetupResult.GREEN
    assert setup.current is None
    assert setup.left == ()


def test_without_a_program_it_is_all_but_the_program() -> None:
    setup = judged(GREEN, None, **ALL)

    assert setup.result is SetupResult.ALL_BUT_PROGRAM
    assert setup.current is setup.step("program")
    assert judged(replace(GREEN, session=backing_off()), None, **ALL).result is SetupResult.NOT_YET


def test_a_problem_that_comes_back_undoes_its_step() -> None:
    answers = Answers(symbol="AAPL", notice_seen=True)
    before = judged(GREEN, answers, **ALL)
    after = judged(replace(GREEN, session=replace(GREEN.session, accounts=("U1234567",))), answers, **ALL)

    assert before.step("mode").state is StepState.DONE
    assert after.current is after.step("mode")


def test_the_set_up_judges_as_thoroughly_as_the_doctor() -> None:
    scene = scene_of(facts(machine(tws()), backing_off(), wants=PAPER), PROBLEMS, SetupInputs())

    assert scene.facts.purpose is Purpose.DOCTOR
    assert "wrong-application" in scene.found


def test_it_is_told_as_json() -> None:
    told_as = setup_to_json(judged(GREEN, Answers(symbol="AAPL", skipped=frozenset({"at-login"}))))

    assert json.loads(json.dumps(told_as)) == told_as
    assert [s["id"] for s in told_as["steps"]] == list(STEP_IDS)
    assert (told_as["current"], told_as["result"]) == ("program", "all-but-program")
    assert told_as["skipped"] == ["at-login"]
    first = told_as["steps"][0]
    assert (first["state"], first["title"]) == ("done", "Install IB Gateway")
    assert "problem" not in first
