"""Without a configuration file: whatever runs is found, watched and examined."""

from pathlib import Path

from agent.simulator.world import SimulatedApplication
from tests.faults.watching import examined, visible, watching


async def test_the_doctor_finds_an_application_and_connects_to_it(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, kind="tws", mode="live") as tws:
        found = await examined(folder=tmp_path)

    assert found.name == "TWS"
    assert found.port == tws.asked_port
    assert found.phase == "connected"
    assert found.trading_mode == "live"
    assert visible(found) == []


async def test_the_agent_watches_each_of_two(tmp_path: Path) -> None:
    async with (
        await SimulatedApplication.start(tmp_path / "a", mode="live") as live,
        await SimulatedApplication.start(tmp_path / "b", mode="paper") as paper,
        watching(folder=tmp_path) as agent,
    ):
        await agent.until(
            lambda a: [c.phase for c in a.statuses[-1].connections] == ["connected"] * 2, "connected to both"
        )
        shown = {c.port: c.trading_mode for c in agent.statuses[-1].connections}

        assert shown == {live.asked_port: "live", paper.asked_port: "paper"}
        assert agent.said == []
