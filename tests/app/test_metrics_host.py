"""Metrics of a running agent: as the configuration says, told where they cannot be served, and no burden otherwise."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.events import Reconfigured
from agent.core.settings import MetricsSettings, NotificationSettings, TargetSettings
from agent.core.state_machine.state import OVERDUE_SECONDS
from tests.metrics.serving import ServedAgent, free_port, served_agent
from tests.waiting import until

TOKEN = "a-token-of-the-tests"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[ServedAgent]:
    async with served_agent(tmp_path) as agent:
        yield agent


async def asked(port: int, path: str, token: str = "") -> tuple[int, str]:
    """Status and body of an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}\r\n".encode())
        head, _, body = (await asyncio.wait_for(reader.read(), 30.0)).decode().partition("\r\n\r\n")
        return int(head.split(" ")[1]), body
    finally:
        writer.close()


async def test_they_follow_the_configuration(served: ServedAgent) -> None:
    first, second = free_port(), free_port()
    await served.configure(MetricsSettings(first))
    status, body = await asked(first, "/metrics")
    assert status == 200
    assert 'gatelight_connection_up{connection="Paper Gateway"} 1.0' in body

    await served.configure(MetricsSettings(second, token=TOKEN))
    assert (await asked(second, "/metrics"))[0] == 401
    status, body = await asked(second, "/metrics", TOKEN)
    assert status == 200
    assert 'gatelight_metrics_refused_total{reason="token"} 1.0' in body
    with pytest.raises(ConnectionRefusedError):
        await asked(first, "/metrics")

    await served.configure(MetricsSettings())
    with pytest.raises(ConnectionRefusedError):
        await asked(second, "/metrics")


async def test_a_port_that_is_taken_is_told_once_and_tried_again(served: ServedAgent) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        await served.configure(MetricsSettings(port))
        await served.metrics.look()
    told = [one.title for one in served.living.world.notices if one.key == "gatelight/metrics"]
    assert told == ["Prometheus cannot read Gatelight’s metrics"]

    await served.metrics.look()
    assert (await asked(port, "/healthz"))[0] == 200
    assert served.living.world.withdrawn.count("gatelight/metrics") == 1


async def test_that_they_cannot_be_served_is_no_news_once_they_need_not_be(served: ServedAgent) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        await served.configure(MetricsSettings(taken.getsockname()[1]))
        await served.configure(MetricsSettings())
    assert served.living.world.withdrawn.count("gatelight/metrics") == 1


async def test_probes_tell_what_is_so(served: ServedAgent) -> None:
    port = free_port()
    await served.configure(MetricsSettings(port))
    assert await asked(port, "/healthz") == (200, "ok\n")
    assert await asked(port, "/readyz") == (200, "ok\n")
    assert (await asked(port, "/"))[0] == 404

    await served.living.gateway.fault("other-port")
    await served.living.world.until(lambda a: a.connection.phase != "connected", "away")
    status, body = await asked(port, "/readyz")
    assert status == 503
    assert body.startswith("Paper Gateway: ")
    assert (await asked(port, "/healthz"))[0] == 200, "Gatelight itself is well"


async def test_an_agent_that_does_not_do_what_it_planned_is_not_well(served: ServedAgent) -> None:
    port = free_port()
    await served.configure(MetricsSettings(port))
    loop = served.living.loop
    look = loop.state.look_at
    assert look is not None
    stuck = replace(look, at=served.living.world.now().monotonic - OVERDUE_SECONDS - 5.0)
    loop.state, before = replace(loop.state, look_at=stuck), loop.state
    # The answer is made before the loop has another turn for the agent.
    answer = served.metrics._health()
    loop.state = before

    assert answer.status == 503
    assert b"late" in answer.body


async def test_the_guide_of_an_alert_is_told(served: ServedAgent) -> None:
    port = free_port()
    await served.configure(MetricsSettings(port))

    status, body = await asked(port, "/guides/app-frozen")
    assert status == 200
    assert body.startswith("Problem app-frozen")
    assert (await asked(port, "/guides/relay-down"))[0] == 200
    assert (await asked(port, "/guides/..%2f..%2fetc"))[0] == 404


async def test_how_it_stands_with_targets_is_told(served: ServedAgent) -> None:
    port = free_port()
    await served.configure(MetricsSettings(port))
    status, body = await asked(port, "/targets")
    assert (status, body.count("\n")) == (200, 1)

    loop = served.living.loop
    phone = NotificationSettings(targets=(TargetSettings("Phone", "ntfy://topic"),))
    loop.post(Reconfigured(replace(loop.state.settings, notifications=phone)))
    await until(lambda: loop.state.settings.notifications == phone)
    _, body = await asked(port, "/targets")
    assert body.startswith("“Phone” was sent nothing")
    assert "ntfy" not in body


UNASKED = """
import sys
from agent.app import agent_host, metrics_host
assert not [name for name in sys.modules if name.startswith(("prometheus_client", "agent.metrics"))]
"""


def test_without_a_port_nothing_of_it_is_loaded() -> None:
    subprocess.run([sys.executable, "-c", UNASKED], check=True, timeout=120)
