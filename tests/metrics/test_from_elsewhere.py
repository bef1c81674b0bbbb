"""A scan from another machine, which here is a network namespace: without the token it gets nothing."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil
import pytest

from agent.metrics.server import MetricsAnswer, MetricsServer
from agent.tws.hosts import is_loopback
from tests.commands import Place
from tests.faults.conftest import place
from tests.metrics.serving import free_port
from tests.waiting import PATIENCE, until

__all__ = ["place"]

TOKEN = "a-token-of-the-tests"
OURS, THEIRS = "10.254.77.1", "10.254.77.2"
ASK = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5.0) as asked:
        asked.sendall(sys.argv[3].encode())
        while part := asked.recv(4096):
            sys.stdout.write(part.decode())
except OSError as fault:
    sys.stdout.write(type(fault).__name__)
"""


@dataclass(frozen=True)
class Elsewhere:
    """Another network, from which this machine can be reached at `OURS`."""

    holder: int

    async def ask(self, port: int, path: str, *headers: str) -> str:
        """What a client there gets; the name of the error where it gets no connection."""
        request = "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {OURS}", *headers, "", ""])
        client = (sys.executable, "-c", ASK, OURS, str(port), request)
        done = await asyncio.to_thread(_run, *self.inside(*client))
        return done.stdout

    def inside(self, *command: str) -> tuple[str, ...]:
        """A command as it runs there."""
        return "nsenter", "-t", str(self.holder), "-n", *command


def _run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can make a network")
    # It says so once it is in its own network.
    command = ["unshare", "-n", "sh", "-c", "echo there; exec sleep 600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != b"there\n":
                pytest.skip("this machine allows no network namespaces")
            made = Elsewhere(holder.pid)
            steps = (
                (
                    "ip",
                    "link",
                    "add",
                    "gatelight0",
                    "type",
                    "veth",
                    "peer",
                    "name",
                    "gatelight1",
                    "netns",
                    str(holder.pid),
                ),
                ("ip", "address", "add", f"{OURS}/24", "dev", "gatelight0"),
                ("ip", "link", "set", "gatelight0", "up"),
                made.inside("ip", "address", "add", f"{THEIRS}/24", "dev", "gatelight1"),
                made.inside("ip", "link", "set", "gatelight1", "up"),
            )
            for step in steps:
                done = _run(*step)
                if done.returncode:
                    pytest.skip(f"this machine allows no second network: {done.stderr}")
            yield made
        finally:
            with suppress(ProcessLookupError):
                holder.kill()
            _run("ip", "link", "delete", "gatelight0")


async def answering(path: str, accept: str) -> MetricsAnswer:
    return MetricsAnswer(b"what is inside\n")


async def test_loopback_is_not_reached_from_another_machine(elsewhere: Elsewhere) -> None:
    server = MetricsServer(answering, "")
    await server.start("127.0.0.1", 0)
    try:
        assert await elsewhere.ask(server.port, "/metrics") == "ConnectionRefusedError"
    finally:
        await server.close()


async def test_another_machine_gets_nothing_without_the_token(elsewhere: Elsewhere) -> None:
    server = MetricsServer(answering, TOKEN)
    await server.start("0.0.0.0", 0)
    try:
        paths = ("/metrics", "/healthz", "/readyz", "/targets", "/guides/app-frozen", "/")
        for path in paths:
            told = await elsewhere.ask(server.port, path)
            assert told.startswith("HTTP/1.1 401 ")
            assert "inside" not in told
        assert server.refused["token"] == len(paths)
        told = await elsewhere.ask(server.port, "/metrics", f"Authorization: Bearer {TOKEN}")
        assert told.endswith("what is inside\n")
    finally:
        await server.close()


async def test_of_a_whole_agent_a_scan_from_another_machine_finds_nothing(elsewhere: Elsewhere, place: Place) -> None:
    """Its page is open and its metrics are served: curl asks every port that the process listens on."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    port = free_port()
    place.config.write_text(f"[metrics]\nport = {port}\n")
    with place.agent() as process:
        opened = await asyncio.to_thread(place.do, "--print-url")
        assert opened.status == 0, opened.err

        def listening() -> dict[int, str]:
            rows = psutil.Process(process.pid).net_connections(kind="inet")
            return {row.laddr.port: row.laddr.ip for row in rows if row.status == psutil.CONN_LISTEN or not row.raddr}

        await until(lambda: port in listening(), "metrics are not served")
        ports = listening()
        assert len(ports) >= 2, "the page listens, too"
        assert {address for address in ports.values() if not is_loopback(address)} == set()
        for one in ports:
            asked = ("curl", "--silent", "--show-error", "--max-time", "20", f"http://{OURS}:{one}/metrics")
            done = await asyncio.to_thread(_run, *elsewhere.inside(*asked))
            # 7: no connection.
            assert (done.returncode, done.stdout) == (7, ""), (one, done)


async def test_without_a_token_no_agent_opens_another_interface(elsewhere: Elsewhere, place: Place) -> None:
    port = free_port()
    place.config.write_text(f"[metrics]\nport = {port}\naddress = '0.0.0.0'\n")
    refused = place.do("run", "--no-tray")

    assert refused.status == 2
    assert "metrics.token" in refused.sentence
    assert await elsewhere.ask(port, "/metrics") == "ConnectionRefusedError"
