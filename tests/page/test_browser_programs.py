"""What changed, and who is missed, on the card: with a click that ends it, and one that takes that back."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.faults.watching import QUICK
from tests.page.browser import tab
from tests.page.living import living_agent
from tests.trading_program import trading_program

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_program_that_is_missed_can_be_left_unwatched_and_watched_again(
    tmp_path: Path, browser: Browser
) -> None:
    async with living_agent(tmp_path, timing=replace(QUICK, look_every=0.2)) as agent:
        await agent.world.connected()
        async with trading_program(tmp_path, agent.gateway.port, 7):
            await agent.world.until(
                lambda _: any(w.port.programs for w in agent.loop.state.watched), "remembered the program"
            )
            await agent.gateway.restart(delay=0.0)
        await agent.world.until(lambda a: "program-missing" in a.codes, "missed it")
        async with tab(browser, await agent.page.address(), width=360) as shown:
            await shown.sees("quantower has not come back", ".problems")
            wide, violations = await shown.wide(), await shown.violations()
            await shown.page.get_by_role("button", name="Do not watch it").click()
            again = shown.page.get_by_role("button", name="Watch quantower again")
            await again.wait_for()
            left = await shown.page.locator(".problems li").count()
            await again.click()
            await again.wait_for(state="detached")

    assert (wide, violations, left) == (0, [], 0)
    assert agent.world.said == ["program-missing"]


async def test_what_changed_stands_on_the_card_until_it_was_seen(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        await agent.gateway.fault("updated")
        await agent.world.until(lambda a: "app-changed" in a.codes, "told of the change")
        async with tab(browser, await agent.page.address(), width=360) as shown:
            await shown.sees("IB Gateway has changed: version", ".problems")
            wide, violations = await shown.wide(), await shown.violations()
            await shown.go("problem", "Paper Gateway", "app-changed")
            await shown.sees("10.45 before, 10.50 since")
            await shown.page.get_by_role("button", name="Seen").click()
            await shown.sees("This is over")

    assert (wide, violations) == (0, [])
    assert agent.world.said == []
