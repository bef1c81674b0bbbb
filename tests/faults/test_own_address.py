"""This machine under another of its addresses: what runs here is judged from here. Real interface, real agent."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.simulator.world import SimulatedApplication
from tests.apart import ALREADY, possible
from tests.faults.watching import paper, watching
from tests.lookalikes import lookalikes

OWN = "192.0.2.77"

pytestmark = pytest.mark.skipif(not possible(), reason=f"needs a network of its own ({ALREADY})")


@pytest.fixture
def own_address() -> Iterator[str]:
    """One more address of this machine, beside loopback."""
    subprocess.run(("ip", "address", "add", f"{OWN}/32", "dev", "lo"), check=True)
    try:
        yield OWN
    finally:
        subprocess.run(("ip", "address", "del", f"{OWN}/32", "dev", "lo"), check=True)


async def test_an_application_at_its_log_in_is_seen_whatever_the_host_is_called(
    tmp_path: Path, own_address: str
) -> None:
    waiting = await SimulatedApplication.start(tmp_path / "gateway", logged_in=False)
    async with waiting as gateway, watching(paper(gateway.asked_port, host=own_address), folder=tmp_path) as told:
        await told.until(lambda a: a.codes == ["login-pending"], "waits for the log-in")

        assert told.connection.application is not None
        assert "host-unreachable" not in told.said


async def test_what_listens_on_loopback_alone_is_not_reached_under_another_address(
    tmp_path: Path, own_address: str
) -> None:
    """The simulated application listens on 127.0.0.1, as a container published there does."""
    running = await SimulatedApplication.start(tmp_path / "gateway")
    async with running as gateway, watching(paper(gateway.asked_port, host=own_address), folder=tmp_path) as told:
        await told.until(lambda a: a.codes == ["host-unreachable"], "not reached")
        (problem,) = told.connection.problems

        assert problem.steps == (
            "Set **Computer** of this connection to 127.0.0.1 in Gatelight’s Settings: "
            f"{own_address} is this computer itself.",
        )


async def test_loopback_written_as_ipv4_inside_ipv6_is_loopback(tmp_path: Path) -> None:
    running = await SimulatedApplication.start(tmp_path / "gateway")
    wanted = paper(running.asked_port, host="::ffff:127.0.0.1")
    async with running, watching(wanted, folder=tmp_path) as told:
        await told.connected()
        assert told.connection.application is not None


async def test_an_application_that_is_silent_there_is_named_with_the_address_it_sees(
    tmp_path: Path, own_address: str
) -> None:
    with lookalikes(tmp_path) as start:
        silent = start(f"-DjtsConfigDir={tmp_path}", "install4j.ibgateway.GWClient", listen=(("0.0.0.0", 0),))
        async with watching(paper(silent.ports[0], host=own_address), folder=tmp_path) as told:
            await told.until(lambda a: a.codes == ["api-silent"], "silent")
            (problem,) = told.connection.problems

    assert f"IB Gateway (pid {silent.pid}) listens on {silent.ports[0]}" in problem.evidence
    assert f"Gatelight’s connection came from {own_address}" in problem.evidence
    assert any(f"if the address is {own_address}" in step for step in problem.steps)
