"""Limits in a real browser: a relay, a simulated IB Gateway that enforces the limits, and programs that use them."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route

from agent.observers.look import Looker
from tests.commands import PATIENCE, ROOT, environment
from tests.page.browser import PATIENCE_MS, Scheme, tab
from tests.page.living import LivingAgent, living_agent
from tests.simulator.raw_client import STOCK, RawClient
from tests.trading_program import trading_program

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = 20
"""Market data lines: as many requests as fit into a second."""


@dataclass
class Relayed:
    """A relay, and programs that use it."""

    agent: LivingAgent
    port: int
    process: "subprocess.Popen[str]"
    clients: list[RawClient] = field(default_factory=list)

    async def program(self, client_id: int, streams: int) -> RawClient:
        """A program with so many streams."""
        client = await RawClient.started(self.port, client_id)
        self.clients.append(client)
        for number in range(streams):
            client.send(1, 11, number, *STOCK, 0, "", 0, 0, "")
        return client

    def end(self) -> None:
        """End the relay, which removes its report."""
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)


def started(folder: Path, port: int, agent: LivingAgent, name: str) -> "subprocess.Popen[str]":
    """A relay in front of the application of this agent, in its data folder."""
    config = folder / f"{name}.toml"
    config.write_text(
        f'[[relays]]\nname = "{name}"\nlisten = {port}\nto = "127.0.0.1:{agent.gateway.port}"\nlines = {LINES}\n'
    )
    command = ["relay", name, "--config", str(config), "--data-dir", str(agent.places.data)]
    return subprocess.Popen(
        [sys.executable, "-m", "agent", *command], stderr=subprocess.PIPE, text=True, env=environment(), cwd=ROOT
    )


@asynccontextmanager
async def relay_before(agent: LivingAgent, folder: Path, name: str) -> AsyncIterator[Relayed]:
    """The same, once it listens, until the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = started(folder, port, agent, name)
    made = Relayed(agent, port, process)
    try:
        assert process.stderr is not None
        assert "listens on port" in await asyncio.to_thread(process.stderr.readline)
        yield made
    finally:
        for client in made.clients:
            await client.close()
        if process.poll() is None:
            made.end()


@asynccontextmanager
async def relayed(folder: Path) -> AsyncIterator[Relayed]:
    async with living_agent(folder) as agent:
        await agent.gateway.fault("limits", str(LINES))
        agent.places.relays.mkdir(parents=True, exist_ok=True)
        agent.world._looker = Looker(below=folder, relays=agent.places.relays)
        async with relay_before(agent, folder, "Mine") as made:
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def running(tmp_path: Path) -> AsyncIterator[Relayed]:
    async with relayed(tmp_path) as made:
        yield made


async def test_the_pictures_live(running: Relayed, browser: Browser) -> None:
    async with tab(browser, await running.agent.page.address("limits")) as shown:
        await shown.sees("No program has market data open.")
        await running.program(7, 12)
        await running.program(8, 6)
        await shown.sees("Nearly used up.")
        mine = f"pid {os.getpid()}, client ID 7)"
        label = await shown.page.locator("svg.parts").get_attribute("aria-label")
        assert label is not None
        assert label.startswith("18 of 20 market data lines: ")
        assert f"{mine} 12" in label
        first, _ = await shown.page.locator(".holders li").all_inner_texts()
        assert first.endswith(f"{mine}: 12 (12 streams)")

        await running.program(9, 3)
        await shown.sees("Used up: TWS refuses the next.")
        # TWS has its say a moment after the request.
        refused = shown.page.locator("[data-key=refusals] li", has_text="too many market data lines")
        await refused.wait_for(timeout=PATIENCE_MS)
        assert "client ID 9): stream of AAPL STK SMART USD; " in await refused.inner_text()

        # What stands behind the picture is reached with the keyboard, and stays open while it changes.
        summary = shown.page.get_by_text("Market data by program, as a table")
        await summary.focus()
        await shown.page.keyboard.press("Enter")
        table = shown.page.locator("table.told:visible")
        assert await table.locator("tbody tr").count() == 3
        await running.clients.pop().close()
        await table.locator("tbody tr").nth(2).wait_for(state="detached")

        running.end()
        await shown.sees("See what each program uses")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_by_everyone_and_on_a_phone(scheme: Scheme, running: Relayed, browser: Browser) -> None:
    client = await running.program(7, 12)
    await running.program(8, 9)
    given = (*STOCK, 0, "", "5 secs", "60 S", 1, "TRADES", 1, 0, "")
    for number in (50, 51):
        client.send(20, number, *given)
    async with tab(browser, await running.agent.page.address("limits"), width=360, scheme=scheme) as shown:
        await shown.sees("Refused by TWS in the last quarter of an hour")
        for summary in await shown.page.locator("details.behind > summary").all():
            await summary.click()
        assert await shown.violations() == []
        assert await shown.wide() == 0


async def test_two_relays_to_one_tws_are_one_picture_and_what_goes_past_them_is_named(
    running: Relayed, browser: Browser, tmp_path: Path
) -> None:
    agent = running.agent
    async with (
        relay_before(agent, tmp_path, "Lab") as lab,
        trading_program(tmp_path, agent.gateway.port, 77) as past,
        tab(browser, await agent.page.address("limits")) as shown,
    ):
        await running.program(7, 10)
        await lab.program(8, 8)
        # Neither is near the limit alone.
        await shown.sees("Nearly used up. ")
        label = await shown.page.locator("svg.parts").get_attribute("aria-label") or ""
        assert label.startswith(f"18 of {LINES} market data lines: ")
        assert "through “Lab” 8" in label
        assert await shown.page.locator(".relay h2").all_inner_texts() == ["Relays “Lab” and “Mine”"]
        head = await shown.text(".relay header")
        ports = f"Ports {lab.port} and {running.port} lead to 127.0.0.1:{agent.gateway.port}"
        assert f"{ports}, whose limits they share." in head
        await shown.sees(f"Not counted: quantower (pid {past}), not through a relay; and TWS itself.", ".relay header")
        assert await shown.violations() == []
        lab.end()
        await shown.sees("Relay “Mine”")


async def test_of_a_hundred_connections_those_with_notices_come_first_and_others_are_sought(
    agent: LivingAgent, browser: Browser
) -> None:
    async def hundred(route: Route) -> None:
        answer = await route.fetch()
        limits = await answer.json()
        (one,) = limits["connections"]
        heard = {
            "code": 100,
            "title": "Too fast",
            "rule": "r",
            "what_to_do": "w",
            "text": "t",
            "count": 1,
            "safe": True,
        }
        heard |= {"last": "2026-11-23T14:00:00Z", "is_limit": True}
        many = [{**one, "connection": f"gw-{n:03}", "notices": [heard] if n == 70 else []} for n in range(100)]
        await route.fulfill(response=answer, json={**limits, "connections": many})

    titles = "() => [...document.querySelectorAll('[data-key=connections] h2')].map((one) => one.textContent)"
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route("**/api/limits*", hundred)
        await shown.go("limits")
        await shown.page.locator(".finder").wait_for()
        first, told = await shown.page.evaluate(titles), await shown.text(".finder p")
        await shown.page.locator(".finder input").fill("gw-09")
        sought = await shown.page.evaluate(titles)

    assert (first[0], len(first)) == ("gw-070", 10)
    assert told == "100 connections; here are 10, those with notices or most clients first"
    assert sought == [f"gw-09{n}" for n in range(10)]
