"""How long the doctor looks before it says what it found."""

from dataclasses import replace
from pathlib import Path

from agent.app.one_look import willing
from agent.core.facts import Abilities
from agent.core.settings import Settings
from agent.simulator.free_ports import free_port
from agent.simulator.world import SimulatedApplication
from tests.faults.watching import QUICK, Audience, looked_once, paper, visible


async def test_a_session_is_no_reason_to_overlook_a_second_application_that_has_just_logged_in(tmp_path: Path) -> None:
    patient = replace(QUICK, settled_link=4.0)
    said: list[str] = []
    async with await SimulatedApplication.start(tmp_path, faults=("several=same-port",)) as gateway:
        wanted = Settings(connections=(paper(gateway.asked_port),))
        status = await looked_once(wanted, Audience(tmp_path), timing=patient, say=said.append)

    assert status.connections[0].phase == "connected"
    assert visible(status.connections[0]) == ["several-apps"]
    assert any("stays connected to IB’s servers" in line for line in said)


async def test_asked_about_one_connection_it_says_of_it_what_it_says_when_asked_about_all(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        wanted = Settings((replace(paper(free_port()), name="R"), replace(paper(gateway.port), name="S")))
        told = {}
        for name in (None, "R"):
            status = await looked_once(willing(wanted, name), Audience(tmp_path))
            told[name] = {c.name: visible(c) for c in status.connections}["R"]

    assert told[None] == told["R"] == ["app-not-running"]


async def test_it_offers_what_can_be_done_about_the_configuration(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        wanted = Settings((paper(free_port()),))
        can = Abilities(config_file="config.toml")
        status = await looked_once(wanted, Audience(tmp_path), can=can)

        assert visible(status.connections[0]) == ["api-port-mismatch"]
        (problem,) = status.connections[0].problems
        assert [(offer.fix, str(gateway.port) in offer.label) for offer in problem.fixes] == [("use-port", True)]
