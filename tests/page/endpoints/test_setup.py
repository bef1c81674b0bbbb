"""The endpoints of set-up and self-test, with an agent that is made up."""

from typing import Any

import pytest

from agent.core.commands import AskDataTest, SetUp, SetupAct
from agent.page.backend import Refused
from agent.page.endpoints import data_test, setup
from tests.page.made_up_backend import MadeUpBackend

STEPS = ["Open **Configure > Settings**.", "Untick **Read-Only API**."]
STEP: dict[str, Any] = {"id": "read-only", "state": "to-do", "steps": STEPS, "seen": []}
DONE: dict[str, Any] = {"id": "running", "state": "done", "steps": [], "seen": ["it runs"]}


def backend(**answers: Any) -> MadeUpBackend:
    return MadeUpBackend(answers=answers)


async def test_each_step_comes_with_its_drawings() -> None:
    answer = await setup.read_setup(backend(kind="gateway", setup={"steps": [STEP, DONE]}), {})
    first, second = answer["setup"]["steps"]

    assert second["lists"] == []
    (only,) = first["lists"]
    assert only["layout"] == "gateway"
    assert all("<svg" in step["drawing"]["svg"] for step in only["steps"])


async def test_for_tws_there_is_a_list_for_each_layout() -> None:
    answer = await setup.read_setup(backend(kind="tws", setup={"steps": [STEP]}), {})

    assert [one["layout"] for one in answer["setup"]["steps"][0]["lists"]] == ["mosaic", "classic"]


async def test_steps_in_the_user_s_program_have_no_drawings() -> None:
    program = {**STEP, "id": "program", "typed": [{"label": "Port", "value": "4002"}]}
    answer = await setup.read_setup(backend(kind="tws", setup={"steps": [program]}), {})
    (only,) = answer["setup"]["steps"][0]["lists"]

    assert [step["text"] for step in only["steps"]] == STEPS
    assert not [step for step in only["steps"] if "drawing" in step]


async def test_before_the_first_look_there_are_no_steps() -> None:
    assert await setup.read_setup(backend(looking=True), {}) == {"looking": True}


async def test_an_act_is_handed_on_with_what_belongs_to_it_and_nothing_else() -> None:
    asked = backend(looking=True)
    await setup.act(asked, {"act": "answer", "step": "symbol", "value": "AAPL", "command": "pause"})

    assert asked.asked == [SetUp(SetupAct.ANSWER, "symbol", "AAPL")]


@pytest.mark.parametrize("act", ["quit", "", "x" * 100])
async def test_what_is_no_act_is_refused(act: str) -> None:
    with pytest.raises(Refused, match="nothing that the set-up can do"):
        await setup.act(backend(), {"act": act})


async def test_what_the_agent_refuses_is_a_refusal() -> None:
    with pytest.raises(Refused, match="Choose a symbol"):
        await setup.act(backend(error="Choose a symbol."), {"act": "test-data"})


RESULT = {"symbol": "AAPL", "steps": ["Press **Ctrl-Alt-F**."], "history": {"steps": []}}


async def test_a_result_comes_with_its_drawings_and_the_configured_symbols() -> None:
    made = backend(data_test={"connection": "Paper Gateway", "results": [RESULT]})
    made.shown = {"connections": [{"name": "Paper Gateway", "application": {"kind": "gateway"}}]}
    answer = await data_test.read_data_test(made, {"name": "Paper Gateway"})
    (result,) = answer["data_test"]["results"]

    assert answer["configured"] == []
    assert [one["layout"] for one in result["lists"]] == ["gateway"]
    assert result["history"]["lists"] == []


@pytest.mark.parametrize("symbols", [None, "AAPL", ["AAPL"] * 21])
async def test_symbols_must_be_a_short_list(symbols: object) -> None:
    with pytest.raises(Refused, match="symbols"):
        await data_test.start_data_test(backend(), {"symbols": symbols})


async def test_a_read_never_starts_a_test() -> None:
    asked = backend()
    await data_test.read_data_test(asked, {"name": "", "symbols": ["AAPL"], "start": True})

    assert asked.asked == [AskDataTest()]
