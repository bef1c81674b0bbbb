"""Each way in which the log-in of a real process does not come through: one cause, one way out, and nothing private."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from agent.core.settings import WantedApplication
from agent.core.shown.status import ShownConnection, ShownProblem
from agent.simulator.launcher_log import PRETENDED_SECRETS, TROUBLES
from agent.simulator.settings_folder import USER_FOLDER, IbcChoices
from agent.simulator.world import SimulatedApplication
from tests.faults.watching import QUICK, examined, paper, visible, watching

TOLD = {
    "untried": (": no log-in was tried yet", "No log-in was tried", "Select **IB API** on the log-in screen."),
    "under-way": (": one is under way", "has been under way since", "Wait two minutes"),
    "push": (": confirm it on your phone", "the push runs out at", "Confirm the log-in in IBKR Mobile"),
    "push-unanswered": (": the push was not answered", "was not answered in time", "Start the log-in again, once."),
    "code": (": enter the security code", "for the security code", "Enter the security code"),
    "password": (": password refused", "IB refused the user name or the password at", "Log in by hand, once."),
    "expired": (
        ": a full log-in is due",
        "IB does not accept the saved session any more",
        "Log in by hand and confirm",
    ),
    "locked": (": locked until ", "it is locked until ", "Wait until "),
    "no-way": (": no way to IB’s servers", "no way to IB’s servers since", "TCP ports 4000 and 4001"),
    "no-answer": (": IB does not answer", "has not answered its log-in since", "it tries again by itself"),
    "refused": (": IB refused it", "its window says why", "Look for a message window"),
    "restoring": (": restoring the saved one", "has been restoring its saved session since", "Wait two minutes"),
    "silent": ("", "If you missed the two-factor push", "Confirm the two-factor push on your phone"),
}
"""By trouble: the end of the title, words of the text, words of a step."""


def private(shown: ShownConnection | ShownProblem) -> list[str]:
    """What of the log's secrets is shown."""
    return [secret for secret in (*PRETENDED_SECRETS, USER_FOLDER) if secret in repr(shown)]


def test_every_trouble_is_tried() -> None:
    assert {*TOLD, "accepted"} == set(TROUBLES)


@pytest.mark.parametrize("trouble", TOLD)
async def test_the_doctor_names_which_log_in_is_awaited(trouble: str, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=[f"login-pending={trouble}"]) as gateway:
        await asyncio.sleep(QUICK.start_grace)
        found = await examined(paper(gateway.port), folder=tmp_path)

    (problem,) = found.problems
    title, text, step = TOLD[trouble]
    assert problem.code == "login-pending"
    assert problem.title.startswith(f"IB Gateway waits for a log-in{title}")
    assert text in problem.text
    assert step in " ".join(problem.steps)
    assert (trouble == "silent") is not any(line.startswith("launcher.log: ") for line in problem.evidence)
    assert not private(found)


@pytest.mark.parametrize("trouble", ["push", "expired", "locked", "no-way", "restoring"])
async def test_a_restart_that_does_not_come_back_has_the_same_causes(trouble: str, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=[f"restart-stuck={trouble}"]) as gateway:
        await asyncio.sleep(QUICK.restart_allowance)
        found = await examined(paper(gateway.port), folder=tmp_path)

    (problem,) = found.problems
    title, text, step = TOLD[trouble]
    assert problem.code == "restart-stuck"
    assert problem.title.startswith(f"IB Gateway did not come back{title}")
    assert text in problem.text
    assert step in " ".join(problem.steps)
    assert not private(found)


async def test_tws_of_which_nothing_of_the_kind_is_known_stays_as_it_was(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, kind="tws", faults=["login-pending=push"]) as tws:
        assert not (tws.settings_folder / "launcher.log").exists()
        await asyncio.sleep(QUICK.start_grace)
        wanted = replace(paper(tws.port), application=WantedApplication.TWS)
        found = await examined(wanted, folder=tmp_path)

    (problem,) = found.problems
    assert (problem.code, problem.title) == ("login-pending", "TWS waits for a log-in")
    assert len(problem.steps) > 3


async def test_the_agent_tells_at_once_who_is_waited_for_and_follows_what_becomes_of_it(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path, faults=["login-pending=push"]) as gateway,
        watching(paper(gateway.port), folder=tmp_path) as agent,
    ):
        await agent.until(lambda a: "confirm it on your phone" in _title(a.connection), "the push told")
        first = agent.said
        await gateway.fault("login-pending", "push-unanswered")
        await agent.until(lambda a: "the push was not answered" in _title(a.connection), "its end told")
        changed = agent.said
        await gateway.heal()
        await agent.connected()

    assert (first, changed) == (["login-pending"], ["login-pending"])
    assert agent.said == ["login-pending", "over: login-pending"]
    assert not any(private(c) for s in agent.statuses for c in s.connections)
    assert not any(secret in json.dumps(repr(agent.notices)) for secret in PRETENDED_SECRETS)


def _title(shown: ShownConnection) -> str:
    return " ".join(p.title for p in shown.problems if p.code in visible(shown))


async def test_a_gateway_that_ends_at_the_log_off_time_of_ibcs_configuration_is_told_with_that_reason(
    tmp_path: Path,
) -> None:
    due = datetime.now().astimezone().strftime("%H:%M")
    ibc = IbcChoices(auto_logoff_time=due)
    async with (
        await SimulatedApplication.start(tmp_path, shape="ibc", ibc=ibc, faults=["config-refused"]) as gateway,
        watching(paper(gateway.port), folder=tmp_path) as agent,
    ):
        await agent.until(lambda a: "restart-at-risk" in a.codes, "the coming log-off told")
        (risk,) = (p for p in agent.connection.problems if p.code == "restart-at-risk")
        await gateway.kill()
        await agent.until(lambda a: "app-not-running" in a.codes, "its absence told")
        (gone,) = (p for p in agent.connection.problems if p.code == "app-not-running")

    assert f"log off every day at {due}" in risk.text
    assert "AutoRestartTime" in " ".join(risk.steps)
    assert f"It was set to log off every day at {due}, and ended then." in gone.text
