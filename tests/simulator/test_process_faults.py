import asyncio
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import psutil
import pytest

from agent.simulator.process_faults import FAULTS, PROCESS_FAULTS
from agent.simulator.shapes import Shape
from agent.simulator.state import CLIENT_PLACES
from agent.simulator.world import SimulatedApplication, free_port

SILENCE = 0.5
"""Seconds without an answer that count as silence: the simulator answers in one millisecond."""


def states(pid: int, port: int) -> Counter[str]:
    """Sockets of a process whose own end is `port`, by state."""
    return Counter(c.status for c in psutil.Process(pid).net_connections("tcp") if c.laddr.port == port)


def linked(application: SimulatedApplication) -> bool:
    connections = psutil.Process(application.pid).net_connections("tcp")
    return any(c.raddr and tuple(c.raddr) == application.upstream for c in connections)


async def hello(port: int) -> str:
    """What becomes of a client: "refused", "closed", "silent", or the server version."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return "refused"
    try:
        writer.write(b"API\0" + (9).to_bytes(4, "big") + b"v157..178")
        async with asyncio.timeout(SILENCE):
            length = int.from_bytes(await reader.readexactly(4), "big")
            return (await reader.readexactly(length)).split(b"\0")[0].decode()
    except TimeoutError:
        return "silent"
    except (asyncio.IncompleteReadError, OSError):
        return "closed"
    finally:
        writer.close()


LASTING = [name for name, fault in PROCESS_FAULTS.items() if not fault.one_shot]

WITH_A_RELAY = ("port-taken", "other-port", "close-wait", "too-many-clients", "client-portal", "container-not-ready")
"""Faults that treat a relay differently from an application."""


@pytest.mark.parametrize(
    ("name", "shape"),
    [*((name, Shape.ITSELF) for name in LASTING), *((name, Shape.CONTAINER) for name in WITH_A_RELAY)],
)
async def test_every_fault_can_come_and_go_and_leaves_a_healthy_application(
    name: str, shape: Shape, tmp_path: Path
) -> None:
    value = str(free_port()) if name == "client-portal" else None
    async with await SimulatedApplication.start(tmp_path, shape=shape) as application:
        companions = set(application.companions)
        await application.fault(name, value)
        in_force = set(application.faults)
        await application.heal(name)

        assert in_force == {name}
        assert not application.faults
        assert await hello(application.port) == "178"
        assert application.port == application.asked_port
        assert linked(application) or shape is Shape.CONTAINER
        assert set(application.companions) == companions


@pytest.mark.parametrize("name", LASTING)
async def test_every_fault_can_be_there_from_the_start(name: str, tmp_path: Path) -> None:
    typed = f"{name}={free_port()}" if name == "client-portal" else name
    async with await SimulatedApplication.start(tmp_path, faults=(typed,)) as application:
        in_force = set(application.faults)
        await application.heal()

        assert in_force == {name}
        assert await hello(application.port) == "178"


async def test_with_the_api_switched_off_the_link_stands_and_the_port_does_not(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=("no-listener",)) as application:
        assert await hello(application.port) == "refused"
        assert linked(application)


@pytest.mark.parametrize("name", ["login-pending", "starting"])
async def test_before_log_in_there_is_neither_link_nor_port(name: str, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        pid = application.pid
        await application.fault(name)

        assert await hello(application.port) == "refused"
        assert not linked(application)
        assert (application.pid == pid) is (name == "login-pending")


async def test_on_another_port_the_one_asked_for_is_refused(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        other = free_port()
        await application.fault("other-port", other)

        assert await hello(application.asked_port) == "refused"
        assert await hello(other) == "178"
        assert application.port == other


async def test_a_restart_comes_back_on_the_same_port_as_a_new_process(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        pid = application.pid
        await application.fault("restart", 0)

        assert application.pid != pid
        assert await hello(application.asked_port) == "178"
        assert not application.faults


async def test_a_restart_may_come_back_on_another_port(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        pid = application.pid
        await application.fault("restart-other-port")

        assert application.pid != pid
        assert await hello(application.asked_port) == "refused"
        assert await hello(application.port) == "178"


async def test_a_restart_that_is_stuck_is_marked_and_never_opens_its_port(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        await application.fault("restart-stuck")

        assert any("-Drestart=" in word for word in psutil.Process(application.pid).cmdline())
        assert await hello(application.port) == "refused"


async def test_dead_clients_pile_up_in_close_wait_and_the_next_one_meets_silence(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        await application.fault("close-wait", 12)

        assert await hello(application.port) == "silent"
        assert states(application.pid, application.port)[psutil.CONN_CLOSE_WAIT] >= 12
        assert linked(application)


async def test_too_many_clients_are_real_clients_of_another_process(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        await application.fault("too-many-clients")
        crowd = ends_of_crowd(application)

        assert len(crowd) == CLIENT_PLACES
        assert crowd <= ends_served(application)
        assert await hello(application.port) == "closed"


async def test_too_many_clients_come_back_after_a_restart(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=("too-many-clients=ignore",)) as application:
        await application.restart(delay=0)
        crowd = ends_of_crowd(application)

        assert len(crowd) == CLIENT_PLACES
        assert crowd <= ends_served(application)
        assert await hello(application.port) == "silent"


def ends_of_crowd(application: SimulatedApplication) -> set[int]:
    """Local ports of the connections that the crowd holds to the API port."""
    pid, _ = application.companions["too-many-clients"]
    connections = psutil.Process(pid).net_connections("tcp")
    return {c.laddr.port for c in connections if c.raddr and c.raddr.port == application.port}


def ends_served(application: SimulatedApplication) -> set[int]:
    """Remote ports of the clients that the application holds, and none of them its own."""
    connections = psutil.Process(application.pid).net_connections("tcp")
    assert not [c for c in connections if c.raddr and c.raddr.port == application.port]
    return {c.raddr.port for c in connections if c.raddr and c.laddr.port == application.port}


async def test_a_web_server_on_the_port_answers_in_http(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=("port-taken",)) as application:
        pid, port = application.companions["webserver"]
        with pytest.raises(urllib.error.HTTPError) as caught:
            await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{application.port}/", timeout=5)
        caught.value.close()

        assert port == application.port
        assert not states(application.pid, port)
        assert linked(application)
        assert psutil.Process(pid).name().startswith("webserver")


@pytest.mark.parametrize(("value", "listens"), [("other-port", True), ("same-port", False)])
async def test_a_second_application_runs_beside_the_first(value: str, listens: bool, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        await application.fault("several", value)
        pid, port = application.companions["second"]

        assert psutil.Process(pid).cmdline()[-1] == psutil.Process(application.pid).cmdline()[-1]
        assert (port != 0) is listens
        assert await hello(application.port) == "178"


async def test_the_wrong_application_is_the_other_one_on_the_same_port(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, kind="tws", faults=("wrong-application",)) as application:
        command = " ".join(psutil.Process(application.pid).cmdline())

        assert "GWClient" in command or "ibgateway" in command
        assert await hello(application.asked_port) == "178"


async def test_with_only_the_client_portal_gateway_there_is_no_application(tmp_path: Path) -> None:
    port = free_port()
    async with await SimulatedApplication.start(tmp_path, faults=(f"client-portal={port}",)) as application:
        pid, listening = application.companions["client-portal"]

        assert not application.running
        assert listening == port
        assert psutil.Process(pid).cmdline()[-1] == "ibgroup.web.core.clientportal.gw.GatewayStart"
        assert await hello(application.port) == "refused"


@pytest.mark.parametrize("shape", [Shape.ITSELF, Shape.CONTAINER])
async def test_a_relay_with_nothing_behind_it_accepts_and_closes(shape: Shape, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, shape=shape, faults=("container-not-ready",)) as application:
        assert await hello(application.port) == "closed"
        assert application.running is (shape is Shape.CONTAINER)


async def test_the_memory_is_nearly_as_large_as_the_command_line_allows(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=("memory=80",)) as application:
        process = psutil.Process(application.pid)

        assert "-Xmx80m" in process.cmdline()
        assert 0.9 < process.memory_info().rss / (80 << 20) < 1.1
        assert await hello(application.port) == "178"


async def test_without_its_link_the_application_has_no_connection_to_ibs_servers(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        await application.fault("link-lost")
        during = linked(application)
        await application.fault("link-back-kept")

        assert not during
        assert linked(application)
        assert not application.faults


async def test_a_fault_on_the_wire_outlives_a_restart(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=("silent",)) as application:
        await application.restart(delay=0)
        outcome = await hello(application.port)
        await application.heal("silent")

        assert outcome == "silent"
        assert await hello(application.port) == "178"


async def test_the_application_may_change_its_port_itself(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        port = free_port()
        await application.fault("port-changed", port)
        await application.fault("login-pending")
        await application.heal()

        assert application.port == port
        assert await hello(port) == "178"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("no-such-thing", None, "There is no fault “no-such-thing”; `gatelight simulate --list-faults` names them all"),
        ("port-taken", "x", "port-taken takes no value"),
        ("several", "x", "several takes one of other-port, same-port, not “x”"),
        ("other-port", "70000", "other-port takes 1 to 65535"),
        ("slow", "x", "slow takes a number"),
        ("close-wait", "2.5", "close-wait takes a whole number"),
        ("other-port", "4e3", "other-port takes a whole number"),
    ],
)
async def test_nonsense_is_refused_in_one_sentence_and_changes_nothing(
    name: str, value: str | None, sentence: str, tmp_path: Path
) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        with pytest.raises(ValueError, match="^" + sentence.replace("?", r"\?")):
            await application.fault(name, value)

        assert not application.faults
        assert await hello(application.port) == "178"


async def test_faults_can_be_in_force_together(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, faults=("other-port", "silent", "several")) as application:
        assert set(application.faults) == {"other-port", "silent", "several"}
        assert await hello(application.port) == "silent"
        assert await hello(application.asked_port) == "refused"


def test_every_fault_says_what_it_looks_like() -> None:
    assert all(fault.name == name and fault.summary for name, fault in FAULTS.items())
    assert len({fault.summary for fault in FAULTS.values()}) == len(FAULTS)
