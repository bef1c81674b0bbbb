"""The page while things happen: live, through faults and fixes, a restart of the agent, and a long time."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Route

from agent.app.page_host import view_of
from agent.core.clock import lasting
from agent.page.files import MODULES
from agent.simulator.world import SimulatedApplication
from agent.tws.api_settings_table import PRECAUTIONS
from tests.page.browser import tab
from tests.page.living import LivingAgent, living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "Paper Gateway"


async def test_a_change_comes_to_an_open_page_by_itself(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        shown.loaded.clear()
        for _ in range(3):
            await agent.gateway.fault("link-lost")
            await agent.world.until(lambda a: a.connection.server_link == "down", "lost")
            await shown.page.locator(".link[data-state=down]").wait_for()
            await agent.gateway.heal()
            await agent.world.connected()
            await shown.page.locator(".link[data-state=up]").last.wait_for()
        loads = sum(1 for url in shown.loaded if url.endswith("/app.js"))

    assert loads == 0


async def test_watching_stops_and_goes_on_by_click(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.get_by_role("button", name="Stop watching Paper Gateway").click()
        await shown.sees("Paper Gateway is no longer watched until you choose Watch.", "#toasts")
        await shown.sees("Not watched, as you asked", ".headline")
        await agent.world.until(lambda a: a.connection.phase == "idle", "disconnected")
        await shown.page.get_by_role("button", name="Watch Paper Gateway", exact=True).click()
        await agent.world.connected()
        await shown.sees("Connected", ".headline")


async def test_a_guide_notices_by_itself_that_it_is_over_and_ticks_nothing_that_nobody_saw_done(
    agent: LivingAgent, browser: Browser
) -> None:
    await agent.page.address()
    await agent.gateway.fault("link-lost")
    await agent.world.until(lambda a: "server-link-lost" in a.codes, "told")
    async with tab(browser, await agent.page.address(view_of(NAME, "server-link-lost"))) as shown:
        await shown.sees("Gatelight notices by itself")
        before = await shown.page.locator(".steps > li[data-done]").count()
        modes = [await shown.text(".glance .mode")]
        await shown.go("problem")
        modes.append(await shown.text(".problems .mode"))
        await shown.go("problem", NAME, "server-link-lost")
        await agent.gateway.heal()
        await shown.sees("This is over")
        words = await shown.text(".glance")
        done = await shown.page.locator(".steps > li[data-done]").count()
        steps = await shown.page.locator(".steps > li").count()
        await shown.go("problem")
        await shown.sees("Nothing is wrong")
        past = await shown.text(".past")

    assert (before, done) == (0, 0) != (0, steps)
    assert modes == ["PAPER", "PAPER"]
    assert "after" in words
    assert "lost its link" in past


async def test_steps_are_ticked_off_one_after_the_other_as_they_are_seen(tmp_path: Path, browser: Browser) -> None:
    waiting = await SimulatedApplication.start(tmp_path / "gateway", logged_in=False, faults=("not-running",))
    async with waiting as gateway, living_agent(tmp_path, gateway=gateway) as agent:
        await agent.world.until(lambda a: "app-not-running" in a.codes, "told")
        async with tab(browser, await agent.page.address(view_of(NAME, "app-not-running"))) as shown:
            ticked = shown.page.locator(".steps > li[data-done]")
            await shown.page.locator(".steps .drawn svg").first.wait_for()
            before = await ticked.count()
            await gateway.heal()
            await shown.sees("You are on the way")
            await ticked.first.wait_for()
            started, current = await ticked.count(), await shown.text(".steps > li[aria-current]")
            await agent.world.until(lambda a: "login-pending" in a.codes, "waits for the log-in")
            await shown.page.locator(".others a").wait_for()
            await gateway.log_in()
            await shown.sees("This is over")
            after = await ticked.all_inner_texts()
            choice = shown.page.locator(".steps > li", has_text="IB API")
            chosen = await choice.get_attribute("data-done")

    assert (before, started) == (0, 1)
    assert "IB API" in current
    # That the API was chosen is not seen, only that it opened its port after a log-in.
    assert (len(after) >= 2, chosen) == (True, None)


async def test_ticks_stay_where_a_guide_was_answered_while_its_problem_was_away(
    tmp_path: Path, browser: Browser
) -> None:
    asked: list[bool] = []

    async def away(route: Route) -> None:
        answer = await route.fetch()
        guide = await answer.json()
        asked.append(guide["current"])
        if len(asked) == 1:
            guide["current"] = False
        await route.fulfill(response=answer, json=guide)

    waiting = await SimulatedApplication.start(tmp_path / "gateway", logged_in=False, faults=("not-running",))
    async with waiting as gateway, living_agent(tmp_path, gateway=gateway) as agent:
        await agent.world.until(lambda a: "app-not-running" in a.codes, "told")
        async with tab(browser, await agent.page.address()) as shown:
            await gateway.heal()
            await agent.world.until(lambda a: "login-pending" in a.codes, "waits for the log-in")
            await shown.page.route("**/api/guide?*", away)
            await shown.go("problem", NAME, "app-not-running")
            await shown.sees("You are on the way")
            await shown.page.locator(".steps > li[data-done]").first.wait_for()

    # How things are then may change while the machine is busy, and the guide is asked for again.
    assert asked[0]
    assert len(asked) > 1


async def test_a_problem_is_snoozed_with_a_click(agent: LivingAgent, browser: Browser) -> None:
    await agent.gateway.fault("link-lost")
    await agent.world.until(lambda a: "server-link-lost" in a.codes, "told")
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.locator("summary", has_text="Snooze").click()
        await shown.page.get_by_role("button", name="For 1 hour").last.click()
        await shown.sees("snoozed until", ".problems")
    await agent.gateway.heal()
    await agent.world.connected()

    assert [s.code for s in agent.loop.state.memory.snoozed] == ["server-link-lost"]


async def test_a_guide_asked_for_while_its_problem_was_away_is_asked_for_again(
    agent: LivingAgent, browser: Browser
) -> None:
    answers = 0

    async def away_at_first(route: Route) -> None:
        nonlocal answers
        answers += 1
        answer = await route.fetch()
        guide = await answer.json()
        if answers == 1:
            guide = {**guide, "current": False, "lists": [{"layout": "", "title": "", "steps": [{"text": "General."}]}]}
        await route.fulfill(response=answer, json=guide)

    await agent.gateway.fault("link-lost")
    await agent.world.until(lambda a: "server-link-lost" in a.codes, "told")
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route("**/api/guide?*", away_at_first)
        await shown.go("problem", NAME, "server-link-lost")
        await shown.page.wait_for_function("() => document.querySelectorAll('.steps > li').length > 1")
        await shown.page.wait_for_function("() => !document.querySelector('[aria-busy]')")
        steps = await shown.page.locator(".steps > li").count()
    (problem,) = [p for p in agent.world.connection.problems if p.code == "server-link-lost"]
    await agent.gateway.heal()
    await agent.world.connected()

    assert (answers, steps) == (2, len(problem.steps))


async def test_a_pasted_line_is_explained_by_what_is_seen_now(agent: LivingAgent, browser: Browser) -> None:
    port = agent.gateway.port
    async with tab(browser, await agent.page.address()) as shown:
        await shown.go("explain")
        await shown.page.locator("#words").fill(f"Connect call failed ('127.0.0.1', {port - 1})")
        await shown.page.get_by_role("button", name="Explain", exact=True).click()
        await shown.sees("What Gatelight saw at")
        seen = await shown.page.locator(".answer ul").first.inner_text()
        opened, wrong = await shown.text(".cause[open] > summary"), await shown.violations()
        await shown.page.locator("#words").fill(f"Connect call failed ('127.0.0.1', {port})")
        await shown.page.get_by_role("button", name="Explain", exact=True).click()
        await shown.sees("and Gatelight is connected to it")

    assert " ".join(seen.split()).startswith(f"IB Gateway (paper) listens on port {port} , not on {port - 1} .")
    assert opened == "The application listens on another API port"
    assert wrong == []


async def test_a_duration_is_told_as_in_notices(agent: LivingAgent, browser: Browser) -> None:
    hours = (1.9, 2.0, 24.0, 44.0, 47.98, 48.0, 71.4, 71.6, 96.0, 2000.0)
    seconds = (1.0, 59.0, 91.0, 119.4, 120.0, 149.0, 151.0, 638.0, 3569.0, 3571.0, *(3600.0 * n for n in hours))
    async with tab(browser, await agent.page.address()) as shown:
        ask = "async (all) => { const { lasting } = await import('/dom.js'); return all.map(lasting) }"
        told = await shown.page.evaluate(ask, seconds)

    assert told == [lasting(each) for each in map(round, seconds)]


async def test_what_has_to_be_typed_elsewhere_can_be_copied(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address(), permissions=["clipboard-read", "clipboard-write"]) as shown:
        await shown.go("explain")
        await shown.page.evaluate(
            """async () => {
              const { copyable } = await import('/guide.js');
              document.querySelector('main').append(copyable('192.168.1.5', { toast: () => {} }));
            }"""
        )
        await shown.page.get_by_role("button", name="Copy 192.168.1.5").click()
        copied = await shown.page.evaluate("navigator.clipboard.readText()")

    assert copied == "192.168.1.5"


async def test_addresses_and_ports_of_steps_have_a_copy_button_and_other_numbers_have_none(
    agent: LivingAgent, browser: Browser
) -> None:
    texts = [
        "Under **Trusted IPs**, click **Create** and enter 192.168.1.5.",
        "Set **Socket port** to 4002.",
        "Wait 15 seconds, in 2026, at 45 messages per second.",
        "Run `gatelight doctor` at 127.0.0.1:4002.",
    ]
    async with tab(browser, await agent.page.address()) as shown:
        found = await shown.page.evaluate(
            """async (texts) => {
              const { stepText } = await import('/guide.js');
              const copied = (text) => stepText(text, {}).filter((part) => part.className === 'copyable');
              return texts.map((text) => copied(text).map((part) => part.innerText));
            }""",
            texts,
        )

    assert found == [["192.168.1.5"], ["4002"], [], ["127.0.0.1:4002"]]


async def test_markup_in_what_a_program_is_called_stays_text(agent: LivingAgent, browser: Browser) -> None:
    nasty = "<img src=x onerror=alert(1)> **[x](javascript:alert(1))**"
    async with tab(browser, await agent.page.address()) as shown:
        kinds = await shown.page.evaluate(
            """async (nasty) => {
              const { h, inline, paragraphs } = await import('/dom.js');
              const made = h('div', {}, nasty, inline(nasty), paragraphs(nasty));
              document.querySelector('main').append(made);
              return [...made.querySelectorAll('*')].map((e) => e.nodeName);
            }""",
            nasty,
        )

    assert set(kinds) <= {"STRONG", "P"}


# ── fixes ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_fix_is_read_then_agreed_to_and_then_done(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        await agent.gateway.fault("other-port")
        await agent.world.until(
            lambda a: any(p.fixes for p in a.connection.problems if p.code == "api-port-mismatch"), "offered"
        )
        before = agent.places.config.read_text()
        async with tab(browser, await agent.page.address(view_of(NAME, "api-port-mismatch"))) as shown:
            (label,) = [o.label for p in agent.world.connection.problems for o in p.fixes]
            await shown.page.get_by_role("button", name=label).click()
            dialog = shown.page.get_by_role("dialog")
            await dialog.wait_for()
            question, focus, wrong = await dialog.inner_text(), await shown.focused(), await shown.violations()
            await shown.page.keyboard.press("Escape")
            await dialog.wait_for(state="detached")
            back, untouched = await shown.focused(), agent.places.config.read_text() == before
            await shown.page.get_by_role("button", name=label).click()
            await dialog.get_by_role("button", name="Yes, do it").click()
            await shown.sees("This is over")
        after = agent.places.config.read_text()

    assert "In Gatelight’s Settings" in question
    # What is asked is read from its beginning; no button is within reach of a stray Enter.
    assert (focus, back, untouched, wrong) == (question.splitlines()[0], label, True, [])
    assert after != before


async def test_a_setting_of_the_application_changes_after_a_yes_to_everything_that_is_given_up(
    tmp_path: Path, browser: Browser
) -> None:
    faults = ("precautions-on", "config-warnings")
    async with (
        await SimulatedApplication.start(tmp_path / "gateway", faults=faults) as gateway,
        living_agent(tmp_path, gateway=gateway) as agent,
    ):
        await agent.world.until(lambda a: any(p.fixes for p in a.connection.problems), "offered")
        async with tab(browser, await agent.page.address(view_of(NAME, "precautions-on"))) as shown:
            dialog = shown.page.get_by_role("dialog")
            await shown.page.locator(".offers > button").click()
            await dialog.get_by_role("heading", name="What you give up").wait_for()
            first, wrong = await dialog.inner_text(), await shown.violations()
            await dialog.get_by_role("button", name="Yes, do it").click()
            await dialog.get_by_text("An API client wants to change the settings").first.wait_for()
            before = await gateway.configuration()
            await dialog.get_by_role("button", name="Yes, do it").click()
            await shown.sees("Now:", "#toasts")
            after = await gateway.configuration()

    assert all(p.given_up in first for p in PRECAUTIONS)
    assert [{known.value(p) for p in PRECAUTIONS} for known in (before, after)] == [{False}, {True}]
    assert wrong == []


# ── the agent goes and comes ────────────────────────────────────────────────────────────────────


async def test_every_view_is_there_when_the_agent_is_not(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent, tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        await shown.page.wait_for_function(
            "(all) => performance.getEntriesByType('resource').filter((e) => /view_/.test(e.name)).length === all",
            arg=sum(name.startswith("view_") for name in MODULES),
        )
        await agent.page.end()
        await shown.sees("is not running", "#stale")
        await shown.go("explain")

        await shown.page.get_by_role("heading", name="Explain").wait_for()
        shown.complaints.clear()


async def test_a_view_that_cannot_be_loaded_says_what_to_do(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route("**/view_limits.js", lambda route: route.abort())
        await shown.page.goto(await agent.page.address("limits"))

        await shown.sees(
            "This view could not be loaded. If it does not come, open this page again from Gatelight’s icon."
        )
        assert await shown.text("h1") == "Limits"
        shown.complaints.clear()


@pytest.mark.parametrize("dropped", ["app.js", "dom.js", "key.js", "page.css"])
async def test_a_page_of_which_the_browser_drops_a_part_is_loaded_again_with_its_key(
    agent: LivingAgent, browser: Browser, dropped: str
) -> None:
    asked, comes = 0, asyncio.Event()

    async def drop(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked <= 2:
            await route.abort()
        else:
            await route.continue_()
            comes.set()

    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route(f"**/{dropped}", drop)
        await shown.page.goto(await agent.page.address("limits"))
        await comes.wait()
        await shown.page.wait_for_function("() => sessionStorage.getItem('gatelight-again') === null")
        await shown.page.locator(".gauge").first.wait_for()
        await shown.page.get_by_role("button", name="Check now").click()
        await shown.sees("Checking again.", "#toasts")
        shown.complaints.clear()

    assert asked == 3
    assert shown.page.url.endswith("/#/limits")


async def test_a_page_of_which_a_part_never_comes_says_what_to_do(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route("**/dom.js", lambda route: route.abort())
        await shown.page.goto(await agent.page.address())
        await shown.sees("This page could not be loaded: open it again from Gatelight’s icon.")
        shown.complaints.clear()


async def test_a_browser_that_is_not_known_any_more_is_told_what_to_do(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        async with tab(browser, await agent.page.address()) as shown:
            await shown.sees("Connected", ".headline")
            await shown.page.context.clear_cookies()
            assert agent.server is not None
            port = agent.server.port
            await agent.server.close()
            await agent.server.start(port)
            await shown.sees("open this page again from its icon", ".stale")
            shown.complaints.clear()


async def test_a_tab_left_open_for_long_holds_one_stream_and_no_more_memory(
    agent: LivingAgent, browser: Browser
) -> None:
    """Some hundred views stand for the 8640 of a day with a change every ten seconds."""
    async with tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        session = await shown.page.context.new_cdp_session(shown.page)

        async def measured() -> tuple[int, int]:
            for _ in range(3):
                await session.send("HeapProfiler.collectGarbage")
            nodes = await session.send("Memory.getDOMCounters")
            return int(nodes["nodes"]), int(nodes["jsEventListeners"])

        async def changes(count: int) -> None:
            """So many views drawn, one after the other, each with another latency and another list of problems."""
            await shown.page.evaluate(
                """async ([count, view]) => {
                  const now = await import('/view_now.js');
                  const main = document.querySelector('main');
                  const shown = now.show(main, { command() {}, act() {} });
                  for (let n = 0; n < count; n++) {
                    const [one] = view.connections;
                    one.latency_s = n / 1e6;
                    one.latencies = [...Array(360).keys()].map((i) => [1795000000 + 10 * (n + i), i % 7]);
                    one.farms = one.farms.map((farm) => ({ ...farm, status: n % 2 ? 'ok' : 'broken' }));
                    shown.update(view);
                  }
                }""",
                [count, agent.page.view()],
            )

        await changes(100)
        before = await measured()
        await changes(500)
        after = await measured()
        assert agent.server is not None
        streams = len(agent.server.streams)

    assert streams == 1
    assert after[0] < before[0] * 1.5
    assert after[1] < before[1] * 1.5
