"""Guides in a real browser: ways of which one is gone, what is left at the end, switches, and what can be clicked."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from agent.app.page_host import view_of
from tests.page.browser import Scheme, Tab, tab
from tests.page.living import LivingAgent, living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "Paper Gateway"
EITHER, OR = "Either keep IB Gateway as it is", "Or keep port"


async def mismatched(agent: LivingAgent) -> tuple[int, str]:
    """The port that the application listens on now, and the label of the fix."""
    await agent.world.connected()
    await agent.gateway.fault("other-port")
    await agent.world.until(
        lambda a: any(p.fixes for p in a.connection.problems if p.code == "api-port-mismatch"), "offered"
    )
    (label,) = [offer.label for problem in agent.world.connection.problems for offer in problem.fixes]
    application = agent.world.connection.application
    assert application is not None
    assert application.listening
    return application.listening[0], label


async def headings(shown: Tab) -> list[str]:
    return [" ".join(words.split()) for words in await shown.page.locator(".way-head").all_inner_texts()]


async def ticked(shown: Tab, way: int) -> int:
    return await shown.page.locator(".way").nth(way).locator("li[data-done]").count()


async def test_of_two_ways_the_one_that_was_gone_is_ticked_and_what_is_left_stays_open(
    tmp_path: Path, browser: Browser
) -> None:
    async with living_agent(tmp_path) as agent:
        port, label = await mismatched(agent)
        async with tab(browser, await agent.page.address(view_of(NAME, "api-port-mismatch"))) as shown:
            await shown.page.locator(".way").nth(1).wait_for()
            before, wrong = await headings(shown), await shown.violations()
            numbered = await shown.page.locator(".way .steps").evaluate_all(
                "(all) => all.map((e) => e.children.length)"
            )
            done = [await ticked(shown, 0), await ticked(shown, 1)]
            beside = await shown.page.locator(".way").first.locator(".step-acts").inner_text()
            await shown.page.locator(".step-acts").get_by_role("button", name=label).click()
            await shown.page.get_by_role("dialog").get_by_role("button", name="Yes, do it").click()
            await shown.sees("This is over")
            await shown.page.locator(".way [data-done]").first.wait_for()
            after, still_wrong = [await ticked(shown, 0), await ticked(shown, 1)], await shown.violations()
            left = await shown.text(".left")
            folded = await shown.page.locator("details.way").get_attribute("open")
            glance = await shown.text(".glance")
        async with tab(browser, await agent.page.address(view_of(NAME, "api-port-mismatch")), width=360) as later:
            await later.page.locator(".left").wait_for()
            left_later, no_tick, wide = (
                await later.text(".left"),
                await later.page.locator("[data-done]").count(),
                await later.wide(),
            )

    assert (before[0], before[1].startswith(OR), len(before)) == (EITHER, True, 2)
    assert (numbered, done, wrong) == ([2, 5], [0, 0], [])
    assert label in beside
    assert "API port in Settings" in beside
    assert (after, still_wrong, folded) == ([1, 0], [], None)
    assert f"Set the port in your own programs to {port}" in " ".join(left.split())
    assert "Gatelight cannot see whether this is done" in left
    assert "It was: IB Gateway listens on port" in glance
    # Who opens the page later reads what is left, too; the steps of the guide in general belong to no connection.
    assert (left_later, no_tick, wide) == (left, 0, 0)


async def test_a_problem_that_ends_otherwise_ticks_nothing_and_leaves_nothing(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        await agent.gateway.fault("link-lost")
        await agent.world.until(lambda a: "server-link-lost" in a.codes, "told")
        async with tab(browser, await agent.page.address(view_of(NAME, "server-link-lost"))) as shown:
            await shown.page.locator(".steps > li").first.wait_for()
            await agent.gateway.heal()
            await shown.sees("This is over")
            ticks = await shown.page.locator("[data-done]").count()
            left = await shown.page.locator(".left").count()

    assert (ticks, left) == (0, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
async def test_a_guide_with_ways_can_be_read_by_everybody(
    width: int, scheme: Scheme, agent: LivingAgent, browser: Browser
) -> None:
    found = {}
    async with tab(browser, await agent.page.address(), width=width, scheme=scheme) as shown:
        for code in ("trading-mode-mismatch", "app-not-installed", "container-not-ready", "read-only-api"):
            await shown.go("problem", NAME, code)
            await shown.page.locator(f"article[data-code={code}] .steps").first.wait_for()
            found[code] = (await shown.violations(), await shown.wide())

    assert found == dict.fromkeys(found, ([], 0))


async def chosen(shown: Tab) -> list[str]:
    """What the switches stand at."""
    return await shown.page.locator("main .switch input:checked + label").all_inner_texts()


async def test_tws_and_ib_gateway_are_a_switch_set_to_the_application_at_hand_and_remembered(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.go("problem", NAME, "api-disabled")
        await shown.page.locator(".switch").first.wait_for()
        preset, gateway = await chosen(shown), await shown.text(".steps")
        await shown.page.locator("#layout-application-gateway").focus()
        await shown.page.keyboard.press("ArrowLeft")
        await shown.page.locator("#layout-classic").wait_for(state="attached")
        tws = await shown.text(".steps")
        await shown.page.locator("#layout-mosaic").focus()
        await shown.page.keyboard.press("ArrowRight")
        switched, classic, focus = (
            await chosen(shown),
            await shown.text(".steps"),
            await shown.page.evaluate("document.activeElement.id"),
        )
        await shown.go("problem", NAME, "read-only-api")
        await shown.page.locator("article[data-code=read-only-api] .steps").first.wait_for()
        remembered = await chosen(shown)
        await shown.go("explain")
        await shown.page.fill("#words", "api-disabled")
        await shown.page.keyboard.press("Control+Enter")
        await shown.page.locator(".answer .steps").wait_for()
        explained, both, wrong = await chosen(shown), await shown.text(".answer"), await shown.violations()
        await shown.go("problem", NAME, "network-down")
        await shown.page.locator("article[data-code=network-down] .steps").first.wait_for()
        alike = await shown.page.locator("main .switch").count()

    assert preset == ["IB Gateway"]
    assert "IB API" in gateway
    assert "Socket Clients" not in gateway
    assert "Socket Clients" in tws
    assert "FIX CTCI" not in tws
    assert (switched, remembered, explained) == (["TWS", "Classic"], ["TWS", "Classic"], ["TWS"])
    assert "Edit > Global Configuration" in classic
    assert "File > Global Configuration" not in classic
    assert focus == "layout-classic"
    assert "Socket Clients" in both
    assert "FIX CTCI, on" not in both
    assert (alike, wrong) == (0, [])


async def test_where_the_application_is_known_there_is_no_switch(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await mismatched(agent)
        async with tab(browser, await agent.page.address(view_of(NAME, "api-port-mismatch"))) as shown:
            await shown.page.locator(".way").first.wait_for()
            switches = await shown.page.locator("main .switch").count()

    assert switches == 0


async def test_a_download_page_is_a_button_that_tells_nothing_of_this_page(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.go("problem", NAME, "app-not-installed")
        button = shown.page.get_by_role("link", name="Download IB Gateway")
        await button.wait_for()
        kinds = [await button.get_attribute(name) for name in ("href", "target", "rel", "class")]
        text = await shown.text(".steps")

    assert kinds == [
        "https://www.interactivebrokers.com/en/trading/ibgateway-stable.php",
        "_blank",
        "noreferrer noopener",
        "button",
    ]
    assert "http" not in text


@pytest.mark.parametrize(
    ("code", "label", "key"),
    [
        ("trading-mode-mismatch", "Live or paper", "trading_mode"),
        ("client-id-in-use", "Client ID of Gatelight", "client_id"),
        ("wrong-application", "Application", "application"),
        ("read-only-api", "Your programs", "intent"),
        ("not-tws", "Computer", "host"),
    ],
)
async def test_the_link_beside_a_step_leads_to_the_very_field_by_keyboard(
    code: str, label: str, key: str, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.go("problem", NAME, code)
        link = shown.page.get_by_role("link", name=f"{label} in Settings").first
        await link.focus()
        await shown.page.keyboard.press("Enter")
        await shown.page.wait_for_function("(key) => document.activeElement.id.endsWith(key)", arg=f".{key}")
        address = await shown.page.evaluate("location.hash")
        seen = await shown.page.evaluate("document.activeElement.checkVisibility()")

    assert address == f"#/settings/Paper%20Gateway/{key}"
    assert seen
