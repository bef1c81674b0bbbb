"""A newer version on the page: a line with a link where one is known, a choice in Set-up; in a real browser."""

import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from agent.config.reading import load
from agent.core.events import Reconfigured, UpdatesNoted
from agent.core.memory import UpdateNotes
from agent.core.settings import UpdateSettings
from agent.core.updates import Origin
from tests.page.browser import PATIENCE_MS, tab
from tests.page.living import LivingAgent, living_agent
from tests.page.set_up_agent import first_run

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLDER = "https://example.org/gatelight"
PAGE = f"{FOLDER}/9.9.0.html"

expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(loop_scope="module")
async def agent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LivingAgent]:
    async with living_agent(tmp_path_factory.mktemp("updates")) as one:
        await one.world.connected()
        yield one


def offer(agent: LivingAgent, settings: UpdateSettings) -> None:
    """The web has answered, and the user wishes this."""
    agent.loop.post(Reconfigured(replace(agent.loop.state.settings, updates=settings)))
    agent.loop.post(UpdatesNoted(UpdateNotes(FOLDER, time.time() + 1e5, time.time() - 1, "9.9.0", PAGE)))


async def test_a_newer_version_is_a_line_with_a_link_and_goes_with_the_wish(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address("now")) as shown:
        line = shown.page.get_by_text("can be had")
        await shown.sees("Connected")
        await expect(line).to_have_count(0)
        offer(agent, UpdateSettings(True, FOLDER))
        await expect(line).to_have_text("Version 9.9.0 can be had. See it on the web")
        link = shown.page.get_by_role("link", name="See it on the web")
        assert await link.get_attribute("href") == PAGE
        # The page that is opened learns nothing of this one.
        assert await link.get_attribute("rel") == "noreferrer noopener"
        assert await shown.violations() == []
        await shown.go("about")
        await expect(line).to_have_count(1)
        # Nothing was fetched from there.
        assert [address for address in shown.loaded if "example.org" in address] == []

        offer(agent, UpdateSettings())
        await expect(line).to_have_count(0)


async def test_set_up_offers_to_look_and_does_what_is_chosen(browser: Browser) -> None:
    with tempfile.TemporaryDirectory(prefix="gl-", ignore_cleanup_errors=True) as folder:
        async with (
            first_run(Path(folder), Origin(FOLDER)) as one,
            tab(browser, await one.page.address("setup")) as shown,
        ):
            extra = shown.page.locator(".extras li[data-key=updates]")
            await expect(extra).to_have_attribute("data-state", "to-do")
            await extra.get_by_role("heading").click()
            await expect(extra).to_contain_text("ask example.org whether there is a newer version")
            assert await shown.violations() == []
            await extra.get_by_role("button", name="Do not look").click()
            await expect(extra).to_have_attribute("data-state", "not-needed")
            assert not one.places.config.exists()

        async with (
            first_run(Path(folder), Origin(FOLDER)) as one,
            tab(browser, await one.page.address("setup")) as shown,
        ):
            extra = shown.page.locator(".extras li[data-key=updates]")
            await extra.get_by_role("heading").click()
            await extra.get_by_role("button", name="Look once a week").click()
            await expect(extra).to_have_attribute("data-state", "done")
            assert load(one.places.config).updates == UpdateSettings(check=True)


async def test_without_an_address_set_up_does_not_ask(browser: Browser) -> None:
    with tempfile.TemporaryDirectory(prefix="gl-", ignore_cleanup_errors=True) as folder:
        async with first_run(Path(folder)) as one, tab(browser, await one.page.address("setup")) as shown:
            await expect(shown.page.locator(".extras li")).to_have_count(4)
            await expect(shown.page.locator(".extras li[data-key=updates]")).to_have_count(0)


async def test_new_versions_are_a_switch_where_an_address_is_known_and_a_sentence_else(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address("settings")) as shown:
        region = shown.page.get_by_role("region", name="New versions")
        await region.wait_for()
        unknown = await region.inner_text()
        switches = await region.get_by_role("switch").count()
    agent.places.config.write_text(agent.places.config.read_text() + '\n[updates]\naddress = "https://example.org"\n')
    async with tab(browser, await agent.page.address("settings")) as shown:
        await shown.page.get_by_role("switch", name="Look for new versions").click()
        await shown.page.get_by_text("Look for new versions: saved.").wait_for()
        await shown.page.wait_for_function("() => document.querySelector('[id=\"updates.check\"]').checked")

    assert (unknown.split("\n")[-1], switches) == (
        "This build knows no address to ask for new versions.",
        0,
    )
    assert load(agent.places.config).updates.check
