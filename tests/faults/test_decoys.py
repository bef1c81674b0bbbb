"""What only looks like TWS is not taken for it; what is TWS is found however it was started."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.core.settings import ConnectionSettings, WantedApplication, WantedMode
from agent.simulator.free_ports import free_port
from agent.simulator.shapes import Shape
from agent.simulator.world import SimulatedApplication
from agent.tws.applications import ApplicationKind, TradingMode
from tests.decoys import DECOYS, foreign_java
from tests.faults.ours import at_work, examined_alone
from tests.faults.watching import paper, visible

PORTAL = "client portal gateway"


@contextmanager
def all_decoys(folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[None]:
    """All of them at once: whichever were taken for TWS, the verdict would be another one."""
    with contextlib.ExitStack() as running:
        for number, (name, decoy) in enumerate(DECOYS.items()):
            if name not in without:
                own = folder / str(number)
                own.mkdir()
                running.enter_context(decoy(own))
        yield


@pytest.mark.not_under_wine("some of the decoys are programs of Linux")
async def test_no_decoy_is_taken_for_an_application(tmp_path: Path) -> None:
    with all_decoys(tmp_path, without=(PORTAL,)):
        found = await examined_alone(paper(free_port()))
        async with at_work(paper(free_port())) as (agent, _):
            await agent.until(lambda a: bool(a.codes), "judged")
            codes, application = agent.codes, agent.connection.application

    assert visible(found) == codes == ["app-not-running"]
    assert found.application is application is None
    assert agent.said == ["app-not-running"]


async def test_the_client_portal_gateway_is_the_wrong_product(tmp_path: Path) -> None:
    with DECOYS[PORTAL](tmp_path):
        found = await examined_alone(paper(free_port()))
        async with at_work(paper(free_port())) as (agent, _):
            await agent.until(lambda a: bool(a.codes), "judged")

            assert agent.codes == visible(found) == ["wrong-product"]


@pytest.mark.not_under_wine("some of the decoys are programs of Linux")
async def test_beside_the_real_one_the_agent_minds_none_of_them(tmp_path: Path) -> None:
    with all_decoys(tmp_path):
        async with (
            await SimulatedApplication.start(tmp_path / "real") as gateway,
            at_work(paper(gateway.port)) as (agent, _),
        ):
            await agent.connected()
            found = await examined_alone(paper(gateway.port))
            shown = agent.connection.application

            assert (found.phase, visible(found)) == ("connected", [])
            assert shown is not None
            assert shown == found.application
            assert shown.pid == gateway.pid
            assert agent.said == []


async def test_a_foreign_program_on_the_configured_port_is_named(tmp_path: Path) -> None:
    port = free_port()
    with foreign_java(tmp_path, port) as decoy:
        found = await examined_alone(paper(port))
        async with at_work(paper(port)) as (agent, _):
            await agent.until(lambda a: bool(a.codes), "judged")
            said = agent.codes

    assert visible(found) == said == ["api-port-taken"]
    evidence = " ".join(next(p for p in found.problems if p.visible).evidence)
    assert str(decoy.pid) in evidence
    assert str(port) in evidence


TWS, GATEWAY = ApplicationKind.TWS, ApplicationKind.GATEWAY
LIVE, PAPER = TradingMode.LIVE, TradingMode.PAPER


@pytest.mark.parametrize(
    ("shape", "kind", "mode"),
    [
        (Shape.ITSELF, TWS, LIVE),
        (Shape.ITSELF, TWS, PAPER),
        (Shape.ITSELF, GATEWAY, LIVE),
        (Shape.ITSELF, GATEWAY, PAPER),
        (Shape.IBC, TWS, LIVE),
        (Shape.IBC, GATEWAY, PAPER),
        (Shape.CONTAINER, TWS, PAPER),
        (Shape.CONTAINER, GATEWAY, LIVE),
    ],
)
async def test_every_application_is_found_however_it_was_started(
    shape: Shape, kind: ApplicationKind, mode: TradingMode, tmp_path: Path
) -> None:
    async with await SimulatedApplication.start(tmp_path, kind=kind, mode=mode, shape=shape) as application:
        wanted = ConnectionSettings(
            name="Mine",
            application=WantedApplication(kind.value),
            trading_mode=WantedMode(mode.value),
            port=application.port,
        )
        found = await examined_alone(wanted)

    assert visible(found) == []
    assert (found.phase, found.trading_mode, found.port) == ("connected", mode.value, application.port)
    if shape is not Shape.CONTAINER:
        assert found.application is not None
        assert (found.application.kind, found.application.version) == (kind.value, "10.45")
        assert found.application.listening == (application.port,)


@pytest.mark.parametrize("shape", [Shape.ITSELF, Shape.IBC])
async def test_without_a_configured_port_the_application_itself_tells_it(shape: Shape, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, shape=shape) as gateway:
        found = await examined_alone(ConnectionSettings(name="Any", application=WantedApplication.GATEWAY))

    assert (found.phase, found.port) == ("connected", gateway.port)
    assert visible(found) == []
