"""How long the doctor looks before it says what it found."""

from dataclasses import replace
from pathlib import Path

from agent.core.settings import Settings
from agent.doctor import look_once
from agent.simulator.world import SimulatedApplication
from tests.faults.watching import QUICK, Audience, calm, paper, visible


async def test_a_session_is_no_reason_to_overlook_a_second_application_that_has_just_logged_in(tmp_path: Path) -> None:
    patient = replace(QUICK, settled_link=4.0)
    said: list[str] = []
    async with await SimulatedApplication.start(tmp_path, faults=("several=same-port",)) as gateway:
        wanted = Settings(connections=(paper(gateway.asked_port),))
        status = await look_once(wanted, patient, said.append, Audience(tmp_path), known=calm())

    assert status.connections[0].phase == "connected"
    assert visible(status.connections[0]) == ["several-apps"]
    assert any("watching for 4 s" in line for line in said)
