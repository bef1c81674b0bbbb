"""Every view in a real browser: light and dark, narrow and wide, by keyboard, for screen readers, on paper."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from agent.app.page_host import view_of
from agent.channels import Chain
from agent.channels.listener import ListenerChannel
from agent.channels.remote import TargetChannel
from agent.core.settings import TargetSettings
from agent.core.shown.display import Notice
from tests.page.browser import VIEWS, Scheme, Tab, elsewhere, tab
from tests.page.living import LivingAgent, living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "Paper Gateway"
EVERYWHERE = [*VIEWS, "one problem", "past"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LivingAgent]:
    """One agent for all, whose application has lost its link."""
    async with living_agent(tmp_path_factory.mktemp("views")) as living:
        await living.world.connected()
        await living.page.address()
        await living.gateway.fault("read-only")
        await living.world.until(lambda a: "read-only-api" in a.codes, "read-only")
        await living.gateway.heal()
        await living.gateway.fault("drop-sessions")
        await living.world.connected()
        await living.gateway.fault("link-lost")
        await living.world.until(lambda a: "server-link-lost" in a.codes, "told")
        yield living


async def show(shown: Tab, view: str) -> None:
    """Go to a view and wait until what it asks for is there."""
    if view == "one problem":
        await shown.go("problem", NAME, "server-link-lost")
        await shown.page.locator(".steps > li").first.wait_for()
    elif view == "past":
        await shown.go("problem", NAME, "read-only-api")
        await shown.page.locator(".glance.over").wait_for()
    else:
        await shown.go(view)
        ready = {
            "limits": ".gauge",
            "settings": ".field",
            "explain": "textarea",
            "about": "h2",
            "problem": ".problems",
            "now": ".facts",
            "history": ".nothing",
        }
        await shown.page.locator(ready[view]).first.wait_for()
    if view == "explain":
        await shown.page.fill("#words", "1100")
        await shown.page.keyboard.press("Control+Enter")
        await shown.page.locator(".answer .steps").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_view_has_anything_against_screen_readers_or_eyes(
    scheme: Scheme, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address(), scheme=scheme) as shown:
        found = {}
        for view in EVERYWHERE:
            await show(shown, view)
            found[view] = await shown.violations()
        await shown.page.locator("details.menu summary").first.click()
        found["a menu"] = await shown.violations()

    assert {view: wrong for view, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("width", [360, 800, 3840])
async def test_no_view_is_wider_than_the_window(width: int, agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address(), width=width) as shown:
        wide = {}
        for view in EVERYWHERE:
            await show(shown, view)
            wide[view] = await shown.wide()

    assert wide == dict.fromkeys(EVERYWHERE, 0)


async def test_on_a_narrow_window_everything_can_be_read_and_touched(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address(), width=360) as shown:
        await show(shown, "one problem")
        sizes = await shown.page.evaluate(
            "[...document.querySelectorAll('main button:not(.copy), main .button, nav a')].map("
            "(e) => [e.innerText, e.getBoundingClientRect().height])"
        )
        drawing = await shown.page.locator(".drawn svg").first.bounding_box()

    assert [name for name, height in sizes if height < 24] == []
    assert drawing is not None
    assert 200 < drawing["width"] <= 360


async def test_forced_colours_leave_every_state_a_shape_and_every_button_an_edge(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address(), forced_colors="active") as shown:
        found = {}
        for view in EVERYWHERE:
            await show(shown, view)
            found[view] = await shown.violations()
        await show(shown, "now")
        card = await shown.page.locator(".card").first.evaluate("(e) => getComputedStyle(e).borderTopStyle")
        shapes = await shown.page.locator(".card .shape").evaluate_all(
            "(all) => all.filter((e) => getComputedStyle(e).color === 'rgba(0, 0, 0, 0)').length"
        )

    assert {view: wrong for view, wrong in found.items() if wrong} == {}
    assert (card, shapes) == ("solid", 0)


async def test_who_wants_it_calm_gets_nothing_that_moves(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address(), reduced_motion="reduce") as shown:
        moving = {}
        for view in EVERYWHERE:
            await show(shown, view)
            moving[view] = await shown.page.evaluate("document.getAnimations().length")

    assert moving == dict.fromkeys(EVERYWHERE, 0)


async def test_a_guide_on_paper_is_its_steps_and_drawings_without_buttons(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address(), scheme="dark") as shown:
        await show(shown, "one problem")
        await shown.page.emulate_media(media="print")
        hidden = await shown.page.locator("button, .button, nav, select").evaluate_all(
            "(all) => all.filter((e) => e.checkVisibility()).map((e) => e.outerHTML)"
        )
        seen = await shown.page.locator(".steps > li, .drawn svg").evaluate_all(
            "(all) => all.every((e) => e.checkVisibility())"
        )
        paper = await shown.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')")
        pdf = await shown.page.pdf(format="A4")

    assert hidden == []
    assert seen
    assert paper.strip() == "#15181d"
    assert pdf.startswith(b"%PDF")


async def test_nothing_is_loaded_from_elsewhere_and_it_is_little(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.locator(".facts").wait_for()
        sizes = await shown.page.evaluate(
            "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
            ".map((e) => e.transferSize)"
        )
        for view in EVERYWHERE:
            await show(shown, view)
        assert agent.server is not None
        port = agent.server.port

    assert elsewhere(shown.loaded, port) == []
    assert sum(sizes) < 300_000
    assert len(sizes) > 5


async def test_the_token_is_gone_from_the_address_bar_and_from_what_scripts_see(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address(view_of(NAME, "server-link-lost"))) as shown:
        await shown.page.locator(".steps > li").first.wait_for()
        address = shown.page.url
        cookies = await shown.page.evaluate("document.cookie")

    assert address.endswith("/#/problem/Paper%20Gateway/server-link-lost")
    assert "token" not in address
    assert cookies == ""


# ── by keyboard ─────────────────────────────────────────────────────────────────────────────────


async def press_until(shown: Tab, words: str, key: str = "Tab", most: int = 40) -> None:
    for _ in range(most):
        await shown.page.keyboard.press(key)
        if (await shown.focused()).startswith(words):
            return
    raise AssertionError(f"“{words}” cannot be reached; at the end: {await shown.focused()}")


async def test_everything_on_the_way_to_the_steps_can_be_reached_by_keyboard(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.locator(".problems").wait_for()
        await press_until(shown, "Skip to the content")
        await shown.page.keyboard.press("Enter")
        await press_until(shown, "Show steps")
        await shown.page.keyboard.press("Enter")
        await shown.page.locator(".steps > li").first.wait_for()
        focus = await shown.page.evaluate("document.activeElement.id")
        await press_until(shown, "Print")
        for _ in range(60):
            await shown.page.keyboard.press("Tab")
            if await shown.page.evaluate("document.activeElement === document.body || !document.hasFocus()"):
                break
            if (await shown.focused()).startswith("Skip to"):
                break
        else:
            raise AssertionError("the focus never leaves the page")

    assert focus == "main"


async def test_a_menu_opens_acts_and_closes_by_keyboard(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await press_until(shown, "Pause notices")
        await shown.page.keyboard.press("Enter")
        await press_until(shown, "For 1 hour", most=2)
        await shown.page.keyboard.press("Escape")
        closed = await shown.focused()
        await shown.page.keyboard.press("Enter")
        await press_until(shown, "Until I resume", most=4)
        await shown.page.keyboard.press("Enter")
        await shown.page.get_by_role("button", name="Resume notices").wait_for()
        await press_until(shown, "Resume notices")
        await shown.page.keyboard.press("Enter")
        await shown.page.locator("summary", has_text="Pause notices").wait_for()

    assert closed == "Pause notices"
    assert agent.loop.state.memory.paused_until is None


async def test_a_change_elsewhere_does_not_take_the_focus_or_what_is_typed(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await show(shown, "settings")
        await shown.page.fill("[id='connections.Paper_20Gateway.port']", "40")
        before = await shown.page.evaluate("document.activeElement.id")
        for _ in range(3):
            agent.page.shown(agent.world.statuses[-1])
            await asyncio.sleep(0.3)
        after = await shown.page.evaluate("document.activeElement.id")
        typed = await shown.page.input_value("[id='connections.Paper_20Gateway.port']")

    assert before == after == "connections.Paper_20Gateway.port"
    assert typed == "40"


async def test_a_screen_reader_is_told_of_a_change(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.locator(".facts").wait_for()
        landmarks = await shown.page.evaluate(
            "['header', 'nav', 'main'].map((e) => document.querySelectorAll(e).length > 0)"
        )
        live = await shown.page.locator("#announcer").get_attribute("aria-live")
        lang = await shown.page.evaluate("document.documentElement.lang")
        title = await shown.page.title()

    assert landmarks == [True, True, True]
    assert (live, lang) == ("polite", "en")
    assert title.startswith("problem · Now")


# ── explain, settings ───────────────────────────────────────────────────────────────────────────


async def test_words_that_nobody_knows_are_told_so(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.go("explain")
        await shown.page.fill("#words", "nothing of that kind <b>bold</b>")
        await shown.page.get_by_role("button", name="Explain", exact=True).click()
        await shown.sees("Nothing in it is known")
        # A refusal is an answer; the browser writes it down as a failed request all the same.
        shown.complaints.clear()


async def test_a_test_notice_says_which_channel_took_it(agent: LivingAgent, browser: Browser) -> None:
    heard: list[Notice] = []
    phone = TargetSettings("Phone", "nothing://x")
    async with tab(browser, await agent.page.address()) as shown:
        await show(shown, "settings")
        send = shown.page.get_by_role("button", name="Send a test notice")
        agent.world.tell_through(Chain([]), Chain([], [ListenerChannel(heard.append), TargetChannel(phone)]))
        await send.click()
        await shown.sees("The notice was taken by: listener. It was not taken by: “Phone”: its address", "#toasts")
        agent.world.tell_through(Chain([]), Chain([]))
        await send.click()
        await shown.sees("No channel took the notice: no channel that is switched on can be used here.", "#toasts")
        # A refusal is an answer; the browser writes it down as a failed request all the same.
        shown.complaints.clear()

    assert [notice.title for notice in heard] == ["A test notice from Gatelight"]


async def test_what_may_have_begun_earlier_lasted_at_least_as_long_as_it_was_seen(
    agent: LivingAgent, browser: Browser
) -> None:
    past = {"connection": NAME, "code": "app-frozen", "title": "It hangs", "done": [], "left": []}
    past |= {"since": "2026-11-22T08:00:00Z", "until": "2026-11-22T08:05:00Z"}
    draw = """async (view) => {
      const root = document.createElement('div');
      (await import('/view_problem.js')).show(root, { view }, []).update(view);
      return root.textContent;
    }"""
    async with tab(browser, await agent.page.address()) as shown:
        told, other = [
            await shown.page.evaluate(draw, {"connections": [], "ended": [{**past, **more}]})
            for more in ({}, {"first_seen": True})
        ]

    assert "after 5 min" in told
    assert "after at least 5 min" in other


async def test_the_longest_name_fits_where_a_connection_is_chosen(agent: LivingAgent, browser: Browser) -> None:
    names = ["Frankfurt trading desk, IB Gateway paper", "Frankfurt trading desk, IB Gateway live"]
    draw = """async (names) => {
      const main = document.querySelector('main').cloneNode();
      document.querySelector('main').replaceWith(main);
      main.dataset.view = 'data';
      const view = { connections: names.map((name) => ({ name })) };
      (await import('/view_data.js')).show(main, { view, act() {}, announce() {} }, []).update(view);
    }"""
    async with tab(browser, await agent.page.address(), width=360) as shown:
        await shown.page.evaluate(draw, names)
        wide = await shown.wide()
        # The agent of these tests makes no data test, and the browser writes that down.
        await shown.page.locator(".note").wait_for()
        shown.complaints.clear()

    assert wide == 0
