"""Who listens is not the whole truth: ports that answer unseen, relays known and unknown, helpers, a full queue."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import Moment
from agent.core.facts import Known, MachineFacts
from agent.simulator.free_ports import free_port
from agent.simulator.settings_folder import IbcChoices
from agent.simulator.shapes import Shape
from agent.simulator.world import SimulatedApplication
from tests.apart import ALREADY, possible
from tests.desktop_session import need
from tests.faults.ours import Ours, at_work, examined_alone
from tests.faults.watching import paper, visible

FORWARD = """
import asyncio, sys
async def copy(reader, writer):
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    writer.close()
async def passed_on(reader, writer):
    try:
        far = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    except OSError:
        writer.close()
        return
    await asyncio.gather(copy(reader, far[1]), copy(far[0], writer))
async def main():
    server = await asyncio.start_server(passed_on, "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

STUCK = """
import socket, sys
listeners = [socket.socket(f) for f in (socket.AF_INET, socket.AF_INET6)]
port = 0
for listener, host in zip(listeners, ("127.0.0.1", "::1")):
    listener.bind((host, port))
    port = listener.getsockname()[1]
    listener.listen(3)
print(port, flush=True)
sys.stdin.read()
"""

HELPER = """
import os
import socket
helper = socket.create_server(("127.0.0.1", 0))
print(helper.getsockname()[1], flush=True)
helper.accept()
print("knocked", flush=True)
"""


@contextmanager
def program(folder: Path, name: str, code: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A program of this name that runs this code, and the first line that it prints."""
    executable = folder / name
    executable.symlink_to(os.path.realpath(sys.executable))
    with subprocess.Popen(
        [executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHOME": sys.base_prefix},
    ) as running:
        assert running.stdout is not None
        try:
            yield running, running.stdout.readline().decode().strip()
        finally:
            running.kill()


class Blindfolded(Ours):
    """A system that shows nothing of what listens on one port, nor of the application behind it."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def look(self, ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
        machine = super().look(ports, thorough=thorough, now=now)
        assert isinstance(machine.sockets, Known)
        assert isinstance(machine.processes, Known)
        shown = tuple(x for x in machine.sockets.value.listeners if x.port != self._port)
        return replace(
            machine,
            sockets=Known(replace(machine.sockets.value, listeners=shown)),
            processes=Known(replace(machine.processes.value, applications=())),
        )


async def test_a_port_that_answers_unseen_is_found_and_missed_by_its_kind(tmp_path: Path) -> None:
    async with await SimulatedApplication.start(tmp_path) as gateway:
        port = gateway.port
        async with at_work(paper(port), world=Blindfolded(port)) as (agent, _):
            await agent.connected()
            await gateway.fault("not-running")
            await agent.until(lambda a: bool(a.codes), "judged")
            gone = agent.connection.problems[0]
            await gateway.heal()
            await agent.connected()

    assert gone.code == "app-not-running"
    assert gone.title == f"What answered on port {port} is gone"
    assert gone.fixes == ()


@pytest.mark.skipif(not possible(), reason=f"needs a network of its own ({ALREADY})")
async def test_a_port_that_packet_rules_alone_publish_outweighs_what_the_table_shows(tmp_path: Path) -> None:
    need("nft")
    async with await SimulatedApplication.start(tmp_path) as gateway:
        port = free_port()
        rule = f"tcp dport {port} redirect to :{gateway.port}"
        table = f"table ip published {{ chain out {{ type nat hook output priority -100; {rule}; }}; }}"
        async with at_work(paper(port)) as (agent, _):
            await agent.until(lambda a: "api-port-mismatch" in a.codes, "missed")
            await asyncio.to_thread(subprocess.run, ["nft", table], check=True)
            try:
                await agent.connected()
                found = await examined_alone(paper(port))
            finally:
                await asyncio.to_thread(subprocess.run, ["nft", "delete table ip published"], check=True)

    assert (found.phase, found.port, visible(found)) == ("connected", port, [])


async def test_a_tunnel_that_goes_is_told_by_its_kind_and_nothing_is_offered_to_start(tmp_path: Path) -> None:
    port = free_port()
    async with await SimulatedApplication.start(tmp_path / "far") as gateway:
        world = Ours()
        looked = world.look

        def far_away(ports: frozenset[int], *, thorough: bool, now: Moment) -> MachineFacts:
            """What this machine shows, the application at the far end left out."""
            machine = looked(ports, thorough=thorough, now=now)
            assert isinstance(machine.processes, Known)
            return replace(machine, processes=Known(replace(machine.processes.value, applications=())))

        world.look = far_away  # type: ignore[method-assign]
        async with at_work(paper(port, start_command=("false",)), world=world) as (agent, _):
            with program(tmp_path, "ssh", FORWARD, str(port), str(gateway.port)) as (tunnel, _):
                await agent.connected()
                pid = tunnel.pid
            await agent.until(lambda a: bool(a.codes), "judged")
            gone = agent.connection.problems[0]

    assert gone.code == "app-not-running"
    assert gone.title == f"The tunnel (ssh) on port {port} is gone"
    assert gone.evidence[0] == f"ssh (pid {pid}) answered on {port} while the latest session stood"
    assert any("start the tunnel again" in step for step in gone.steps)
    assert not any("Start IB Gateway" in step for step in gone.steps)
    assert gone.fixes == ()


@pytest.mark.parametrize("name", ["pasta.avx2", "my-forwarder"])
async def test_a_relay_behind_which_nothing_listens_is_known_by_what_it_does(name: str, tmp_path: Path) -> None:
    port = free_port()
    with program(tmp_path, name, FORWARD, str(port), str(free_port())):
        found = await examined_alone(paper(port))

    assert visible(found) == ["container-not-ready"]
    assert f"{name} (pid" in found.problems[0].evidence[0]
    assert any("Trusted IPs" in step for step in found.problems[0].steps)


async def test_a_configured_port_of_ibc_is_a_wrong_port_and_is_not_knocked_at(tmp_path: Path) -> None:
    choices = IbcChoices(command_server_port=free_port())
    async with await SimulatedApplication.start(tmp_path, shape=Shape.IBC, ibc=choices) as gateway:
        found = await examined_alone(paper(choices.command_server_port))

    assert visible(found) == ["api-port-mismatch"]
    assert "IBC’s command server" in found.problems[0].text
    assert found.application is not None
    assert found.application.listening == (gateway.port,)


async def test_a_helper_of_an_application_without_an_api_port_is_left_alone(tmp_path: Path) -> None:
    with program(tmp_path, "java", HELPER, "install4j.ibgateway.GWClient") as (running, _):
        found = await examined_alone(paper("auto"))
        running.kill()
        assert running.stdout is not None
        said = running.stdout.read()

    assert found.application is not None
    assert found.application.listening == ()
    assert said == b""


async def test_a_full_queue_is_told_with_what_the_system_shows_of_it(tmp_path: Path) -> None:
    with program(tmp_path, "java", STUCK, "install4j.ibgateway.GWClient") as (running, line), ExitStack() as waiting:
        port = int(line)
        for _ in range(8):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        found = await examined_alone(paper(port))
        pid = running.pid

    assert visible(found) == ["api-silent"]
    told = found.problems[0]
    assert found.application is not None
    assert found.application.pid == pid
    assert "hangs" in told.text
    if sys.platform == "linux":
        assert f"4 connections wait on port {port} to be accepted, and the system keeps no more than 4" in told.evidence
