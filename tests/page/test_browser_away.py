"""The page without an agent, in a real browser: it says so, vouches for nothing, and goes on by itself."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser

from agent.core.events import Reconfigured
from agent.core.settings import ConnectionSettings
from agent.platforms.autostart.entry import On
from agent.simulator.world import SimulatedApplication
from tests.app.test_page_host import MadeUpLogin
from tests.page.browser import PATIENCE_MS, Tab, tab
from tests.page.living import living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANOTHER = ConnectionSettings(name="Backup", host="127.0.0.1", port=4711)


async def good(shown: Tab) -> int:
    """Signs that anything is well now."""
    return await shown.page.locator("svg.shape[data-state=connected], main [data-state=connected]").count()


async def asking(shown: Tab) -> list[str]:
    """Buttons that can be pressed and would ask the agent for something."""
    return await shown.page.locator(
        "header button:enabled, header summary, main button:enabled:not([data-here]), main details.menu summary"
    ).all_inner_texts()


def names(openers: list[str]) -> list[str]:
    return [words.split("\n")[0].strip() for words in openers]


async def whole(shown: Tab) -> None:
    """Wait until every view is loaded: without an agent no more of them is."""
    await shown.page.evaluate("import('/views.js').then(({ VIEWS }) => Promise.all(VIEWS.map((one) => one.load())))")


async def left(shown: Tab) -> None:
    await shown.sees("Gatelight is not running", ".stale")


async def test_the_page_says_that_the_agent_is_gone_and_finds_it_again(tmp_path: Path, browser: Browser) -> None:
    async with await SimulatedApplication.start(tmp_path / "gateway") as gateway, contextlib.AsyncExitStack() as stack:
        async with living_agent(tmp_path, gateway=gateway) as first:
            await first.world.connected()
            shown = await stack.enter_async_context(tab(browser, await first.page.address()))
            await shown.sees("Connected", ".headline")
            await whole(shown)
            command = first.page.view()["start"]["command"]
        await left(shown)
        said, still, header = (
            await shown.text(".stale"),
            await shown.text("main .headline"),
            await shown.text(".overall"),
        )
        mark = await shown.page.locator(".brand .shape").get_attribute("data-state")
        title, lasted = await shown.page.title(), await shown.text(".glance .soft")
        signs, buttons, wrong = await good(shown), await asking(shown), await shown.violations()
        card = await shown.text(".card")
        await shown.page.evaluate("() => { const real = Date.now; Date.now = () => real() + 7_200_000; }")
        await shown.go("problem")
        nothing = await shown.text(".nothing")
        await shown.go("now")
        later = await shown.text(".glance .soft")
        async with living_agent(tmp_path, gateway=gateway) as second:
            await second.world.connected()
            await shown.page.locator(".stale p").first.wait_for(state="detached", timeout=PATIENCE_MS)
            await shown.sees("Connected", "main .headline")
            await gateway.fault("link-lost")
            await shown.page.locator(".link[data-state=down]").wait_for()
            await shown.page.get_by_role("button", name="Check now").click()
            await shown.sees("Checking again.", "#toasts")
        # While no answer came, the browser said so.
        shown.complaints.clear()

    assert "What you see is from" in said
    assert f"To start it again, use {command}." in " ".join(said.split())
    assert "log in to this computer" not in said
    assert (still, header.lower(), mark) == ("Not known now", "not known", "unknown")
    assert (signs, buttons, wrong) == (0, [], [])
    assert "all well" not in card
    assert " ms" not in card
    assert lasted == later
    assert lasted.endswith(": connected")
    assert "Nothing is wrong" not in nothing
    assert title.startswith("not known")


async def test_of_several_connections_none_is_known_and_each_keeps_its_place(tmp_path: Path, browser: Browser) -> None:
    async with await SimulatedApplication.start(tmp_path / "gateway") as gateway, contextlib.AsyncExitStack() as stack:
        async with living_agent(tmp_path, gateway=gateway, others=[ANOTHER]) as first:
            await first.world.until(lambda a: a.statuses[-1].overall == "problem", "problem")
            await first.world.connected()
            shown = await stack.enter_async_context(tab(browser, await first.page.address()))
            await shown.page.locator(".row[data-state=connected]").wait_for()
            before = await shown.page.locator(".opener").all_inner_texts()
            minutes = await shown.page.locator(".row .strip").first.get_attribute("aria-label")
        await left(shown)
        after = await shown.page.locator(".opener").all_inner_texts()
        rows = await shown.page.locator(".row .how strong").all_inner_texts()
        since = await shown.page.locator(".row :is(.since, .latency)").all_inner_texts()
        signs, buttons, wrong = await good(shown), await asking(shown), await shown.violations()
        still = await shown.page.locator(".row .strip").first.get_attribute("aria-label")
        await shown.page.locator(".opener").last.click()
        opened = await shown.text(".inside >> nth=-1")
        async with living_agent(tmp_path, gateway=gateway, others=[ANOTHER]) as second:
            await second.world.connected()
            await shown.page.locator(".row[data-state=connected]").wait_for(timeout=PATIENCE_MS)
        shown.complaints.clear()

    assert names(before) == names(after) == ["Backup", "Paper Gateway"]
    assert rows == ["Not known now", "Not known now"]
    assert "".join(since) == ""
    assert (signs, buttons, wrong) == (0, [], [])
    # What was shown in the last hour was shown.
    assert minutes == still
    assert "not known now" in opened


async def test_a_page_that_is_switched_off_does_not_say_that_gatelight_ended(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        async with tab(browser, await agent.page.address()) as shown:
            await shown.sees("Connected", "main .headline")
            settings = agent.loop.state.settings
            agent.loop.post(Reconfigured(replace(settings, page=replace(settings.page, enabled=False))))
            await agent.world.until(lambda _: not agent.page.enabled, "switched off")
            agent.page.shown(agent.world.statuses[-1])
            await shown.sees("This page is switched off", ".stale")
            # Longer than it takes to find that no program listens.
            await shown.page.wait_for_function(
                "() => performance.getEntriesByName(new URL('/events', location), 'resource').length >= 3"
            )
            said = await shown.text(".stale")
            shown.complaints.clear()

    assert "Gatelight goes on without it" in said
    assert "not running" not in said


async def test_a_tab_that_stood_still_does_not_conclude_that_gatelight_ended(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        async with tab(browser, await agent.page.address()) as shown:
            await shown.sees("Connected", "main .headline")
            # It was not drawn for an hour, as a tab that the browser lets sleep; the agent closed its page meanwhile.
            await shown.page.evaluate("() => { const real = Date.now; Date.now = () => real() + 3_600_000; }")
            assert agent.server is not None
            await agent.server.close()
            await shown.sees("Gatelight does not answer", ".stale")
            said = await shown.text(".stale")
            shown.complaints.clear()

    assert "If it is not running, start it with" in said


async def test_a_start_at_log_in_is_told_where_there_is_one(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        object.__setattr__(agent.page._agent, "login", MadeUpLogin(On()))
        await agent.page.address()
        assert agent.page._starting is not None
        await agent.page._starting
        async with tab(browser, await agent.page.address()) as shown:
            await shown.sees("Connected", "main .headline")
            await agent.page.end()
            await left(shown)
            said = await shown.text(".stale")
            shown.complaints.clear()

    assert "It also starts when you log in to this computer." in said


async def test_what_was_drawn_before_asks_nothing_and_what_stays_here_goes_on(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        async with tab(browser, await agent.page.address("settings"), width=360) as shown:
            await shown.page.locator(".field").first.wait_for()
            before = await asking(shown)
            await agent.page.end()
            await left(shown)
            after = await asking(shown)
            place = await shown.page.locator("#views ul").evaluate("(list) => list.scrollLeft")
            await shown.page.locator("#views .back").click()
            moved = await shown.page.locator("#views ul").evaluate("(list) => list.scrollLeft")
            shown.complaints.clear()

    assert len(before) > 3
    assert after == []
    assert moved < place
