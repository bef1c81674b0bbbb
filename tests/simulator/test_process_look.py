import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from agent.simulator.child import PortInUse, ProcessEnded
from agent.simulator.counters import Counters
from agent.simulator.settings_folder import USER_FOLDER
from agent.simulator.shapes import Shape
from agent.simulator.world import SimulatedApplication, free_port

linux = pytest.mark.skipif(sys.platform != "linux", reason="how the others show a renamed interpreter was not seen")


def listening(pid: int) -> set[int]:
    return {c.laddr.port for c in psutil.Process(pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN}


def upstream(pid: int) -> list[tuple[str, int]]:
    return [
        (c.raddr.ip, c.raddr.port)
        for c in psutil.Process(pid).net_connections("tcp")
        if c.status == psutil.CONN_ESTABLISHED and c.raddr.port in (4000, 4001)
    ]


def network_of(process: str) -> Path:
    return Path(f"/proc/{process}/ns/net").readlink()


async def hello(port: int) -> bytes:
    """What the port answers to the hello of an API client, b"" where it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"API\0" + (9).to_bytes(4, "big") + b"v157..178")
        length = int.from_bytes(await reader.readexactly(4), "big")
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return b""
    finally:
        writer.close()
        await writer.wait_closed()


@linux
@pytest.mark.parametrize("shape", [Shape.ITSELF, Shape.IBC])
@pytest.mark.parametrize("kind", ["gateway", "tws"])
async def test_a_simulated_application_is_a_java_with_the_main_class_of_the_real_one(
    kind: str, shape: Shape, tmp_path: Path
) -> None:
    async with await SimulatedApplication.start(tmp_path, kind=kind, shape=shape) as application:
        process = psutil.Process(application.pid)
        name, words = process.name(), process.cmdline()

    main = {
        ("gateway", True): "install4j.ibgateway.GWClient",
        ("tws", True): "install4j.jclient.LoginFrame",
        ("gateway", False): "ibcalpha.ibc.IbcGateway",
        ("tws", False): "ibcalpha.ibc.IbcTws",
    }[kind, shape is Shape.ITSELF]
    assert name == "java"
    assert words[1] == "-Xmx768m"
    assert main in words


@pytest.mark.parametrize("shape", [Shape.ITSELF, Shape.IBC])
async def test_it_listens_on_its_port_and_holds_a_link_to_ibs_servers(shape: Shape, tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, shape=shape) as application:
        assert listening(application.pid) == {application.port}
        assert upstream(application.pid) == [application.upstream]


async def test_it_answers_the_hello_of_a_client(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, server_version=176) as application:
        answer = await hello(application.port)

    assert answer.split(b"\0")[0] == b"176"


@linux
async def test_behind_a_container_a_relay_owns_the_port_and_passes_the_hello_on(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, shape=Shape.CONTAINER) as application:
        pid, port = application.companions["relay"]
        relay = psutil.Process(pid)
        answer = await hello(application.port)

        assert relay.name() == "docker-proxy"
        assert "172.18.0.2" in relay.cmdline()
        assert listening(pid) == {application.port} == {port}
        assert application.port not in listening(application.pid)
        assert answer.startswith(b"178\0")


@linux
async def test_a_container_is_a_java_in_another_network_or_cannot_be_seen_at_all(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, shape=Shape.CONTAINER) as application:
        process = psutil.Process(application.pid)
        elsewhere = network_of(str(process.pid)) != network_of("self")
        seen_from_here = {c.pid for c in psutil.net_connections("tcp")}

        assert process.name() == ("java" if elsewhere else "virtual-machine")
        assert ("ibcalpha.ibc.IbcGateway" in process.cmdline()) is elsewhere
        assert not (elsewhere and process.pid in seen_from_here)


async def test_the_settings_folder_is_named_on_the_command_line_and_holds_jts_ini(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, mode="live") as application:
        words = psutil.Process(application.pid).cmdline()

        assert any(word.endswith(f"-DjtsConfigDir={application.settings_folder}") for word in words)
        assert "tradingMode=l" in (application.settings_folder / "jts.ini").read_text()


async def test_before_log_in_there_is_neither_port_nor_link_and_afterwards_there_are_both(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path, logged_in=False) as application:
        pid, before = application.pid, (listening(application.pid), upstream(application.pid))
        await application.log_in()
        after = (listening(pid), upstream(pid))
        await application.log_out()
        at_the_end = (listening(pid), upstream(pid))

        assert before == (set(), [])
        assert after == ({application.port}, [application.upstream])
        assert at_the_end == (set(), [])
        assert application.pid == pid


async def test_a_marked_restart_is_a_new_process_on_the_same_port(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        pid, port = application.pid, application.port
        await application.restart(delay=0)

        assert not psutil.pid_exists(pid)
        assert application.pid != pid
        assert f"-Drestart={USER_FOLDER}" in psutil.Process(application.pid).cmdline()
        assert listening(application.pid) == {port}


async def test_an_unmarked_restart_may_choose_another_port(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        port = free_port()
        await application.restart(port, marked=False, delay=0)

        assert not any("-Drestart" in word for word in psutil.Process(application.pid).cmdline())
        assert listening(application.pid) == {port} == {application.port}


async def test_after_a_kill_it_is_gone_until_it_is_restarted(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        pid = application.pid
        await application.kill()

        assert not psutil.pid_exists(pid)
        assert not application.running
        with pytest.raises(ProcessEnded):
            _ = application.pid

        await application.restart(delay=0)

        assert listening(application.pid) == {application.port}


async def test_after_a_kill_from_outside_it_stays_away_too(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        psutil.Process(application.pid).kill()
        await application.ended()
        await application.fault("silent")

        assert not application.running


async def test_terminating_it_ends_the_process(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        pid = application.pid
        await application.terminate()

        assert not psutil.pid_exists(pid)


async def test_a_port_in_use_is_told_in_one_sentence(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path / "one") as first:
        with pytest.raises(PortInUse, match=f"Port {first.port} is in use by another program; end that program, or"):
            await SimulatedApplication.start(tmp_path / "two", port=first.port)


async def test_connections_are_counted_over_a_restart(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as application:
        await hello(application.port)
        await application.restart(delay=0)
        await hello(application.port)
        counters = await application.counters()

        # At least: an agent that runs on this machine meanwhile may look in too.
        assert counters.connections_accepted >= 2


def test_counters_add_up_by_message() -> None:
    both = Counters(2, {71: 1, 49: 3}).plus(Counters(1, {71: 1}))

    assert both == Counters(3, {71: 2, 49: 3})
