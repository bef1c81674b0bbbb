"""A real program that is cut off by a restart of the application: missed by name, until it is back."""

from pathlib import Path

from agent.core.events import UserAsked
from agent.core.shown.display import Ignore, SeenChanges
from agent.runtime.loop import AgentLoop
from agent.simulator.world import SimulatedApplication
from tests.faults.ours import Ours, at_work
from tests.faults.watching import paper
from tests.trading_program import trading_program


async def lasting(agent: Ours, loop: AgentLoop, name: str) -> None:
    """Wait until a program has held its connection for a while."""
    await agent.until(
        lambda _: any(p.id.name == name for w in loop.state.watched for p in w.port.programs), f"remembered {name}"
    )


async def test_a_program_that_stays_away_after_a_restart_is_named_until_it_is_back(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port)) as (agent, loop),
    ):
        await agent.connected()
        async with trading_program(tmp_path, gateway.port, 7):
            await lasting(agent, loop, "quantower")
            # Its client does not connect again by itself.
            await gateway.restart(delay=0.0)
            await agent.until(lambda a: "program-missing" in a.codes, "missed it")
            problem = next(p for p in agent.connection.problems if p.code == "program-missing")
        async with trading_program(tmp_path, gateway.port, 8):
            await agent.until(lambda a: "program-missing" not in a.codes, "seen it again")

    assert problem.title == "quantower has not come back"
    assert problem.programs == ("quantower",)
    assert any("quantower, pid " in line and "its process still runs" in line for line in problem.evidence)
    assert agent.said == ["program-missing", "over: program-missing"]


async def test_one_that_ended_is_told_as_such_and_can_be_left_unwatched(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper(gateway.port)) as (agent, loop),
    ):
        await agent.connected()
        async with trading_program(tmp_path, gateway.port, 7):
            await lasting(agent, loop, "quantower")
            await gateway.restart(delay=0.0)
        await agent.until(lambda a: "program-missing" in a.codes, "missed it")
        await agent.until(
            lambda a: any("has ended" in line for p in a.connection.problems for line in p.evidence), "told of its end"
        )
        loop.post(UserAsked(Ignore("quantower", "Paper Gateway")))
        await agent.until(lambda a: "program-missing" not in a.codes, "let it go")

    assert agent.connection.ignored == ("quantower",)
    assert agent.said == ["program-missing"]


async def test_a_port_that_moved_names_the_program_that_is_still_at_the_old_one(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path) as gateway,
        at_work(paper("auto")) as (agent, loop),
    ):
        await agent.connected()
        before = gateway.port
        async with trading_program(tmp_path, before, 7):
            await lasting(agent, loop, "quantower")
            await gateway.fault("restart-other-port")
            await agent.until(lambda a: "app-changed" in a.codes and a.connection.worst is not None, "warned")
            problem = agent.connection.problems[0]
            loop.post(UserAsked(SeenChanges("")))
            await agent.until(lambda a: not a.codes, "let it go")

    assert problem.severity == "warning"
    assert f"API port {before} → {gateway.port}" in problem.text
    assert "quantower" in problem.text
    assert agent.said == ["app-changed"]
