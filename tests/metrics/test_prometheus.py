"""Debian's Prometheus scrapes agents with our rules; Debian's Alertmanager is told every problem, and its end."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from prometheus_alerts import alert_of

from agent.channels import Chain
from agent.core.events import NewsCame, Reconfigured, RelaysCounted
from agent.core.problem import Severity
from agent.core.settings import MetricsSettings, NotificationSettings, TargetSettings
from agent.core.shown.display import Notice
from agent.core.shown.status import ShownConnection
from agent.metrics.families import Exposition
from agent.metrics.server import MetricsAnswer, MetricsServer
from agent.observers.relays import RelayObserver
from agent.platforms import current
from tests.metrics.made_up import CODES, HEALTHY, measured, status, with_problems
from tests.metrics.prometheus import HERE, MISSING, until, watchers
from tests.metrics.serving import ServedAgent, free_port, served_agent
from tests.relay.test_counts import leave, stock
from tests.relaying import reporting
from tests.simulator.ibkr_client import IbkrClient
from tests.trading_program import trading_program

AGENTS, EACH = 20, 5
TOKEN = "a-token-of-the-tests"

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


class MadeUpAgent:
    """Serves the metrics of some connections as they are set."""

    def __init__(self, number: int) -> None:
        self.connections: tuple[ShownConnection, ...] = tuple(
            replace(HEALTHY, name=f"Gateway {number}-{each}") for each in range(EACH)
        )
        self.server = MetricsServer(self._answer, TOKEN)
        self._exposition = Exposition()

    async def _answer(self, path: str, accept: str) -> MetricsAnswer:
        shown = replace(measured(status(*self.connections)), at=asyncio.get_running_loop().time())
        return MetricsAnswer(*await asyncio.to_thread(self._exposition.write, shown, accept))

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.server.port}"


async def test_every_problem_of_twenty_agents_fires_its_alert_and_clears_it(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        agents = [MadeUpAgent(number) for number in range(AGENTS)]
        for agent in agents:
            await agent.server.start("127.0.0.1", 0)
            stack.push_async_callback(agent.server.close)
        seen = await stack.enter_async_context(watchers(tmp_path, [one.target for one in agents], TOKEN))

        async def all_up() -> bool:
            return await seen.value("sum(gatelight_connection_up)") == AGENTS * EACH

        await until(all_up, "Prometheus did not read all agents")
        assert await seen.alerts() == set()

        expected = set()
        codes = iter(CODES)
        for agent in agents:
            # One code on a connection, or two, until all have been.
            sick = []
            for connection in agent.connections:
                code = next(codes, None)
                sick.append(connection if code is None else with_problems(connection, code))
                if code is not None:
                    expected.add((alert_of(code.code), agent.target, "" if code.of_program else connection.name))
            agent.connections = tuple(sick)
        assert len(expected) == len(CODES)

        async def told(wanted: set[tuple[str, str, str]]) -> bool:
            return await seen.alerts() == wanted

        await until(partial(told, expected), "an alert did not fire, or one too many")

        for agent in agents:
            agent.connections = tuple(with_problems(one) for one in agent.connections)
        await until(partial(told, set()), "an alert did not clear")
        assert await seen.value("sum(gatelight_metrics_refused_total)") == 0.0


async def test_an_agent_that_refuses_the_token_counts_as_not_reached(tmp_path: Path) -> None:
    agent = MadeUpAgent(1)
    await agent.server.start("127.0.0.1", 0)
    async with watchers(tmp_path, [agent.target], "a-token-that-is-wrong") as seen:

        async def down() -> bool:
            return await seen.value('ALERTS{alertname="GatelightDown", alertstate="pending"}') == 1.0

        await until(down, "Prometheus reads with a wrong token")
    await agent.server.close()
    assert agent.server.refused["token"] > 0


def queries() -> list[tuple[str, str]]:
    """Title of the panel and query, as Grafana asks it for everything."""
    dashboard = json.loads((HERE / "gatelight-dashboard.json").read_text(encoding="utf-8"))
    chosen = {"$__rate_interval": "10s", "$job": ".*", "$instance": ".*", "$connection": ".*"}
    found = []
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            query = target["expr"]
            for name, value in chosen.items():
                query = query.replace(name, value)
            found.append((panel["title"], query))
    return found


async def _is(so: Callable[[], bool]) -> bool:
    return so()


@asynccontextmanager
async def relayed_program(folder: Path, served: ServedAgent) -> AsyncIterator[None]:
    """A program behind a relay, of which TWS has refused a line; the agent takes in what the relay reports."""
    gateway, loop = served.living.gateway, served.living.loop
    observer = RelayObserver(folder, current().socket_reader)
    over = asyncio.Event()

    async def take_in() -> None:
        while not over.is_set():
            loop.post(RelaysCounted(observer.observe(loop.now())))
            await asyncio.wait([asyncio.ensure_future(over.wait())], timeout=1.0)

    with reporting(folder, "Paper relay", gateway.port, 100) as port:
        client = IbkrClient()
        await client.start(port, 78)
        client.api.reqMktData(1, stock("AAPL"), "", False, False, [])
        await client.called("tickPrice")
        taking_in = asyncio.ensure_future(take_in())
        try:
            await gateway.fault("lines-exhausted")
            # Prometheus has to see the number before it can see that it grows.
            for request_id in range(2, 5):
                client.api.reqMktData(request_id, stock("MSFT"), "", False, False, [])
            await client.notice(101)
            await gateway.heal()
            yield
            client.api.cancelMktData(1)
            await leave(client)
        finally:
            over.set()
            await taking_in


async def test_a_real_agent_is_read_and_every_query_of_the_dashboard_has_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.observers.relays.relay_runs", lambda _: True)
    for name in ("prometheus", "relays"):
        (tmp_path / name).mkdir()
    async with served_agent(tmp_path) as served:
        port = free_port()
        # A phone that cannot be reached: the desktop alone cannot be trusted to say so.
        nowhere = f"json://127.0.0.1:{free_port()}/"
        phone = NotificationSettings(targets=(TargetSettings("Phone", nowhere),))
        loop = served.living.loop
        served.living.world.tell_through(Chain([]), Chain([]), {"Phone": nowhere})
        loop.post(Reconfigured(replace(loop.state.settings, notifications=phone)))
        await until(partial(_is, lambda: loop.state.settings.notifications is phone), "the phone is not known")
        loop.post(NewsCame(Notice("gatelight/test", Severity.WARNING, "News", "")))
        await served.configure(MetricsSettings(port))
        gateway = served.living.gateway
        async with (
            trading_program(tmp_path, gateway.port, 77),
            relayed_program(tmp_path / "relays", served),
            watchers(tmp_path / "prometheus", [f"127.0.0.1:{port}"]) as seen,
        ):

            async def up(wanted: float) -> bool:
                return await seen.value("gatelight_connection_up") == wanted

            without_data = set(queries())

            async def phone_pends() -> bool:
                return await seen.value('ALERTS{alertname="GatelightTargetFailing", target="Phone"}') == 1.0

            async def all_have_had_data(*besides: str) -> bool:
                for panel, query in tuple(without_data):
                    if await seen.query(query):
                        without_data.discard((panel, query))
                return all(panel in besides for panel, _ in without_data)

            await until(partial(up, 1.0), "the agent was not read")
            await until(phone_pends, "the phone that cannot be told raises no alert")
            of_trouble = ("What is wrong now", "How often each problem came")
            await until(partial(all_have_had_data, *of_trouble), f"no data: {without_data}")
            await gateway.fault("link-lost")
            await until(partial(up, 0.0), "the lost link was not read")
            alert = (alert_of("server-link-lost"), f"127.0.0.1:{port}", "Paper Gateway")

            async def alerted(wanted: bool) -> bool:
                return (alert in await seen.alerts()) == wanted

            await until(partial(alerted, True), "the lost link raised no alert")

            await until(all_have_had_data, f"no data: {without_data}")
            await gateway.heal()
            await until(partial(up, 1.0), "the link’s return was not read")
            await until(partial(alerted, False), "the alert did not clear")
