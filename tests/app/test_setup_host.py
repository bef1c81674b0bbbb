"""The set-up in the running agent, as the page asks for it: a real agent beside a simulated IB Gateway."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.config.reading import load
from agent.core.commands import read_command
from agent.core.events import Reconfigured
from agent.core.settings import WantedApplication
from agent.core.updates import Origin
from agent.simulator.world import SimulatedApplication
from tests.commands import Place, paper_file
from tests.page.set_up_agent import SetUpAgent, first_run
from tests.page.test_setup_page import WRITABLE
from tests.trading_program import trading_program


@asynccontextmanager
async def at_work() -> AsyncIterator[tuple[SetUpAgent, SimulatedApplication]]:
    with tempfile.TemporaryDirectory(prefix="gl-", ignore_cleanup_errors=True) as folder:
        async with first_run(Path(folder)) as agent:
            place = Path(folder) / "tws" / "gateway"
            place.mkdir()
            async with await SimulatedApplication.start(place, configuration=WRITABLE) as gateway:
                yield agent, gateway


async def asked(agent: SetUpAgent, act: str | None = None, **more: Any) -> dict[str, Any]:
    return await agent.page.ask(read_command({"command": "setup", **({} if act is None else {"act": act}), **more}))


async def until(agent: SetUpAgent, id: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            answer = await asked(agent)
            steps = {step["id"]: step for step in answer.get("setup", {}).get("steps", ())}
            if steps.get(id, {}).get("state") == state:
                return answer
            await asyncio.sleep(0.05)


async def test_the_answers_are_taken_and_only_what_was_read_is_written() -> None:
    async with at_work() as (agent, _):
        await until(agent, "connect", "done")
        await asked(agent, "answer", step="application", value="gateway")
        read = (await asked(agent))["to_write"]
        await asked(agent, "answer", step="trading_mode", value="paper")
        stale = await asked(agent, "write", value=read)
        untouched = not agent.places.config.exists()
        fresh = (await asked(agent))["to_write"]
        written = await asked(agent, "write", value=fresh)

        assert stale == {"error": "What is to be written has changed since you read it: read it again."}
        assert untouched
        assert written["to_write"] == []
        assert load(agent.places.config).connections[0].application is WantedApplication.GATEWAY
        await until(agent, "connect", "done")


@pytest.mark.parametrize(
    ("act", "more", "words"),
    [
        ("answer", {"step": "application", "value": "7"}, "is not one of the answers"),
        ("answer", {"step": "symbol", "value": "EURUSD"}, "write “EUR.USD”"),
        ("use-port", {"value": 70000}, "is nothing that the set-up can do"),
        ("explode", {}, "is nothing that the set-up can do"),
        ("test-data", {}, "Choose a symbol"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_one_sentence(act: str, more: dict[str, Any], words: str) -> None:
    async with at_work() as (agent, _):
        answer = await asked(agent, act, **more)

        assert words in answer["error"]
        assert answer["error"].endswith(".")


async def test_a_file_that_cannot_be_used_is_told_and_left_alone() -> None:
    async with at_work() as (agent, _):
        agent.places.config.write_text("nonsense = [", encoding="utf-8")
        answer = await asked(agent)

        assert "line 1" in answer["error"]
        assert agent.places.config.read_text(encoding="utf-8") == "nonsense = ["


async def test_a_wrong_port_in_the_file_is_offered_to_be_put_right() -> None:
    async with at_work() as (agent, gateway):
        agent.places.config.write_text(paper_file(1), encoding="utf-8")
        agent.loop.post(Reconfigured(load(agent.places.config)))
        answer = await until(agent, "port", "to-do")
        port = next(step for step in answer["setup"]["steps"] if step["id"] == "port")
        await asked(agent, "use-port", value=int(port["value"]))
        to_write = (await asked(agent))["to_write"]

        assert (port["acts"], port["value"]) == (["use-port"], str(gateway.port))
        assert to_write == [f"“Paper Gateway”, API port: {gateway.port}"]
        # Gatelight still goes to the port of the file, and does not say that it connects to this one.
        connect = next(step for step in (await asked(agent))["setup"]["steps"] if step["id"] == "connect")
        assert (connect["state"], connect["acts"]) == ("to-do", ["write"])
        await asked(agent, "write", value=to_write)
        await until(agent, "connect", "done")


async def test_another_connection_is_set_up_beside_the_first() -> None:
    async with at_work() as (agent, gateway):
        agent.places.config.write_text(paper_file(gateway.port), encoding="utf-8")
        first = await asked(agent)
        new = await asked(agent, "begin", value="")
        await asked(agent, "answer", step="application", value="tws")
        await asked(agent, "answer", step="trading_mode", value="live")
        named = await asked(agent)
        await asked(agent, "write", value=named["to_write"])
        back = await asked(agent, "begin", value="Paper Gateway")

        assert (first["name"], first["new"]) == ("Paper Gateway", False)
        assert (new["new"], new["answers"]) == (True, {"looked": [], "skipped": []})
        assert (named["name"], named["connections"]) == ("Live TWS", ["Paper Gateway"])
        assert (back["name"], back["connections"]) == ("Paper Gateway", ["Paper Gateway", "Live TWS"])
        assert [c.port for c in load(agent.places.config).connections] == [gateway.port, "auto"]


async def test_a_program_that_connects_is_greeted_by_its_name_and_missed_when_it_leaves() -> None:
    async with at_work() as (agent, gateway):
        agent.places.config.write_text(paper_file(gateway.port), encoding="utf-8")
        await until(agent, "program", "to-do")
        waiting = await until(agent, "read-only", "done")
        step = next(step for step in waiting["setup"]["steps"] if step["id"] == "program")
        port, client_id = (
            next(t["value"] for t in step["typed"] if t["label"] == label) for label in ("Port", "Client ID")
        )
        async with trading_program(agent.places.data, int(port), int(client_id)) as pid:
            greeted = await until(agent, "program", "done")
            program = next(step for step in greeted["setup"]["steps"] if step["id"] == "program")
            suggested = next(question for question in greeted["questions"] if question["id"] == "program")
        gone = await until(agent, "program", "to-do")

    assert waiting["setup"]["result"] == "all-but-program"
    assert program["seen"] == [f"Quantower is connected (quantower, pid {pid})"]
    assert greeted["setup"]["result"] == "green"
    assert suggested["suggested"] == "quantower"
    assert gone["setup"]["result"] == "all-but-program"


async def test_steps_are_put_off_looked_at_and_taken_up_again() -> None:
    async with at_work() as (agent, _):
        await until(agent, "connect", "done")
        put_off = await asked(agent, "skip", step="test-notice")
        taken_up = await asked(agent, "take-up")
        await asked(agent, "send-notice")
        seen = await asked(agent, "saw-notice", value=True)

        assert put_off["setup"]["skipped"] == ["test-notice"]
        assert taken_up["setup"]["skipped"] == []
        assert next(s["state"] for s in seen["setup"]["steps"] if s["id"] == "test-notice") == "done"


async def test_the_running_program_answers_on_its_control_channel() -> None:
    with tempfile.TemporaryDirectory(prefix="gl-", ignore_cleanup_errors=True) as folder:
        home = Place(Path(folder))
        async with await SimulatedApplication.start(Path(folder) / "tws") as gateway:
            home.config.write_text(paper_file(gateway.port), encoding="utf-8")
            with home.agent() as process:
                home.until(lambda one: one["phase"] == "connected", process)
                set_up = home.ask({"command": "setup"})
                begun = home.ask({"command": "data-test", "symbols": ["AAPL"]})
                refused = home.ask({"command": "data-test", "symbols": ["AAPL"]})

    assert set_up["name"] == "Paper Gateway"
    assert begun["data_test"]["running"]
    assert "until it is done" in refused["error"] or "test again at" in refused["error"]


async def test_new_versions_are_looked_for_once_the_user_says_so_and_no_more_once_they_say_no() -> None:
    with tempfile.TemporaryDirectory(prefix="gl-", ignore_cleanup_errors=True) as folder:
        async with first_run(Path(folder), Origin("https://example.org/gatelight")) as agent:
            await until(agent, "updates", "to-do")
            declined = await asked(agent, "look-for-updates", value=False)
            untouched = not agent.places.config.exists()
            wanted = await asked(agent, "look-for-updates", value=True)
            checked = load(agent.places.config).updates.check
            again = await asked(agent, "look-for-updates", value=False)

    states = [
        next(step["state"] for step in one["setup"]["steps"] if step["id"] == "updates")
        for one in (declined, wanted, again)
    ]
    assert states == ["not-needed", "done", "not-needed"]
    assert (untouched, checked) == (True, True)
