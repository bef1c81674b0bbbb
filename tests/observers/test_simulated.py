"""One look at every kind of simulated application, and at every decoy, as real processes."""

import time
from pathlib import Path

import pytest

from agent.core.clock import Moment
from agent.core.facts import Known, MachineFacts, Process
from agent.observers.look import Looker
from agent.simulator.free_ports import free_port
from agent.simulator.settings_folder import IbcChoices
from agent.simulator.shapes import Shape
from agent.simulator.world import SimulatedApplication
from agent.tws.applications import ApplicationKind, Launcher, TradingMode
from tests.decoys import DECOYS


def look(looker: Looker, *ports: int) -> MachineFacts:
    return looker.look(frozenset(ports), thorough=False, now=Moment(time.monotonic(), time.time()))


def of(facts: MachineFacts, pid: int) -> Process | None:
    assert isinstance(facts.processes, Known)
    return next((p for p in facts.processes.value.applications if p.pid == pid), None)


@pytest.mark.parametrize("kind", [ApplicationKind.TWS, ApplicationKind.GATEWAY])
@pytest.mark.parametrize("shape", [Shape.ITSELF, Shape.IBC])
async def test_a_simulated_application_is_found_with_port_link_and_hints(
    tmp_path: Path, kind: ApplicationKind, shape: Shape
) -> None:
    async with await SimulatedApplication.start(tmp_path, kind=kind, shape=shape, version="10.37") as simulated:
        found = of(look(Looker(), simulated.port), simulated.pid)

    assert found is not None
    assert (found.kind, found.application.version) == (kind, "10.37")
    assert found.application.launched_by is (Launcher.IBC if shape is Shape.IBC else Launcher.ITSELF)
    assert found.api_ports == (simulated.port,)
    assert found.upstream == "{}:{}".format(*simulated.upstream)
    assert isinstance(found.hints, Known)
    assert found.hints.value.trading_mode is TradingMode.PAPER


async def test_a_log_in_screen_has_no_port_and_no_link_and_then_both(tmp_path: Path) -> None:
    looker = Looker()
    async with await SimulatedApplication.start(tmp_path, logged_in=False) as simulated:
        before = of(look(looker, simulated.port), simulated.pid)
        await simulated.log_in()
        after = of(look(looker, simulated.port), simulated.pid)

    assert before is not None
    assert (before.api_ports, before.upstream) == ((), None)
    assert after is not None
    assert after.api_ports == (simulated.port,)
    assert after.upstream is not None


@pytest.mark.parametrize(("shape", "seen"), [(Shape.IBC, True), (Shape.ITSELF, False)])
async def test_ibcs_command_server_is_told_where_it_listens_and_is_no_api_port(
    tmp_path: Path, shape: Shape, seen: bool
) -> None:
    port = free_port()
    ibc = IbcChoices(command_server_port=port)
    async with await SimulatedApplication.start(tmp_path, shape=shape, ibc=ibc) as simulated:
        found = of(look(Looker(), simulated.port), simulated.pid)

    assert found is not None
    assert found.command_port == (port if seen else None)
    assert found.api_ports == (simulated.port,)


async def test_an_automatic_restart_is_told_by_the_command_line(tmp_path: Path) -> None:
    looker = Looker()
    async with await SimulatedApplication.start(tmp_path) as simulated:
        first = simulated.pid
        look(looker, simulated.port)
        await simulated.restart(delay=0.0)
        facts = look(looker, simulated.port)
        second = of(facts, simulated.pid)

    assert of(facts, first) is None
    assert second is not None
    assert second.application.restarted


async def test_sockets_that_nobody_closed_are_counted(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=["close-wait=12"]) as simulated:
        found = of(look(Looker(), simulated.port), simulated.pid)

    assert found is not None
    assert found.close_wait == ((simulated.port, 12),)


async def test_the_thief_of_a_port_is_named(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=["port-taken"]) as simulated:
        application, others = simulated.pid, [pid for pid, _ in simulated.companions.values()]
        facts = look(Looker(), simulated.port)

    assert isinstance(facts.sockets, Known)
    (thief,) = [x for x in facts.sockets.value.listeners if x.port == simulated.port]
    assert thief.pid != application
    assert thief.pid in others
    assert thief.program
    assert not thief.relay


@pytest.mark.parametrize("name", DECOYS)
def test_a_decoy_is_not_an_application(tmp_path: Path, name: str) -> None:
    with DECOYS[name](tmp_path) as decoy:
        facts = look(Looker(), *decoy.ports)

    assert of(facts, decoy.pid) is None
    assert isinstance(facts.processes, Known)
    portals = [p.pid for p in facts.processes.value.client_portal]
    assert (decoy.pid in portals) is (name == "client portal gateway")
    assert decoy.pid not in [p.pid for p in facts.processes.value.unreadable]
