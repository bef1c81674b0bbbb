"""What the page claims stands on what is known at that moment: each world is made, and the page read."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser

from agent.app.page_host import view_of
from agent.simulator.world import SimulatedApplication
from tests.faults.watching import QUICK
from tests.page.browser import Tab, tab
from tests.page.living import living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "Paper Gateway"
PATIENT = replace(QUICK, first_sight_grace=600.0, exit_grace=600.0)


async def ticks(shown: Tab) -> int:
    """Green ticks, on the page and in its header; settings are told with the time at which they were read."""
    return await shown.page.locator("svg.shape[data-state=connected]:not(.checks svg)").count()


async def fact(shown: Tab, name: str) -> str:
    """A line of the card."""
    return await shown.text(f'[data-fact="{name}"] dd')


async def test_where_nothing_is_connected_nothing_is_good(tmp_path: Path, browser: Browser) -> None:
    async with (
        await SimulatedApplication.start(tmp_path / "gateway", faults=("not-running",)) as gateway,
        living_agent(tmp_path, gateway=gateway, timing=PATIENT) as agent,
        tab(browser, await agent.page.address()) as shown,
    ):
        await shown.sees("Waiting for IB Gateway", ".headline")
        await shown.page.screenshot(path=tmp_path / "now.png", full_page=True)
        facts = {name: await fact(shown, name) for name in ("Application", "Programs on the port")}
        since, now = await shown.page.locator(".glance .soft").count(), await ticks(shown)
        await shown.go("problem")
        nothing, wrong = await shown.text(".nothing .headline"), await ticks(shown)
        await shown.go("limits")
        clients = await (await shown.sees("no application is seen on port")).inner_text()

    assert (now, wrong, since) == (0, 0, 0)
    assert nothing == "Nothing is connected yet"
    assert facts == {"Application": "Not seen running", "Programs on the port": "None connected"}
    assert "0 of" not in clients


async def test_a_duration_in_seconds_is_told_anew_every_second(tmp_path: Path, browser: Browser) -> None:
    async with (
        await SimulatedApplication.start(tmp_path / "gateway") as gateway,
        living_agent(tmp_path, gateway=gateway) as agent,
        tab(browser, await agent.page.address()) as shown,
    ):
        await shown.sees("Connected since", ".soft")
        await shown.page.clock.install()
        await shown.page.reload()
        await shown.sees("Connected since", ".soft")
        await shown.page.clock.pause_at(await shown.page.evaluate("Date.now() / 1000 + 2"))
        first = await shown.text(".glance .soft")
        await shown.page.clock.run_for(2000)
        later = await shown.text(".glance .soft")

    told = [int(re.fullmatch(r".*, for (\d+) s", text).group(1)) for text in (first, later)]  # type: ignore[union-attr]
    assert told[1] > told[0]


async def test_times_are_written_alike_whatever_the_language_of_the_browser(tmp_path: Path, browser: Browser) -> None:
    async with (
        await SimulatedApplication.start(tmp_path / "gateway") as gateway,
        living_agent(tmp_path, gateway=gateway) as agent,
        tab(browser, await agent.page.address(), locale="en-US") as shown,
    ):
        await shown.sees("Connected since", ".soft")
        since = await shown.text(".glance .soft")

    assert re.search(r"since \d\d:\d\d,", since), since
    assert not re.search(r"[AP]M", since), since


async def test_a_session_that_is_not_answered_vouches_for_nothing(tmp_path: Path, browser: Browser) -> None:
    async with (
        await SimulatedApplication.start(tmp_path / "gateway", faults=("read-only",)) as gateway,
        living_agent(tmp_path, gateway=gateway) as agent,
    ):
        await agent.world.until(lambda a: "read-only-api" in a.codes, "told")
        async with tab(browser, await agent.page.address(view_of(NAME, "read-only-api"))) as shown:
            await shown.page.locator(".steps > li").first.wait_for()
            await gateway.fault("freeze")
            await agent.world.until(lambda a: a.codes == ["app-frozen"], "frozen")
            aside = await (await shown.sees("whether this is still so cannot be told now")).inner_text()
            done = await shown.page.locator(".steps > li[data-done]").count()
            await shown.go("now")
            headline, good = await shown.text(".headline"), await ticks(shown)
            await shown.page.screenshot(path=tmp_path / "frozen.png", full_page=True)
            link, farms = await fact(shown, "Link to IB’s servers"), await fact(shown, "Data farms")

    assert NAME in aside
    assert done == 0
    assert headline == "IB Gateway does not answer any more"
    assert good == 0
    assert (link, farms) == ("Not known, since nothing is answered", "Not known")


async def test_while_the_link_is_down_no_farm_is_told_of(tmp_path: Path, browser: Browser) -> None:
    async with (
        living_agent(tmp_path) as agent,
        tab(browser, await agent.page.address()) as shown,
    ):
        await shown.sees("data farms, all well", ".facts")
        await agent.gateway.fault("link-lost")
        await agent.world.until(lambda a: "server-link-lost" in a.codes, "told")
        await shown.sees("Not known while the link to IB is down", ".facts")
        await shown.sees("Since", ".glance")
        since = await shown.text(".glance .soft")
        problem = await shown.text(".problems .soft")
        await shown.page.screenshot(path=tmp_path / "down.png", full_page=True)

    # The headline's time is that of the problem, not that of the session.
    assert since.startswith("Since ")
    assert since.startswith(problem)


async def test_a_link_that_a_verdict_rests_on_is_shown(tmp_path: Path, browser: Browser) -> None:
    async with (
        await SimulatedApplication.start(tmp_path / "gateway", faults=("no-listener",)) as gateway,
        living_agent(tmp_path, gateway=gateway) as agent,
    ):
        await agent.world.until(lambda a: "api-disabled" in a.codes, "told")
        async with tab(browser, await agent.page.address()) as shown:
            await shown.page.locator(".path").wait_for()
            link, path = await fact(shown, "Link to IB’s servers"), await shown.text(".path")
            await shown.page.screenshot(path=tmp_path / "off.png", full_page=True)

    assert link == "Connected, as its sockets show"
    assert "connected, as its sockets show" in path
