"""What comes late, again or not at all: a view that the browser dropped, an answer for a view that was left, one that
was overtaken, and what was drawn while the agent was away."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Route

from agent.app.page_host import view_of
from agent.config.kinds import LONGEST_CONNECTION_NAME
from agent.core.clock import took
from tests.page.browser import Tab, tab
from tests.page.living import LivingAgent, living_agent
from tests.page.test_browser_away import ANOTHER, good, whole
from tests.page.test_browser_now import several

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "Paper Gateway"


@asynccontextmanager
async def away(agent: LivingAgent, shown: Tab) -> AsyncIterator[None]:
    """Meanwhile the agent is not heard on the page."""

    async def unheard(route: Route) -> None:
        await route.abort()

    await shown.page.route("**/events", unheard)
    assert agent.server is not None
    assert agent.server._limit is not None
    for one in [*agent.server._limit.open.values()]:
        one.drop()
    await shown.page.locator(".stale .headline").wait_for()
    yield
    await shown.page.unroute("**/events", unheard)
    await shown.page.locator(".stale .headline").wait_for(state="detached")
    # While no answer came, the browser said so.
    shown.complaints.clear()


def dropped(times: float) -> Callable[[Route], Any]:
    """Lets the browser drop something so often."""
    asked = 0

    async def drop(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked <= times:
            await route.abort()
        else:
            await route.continue_()

    return drop


async def turns(shown: Tab) -> None:
    """Let the page do what is due."""
    await shown.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


# ── a view that does not come ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("part", ["view_limits.js", "relay_pictures.js"])
async def test_a_view_of_which_the_browser_drops_a_part_is_loaded_again_and_the_page_is_not(
    part: str, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route(f"**/{part}", dropped(2))
        await shown.page.goto(await agent.page.address())
        await shown.sees("Connected", ".headline")
        await shown.page.evaluate("window.same = true")
        await shown.go("limits")
        await shown.page.locator(".gauge").first.wait_for()
        same = await shown.page.evaluate("window.same")
        shown.complaints.clear()

    assert same


async def test_a_view_that_did_not_come_comes_with_what_the_agent_tells_next(
    agent: LivingAgent, browser: Browser
) -> None:
    drops = True

    async def drop(route: Route) -> None:
        await (route.abort() if drops else route.continue_())

    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route("**/view_limits.js", drop)
        await shown.page.goto(await agent.page.address("limits"))
        await shown.sees("This view could not be loaded.")
        again = await shown.page.get_by_role("button", name="Try again").count()
        wrong = await shown.violations()
        drops = False
        told = asyncio.ensure_future(changes(agent))
        await shown.page.locator(".gauge").first.wait_for()
        told.cancel()
        shown.complaints.clear()

    assert (again, wrong) == (1, [])


async def test_a_view_that_was_not_loaded_before_the_agent_went_comes_when_it_is_back(
    agent: LivingAgent, browser: Browser
) -> None:
    drops = True

    async def drop(route: Route) -> None:
        await (route.abort() if drops else route.continue_())

    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route("**/view_explain.js", drop)
        await shown.page.goto(await agent.page.address())
        await shown.sees("Connected", ".headline")
        async with away(agent, shown):
            await shown.go("explain")
            await shown.sees("This view was not loaded before Gatelight went away.")
            drops = False
        await shown.page.locator("#words").wait_for()


async def test_a_fault_in_a_view_is_said_there_and_not_taken_for_an_agent_that_is_away(
    agent: LivingAgent, browser: Browser
) -> None:
    wrong = "export const show = () => ({ update() { throw new Error('of ours'); } });"
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route(
            "**/view_about.js", lambda route: route.fulfill(body=wrong, content_type="text/javascript")
        )
        await shown.page.goto(await agent.page.address("about"))
        await shown.sees("This view cannot be shown")
        await agent.gateway.fault("link-lost")
        await shown.page.locator(".overall[data-state=problem]").wait_for()
        stale = await shown.page.locator(".stale .headline").count()
        await shown.go("now")
        await shown.page.locator(".facts").wait_for()
        shown.complaints.clear()
    await agent.gateway.heal()
    await agent.world.connected()

    assert stale == 0


@pytest.mark.parametrize("address", ["#/%", "#/%E0%A4/%zz"])
async def test_an_address_that_is_written_in_no_way_leads_to_the_first_view(
    address: str, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address("about")) as shown:
        await shown.page.get_by_role("heading", name="About").wait_for()
        await shown.page.evaluate("(address) => { location.hash = address }", address)
        await shown.page.locator(".facts").wait_for()
        await shown.page.reload()
        await shown.page.locator(".facts").wait_for()


# ── an answer for a view that was left, or that was overtaken ─────────────────────────────────────


async def test_an_answer_for_a_view_that_was_left_is_drawn_nowhere(agent: LivingAgent, browser: Browser) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await go_on.wait()
        made = {"name": "b.zip", "files": [], "archive": ""}
        await route.fulfill(response=answer, status=200, json=made)

    async with tab(browser, await agent.page.address("about")) as shown:
        await shown.page.route("**/api/bundle", slow)
        await shown.page.get_by_role("button", name="Prepare a bundle").click()
        await asked.wait()
        await shown.go("explain")
        await shown.page.locator("#words").fill("1100")
        async with shown.page.expect_response("**/api/bundle") as answered:
            go_on.set()
        await (await answered.value).finished()
        await turns(shown)
        title, typed = await shown.text("h1"), await shown.page.locator("#words").input_value()
        shown.complaints.clear()

    assert (title, typed) == ("Explain", "1100")


async def test_of_two_questions_the_answer_to_the_last_one_counts(agent: LivingAgent, browser: Browser) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def first_is_slow(route: Route) -> None:
        answer = await route.fetch()
        if not asked.is_set():
            asked.set()
            await go_on.wait()
        await route.fulfill(response=answer)

    async with tab(browser, await agent.page.address("explain")) as shown:
        await shown.page.route("**/api/explain", first_is_slow)
        await shown.page.get_by_role("button", name="1100", exact=True).click()
        await asked.wait()
        await shown.page.get_by_role("button", name="api-silent", exact=True).click()
        await shown.page.locator(".answer .steps").first.wait_for()
        second = await shown.text(".answer .headline")
        async with shown.page.expect_response("**/api/explain") as answered:
            go_on.set()
        await (await answered.value).finished()
        await turns(shown)
        after = await shown.text(".answer .headline")

    assert after == second


async def test_a_test_of_another_connection_that_comes_late_is_not_shown(tmp_path: Path, browser: Browser) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()
    answered: set[str] = set()

    async def each_once(route: Route) -> None:
        name = "Backup" if "name=Backup" in route.request.url else NAME
        if name in answered:
            return
        answered.add(name)
        answer = await route.fetch()
        if name == NAME:
            asked.set()
            await go_on.wait()
        await route.fulfill(response=answer, status=200, json={"not_now": f"of {name}"})

    async with living_agent(tmp_path, others=[ANOTHER]) as agent:
        await agent.world.connected()
        async with tab(browser, await agent.page.address()) as shown:
            await shown.page.locator(".row").first.wait_for()
            await shown.page.route("**/api/data-test?*", each_once)
            await shown.go("data")
            await asked.wait()
            await shown.page.locator("#test-connection").select_option("Backup")
            await shown.sees("of Backup", "#not-now")
            async with shown.page.expect_response("**/api/data-test?name=Paper*") as late:
                go_on.set()
            await (await late.value).finished()
            await turns(shown)
            said = await shown.text("#not-now")
            shown.complaints.clear()

    assert said == "of Backup"


# ── what could not be read ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("view", "asks", "there"),
    [
        ("settings", "**/api/settings*", ".field"),
        ("phone", "**/api/targets*", ".services"),
        ("history", "**/api/history*", ".nothing"),
        (view_of(NAME, "server-link-lost"), "**/api/guide?*", ".steps"),
    ],
)
async def test_what_could_not_be_read_at_first_is_read_again(
    view: str, asks: str, there: str, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route(asks, dropped(1))
        await shown.page.goto(await agent.page.address(view))
        await shown.sees("Gatelight does not answer: is it still running?")
        # Each change is told to the page, and it reads again after a while at most.
        told = asyncio.ensure_future(changes(agent))
        await shown.page.locator(there).first.wait_for()
        told.cancel()
        shown.complaints.clear()


async def changes(agent: LivingAgent) -> None:
    """Tell the page something new again and again."""
    assert agent.server is not None
    streams, number = agent.server.streams, 0
    shown, streams._view = streams._view, lambda: {**agent.page.view(), "number": number}
    try:
        while True:
            number += 1
            streams.changed()
            await asyncio.sleep(streams.rest)
    finally:
        streams._view = shown


async def test_limits_that_cannot_be_read_any_more_are_told_as_what_they_were(
    agent: LivingAgent, browser: Browser
) -> None:
    fails = False

    async def limits(route: Route) -> None:
        answer = await route.fetch()
        if fails:
            await route.fulfill(
                response=answer, status=504, json={"error": "Gatelight was not done within 10 s: try again."}
            )
        else:
            await route.fulfill(response=answer)

    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.route("**/api/limits*", limits)
        await shown.go("limits")
        await shown.page.locator(".gauge").first.wait_for()
        fails = True
        note = await shown.sees("was not done within 10 s: try again. What you see is from")
        wrong = await shown.violations()
        fails = False
        await note.wait_for(state="detached")
        shown.complaints.clear()

    assert wrong == []


# ── what is drawn while the agent is away ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(("view", "button"), [("explain", "Explain"), ("data", "Test now")])
async def test_a_view_that_was_opened_while_the_agent_was_away_can_be_used_when_it_is_back(
    view: str, button: str, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        await whole(shown)
        made = shown.page.get_by_role("button", name=button, exact=True)
        async with away(agent, shown):
            await shown.go(view)
            held = await made.is_disabled()
        await until_enabled(shown, button)

    assert held


async def until_enabled(shown: Tab, button: str) -> None:
    made = shown.page.locator("button:enabled", has_text=button)
    await made.first.wait_for()


async def test_limits_and_about_vouch_for_nothing_while_the_agent_is_away(agent: LivingAgent, browser: Browser) -> None:
    heard = {"code": 100, "title": "Too fast", "rule": "r", "what_to_do": "w", "text": "t", "count": 1, "safe": True}
    heard |= {"last": "2026-11-23T14:00:00Z", "is_limit": True}

    async def limits(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        await route.fulfill(
            response=answer, json={**told, "connections": [{**one, "notices": [heard]} for one in told["connections"]]}
        )

    async with tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        await whole(shown)
        await shown.page.route("**/api/limits*", limits)
        await shown.go("limits")
        await shown.sees("Too fast")
        before = await good(shown)
        async with away(agent, shown):
            signs = await good(shown)
            await shown.go("about")
            about = await shown.text()
        await shown.sees("Runs since")

    assert (before > 0, signs) == (True, 0)
    assert "Runs since" not in about
    assert "Whether it runs now is not known." in about


async def test_groups_of_connections_are_not_known_while_the_agent_is_away(
    agent: LivingAgent, browser: Browser
) -> None:
    assert agent.server is not None or await agent.page.address()
    assert agent.server is not None
    streams = agent.server.streams
    names = [f"{place}-{n:02}" for place in ("lon", "nyc") for n in range(12)]
    made = several(agent.page.view(), *({"name": name} for name in names))
    groups = [
        {
            "name": place,
            "overall": "connected",
            "words": "12 connected",
            "crowded": False,
            "connections": names[n : n + 12],
        }
        for place, n in (("lon", 0), ("nyc", 12))
    ]
    before, streams._view = streams._view, lambda: {**made, "groups": groups}
    try:
        async with tab(browser, await agent.page.address()) as shown:
            await shown.sees("12 connected", ".crowd")
            async with away(agent, shown):
                words = await shown.page.locator(".crowd").all_inner_texts()
                states = await shown.page.locator(".crowd").evaluate_all("(all) => all.map((e) => e.dataset.state)")
                rows = await shown.page.locator(".row").count()
    finally:
        streams._view = before

    assert [" ".join(one.split()) for one in words] == ["lon not known now", "nyc not known now"]
    assert (states, rows) == (["unknown", "unknown"], 0)


async def test_a_user_who_moves_the_mouse_asks_nothing_of_an_agent_that_is_away(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        async with away(agent, shown):
            shown.loaded.clear()
            await shown.page.route("**/api/looked", lambda route: route.abort())
            for n in range(30):
                await shown.page.mouse.move(100 + 5 * n, 100)
            await turns(shown)
            asked = [url for url in shown.loaded if url.endswith("/api/looked")]

    assert asked == []


# ── what was typed or chosen ────────────────────────────────────────────────────────────────────


async def test_what_was_sought_stands_in_its_field_when_the_user_comes_back(
    agent: LivingAgent, browser: Browser
) -> None:
    await agent.page.address()
    assert agent.server is not None
    streams = agent.server.streams
    made = several(agent.page.view(), *({"name": f"gw-{n:02}"} for n in range(30)))
    before, streams._view = streams._view, lambda: made
    try:
        async with tab(browser, await agent.page.address()) as shown:
            await shown.page.locator(".finder input").fill("gw-07")
            await shown.sees("1 of 30 fits", ".finder")
            await shown.go("about")
            await shown.go("now")
            await shown.sees("1 of 30 fits", ".finder")
            sought = await shown.page.locator(".finder input").input_value()
    finally:
        streams._view = before

    assert sought == "gw-07"


async def test_a_switch_that_was_clicked_follows_what_is_chosen_elsewhere(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        marked = await shown.page.evaluate(
            """async () => {
              const { h, patch } = await import('/dom.js');
              const place = document.createElement('div');
              document.body.append(place);
              const draw = (chosen) => patch(place, ['a', 'b'].map((value) =>
                h('input', { type: 'radio', name: 'one', value, checked: value === chosen })));
              draw('a');
              place.lastChild.click();
              draw('a');
              return [...place.children].map((one) => one.checked);
            }"""
        )

    assert marked == [True, False]


async def test_a_browser_that_keeps_nothing_shows_guides_and_keeps_the_choice_in_memory(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error('kept from this page'); } })"
        )
        await shown.page.goto(await agent.page.address(view_of(NAME, "api-silent")))
        await shown.page.locator(".steps > li").first.wait_for()
        await shown.page.get_by_text("TWS", exact=True).click()
        chosen = await shown.page.evaluate(
            "async () => (await import('/guide.js')).chosenList([{ application: 'gateway' }, { application: 'tws' }])"
        )

    assert chosen == {"application": "tws"}


async def test_how_long_an_answer_took_is_told_as_in_notices(agent: LivingAgent, browser: Browser) -> None:
    seconds = (0.00001, 0.00005, 0.0014, 0.005, 0.00994, 0.00997, 0.01, 0.0214, 0.21, 0.9994, 0.9996, 1.0, 8.44)
    async with tab(browser, await agent.page.address()) as shown:
        ask = "async (all) => { const { took } = await import('/card.js'); return all.map((one) => took(one * 1000)) }"
        told = await shown.page.evaluate(ask, seconds)

    assert told == [took(each) for each in seconds]


async def test_a_drawing_in_which_only_an_address_changes_is_drawn_anew(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        told = await shown.page.evaluate(
            """async () => {
              const [{ patch }, { steps }] = [await import('/dom.js'), await import('/guide.js')];
              const place = document.createElement('div');
              for (const address of ['192.168.1.5', '192.168.1.6']) {
                const svg = `<svg xmlns="http://www.w3.org/2000/svg"><text>${address}</text></svg>`;
                patch(place, steps([{ number: 1, way: '', text: 'Click.', drawing: { svg, alt: 'Create' } }], [], {}));
              }
              return place.querySelector('svg').textContent;
            }"""
        )

    assert told == "192.168.1.6"


# ── long names ──────────────────────────────────────────────────────────────────────────────────


async def test_a_long_name_stays_within_messages_and_questions(agent: LivingAgent, browser: Browser) -> None:
    name = "W" * LONGEST_CONNECTION_NAME
    too_wide = (
        "(place) => [...place.querySelectorAll('*')].some((one) => one.getBoundingClientRect().right > innerWidth)"
    )
    async with tab(browser, await agent.page.address("settings"), width=360) as shown:
        await shown.page.locator("#new-name").fill(name)
        await shown.page.get_by_role("button", name="Add", exact=True).click()
        toast = shown.page.locator(".toast")
        await toast.wait_for()
        told = await toast.evaluate(too_wide)
        asked = await shown.page.evaluate(
            """async ([name, wide]) => {
              const { confirm } = await import('/dialog.js');
              confirm({ title: name, lines: [name], givenUp: [name], remark: name, yes: 'Yes' });
              const dialog = document.querySelector('dialog');
              const found = eval(wide)(dialog) || dialog.scrollWidth > dialog.clientWidth;
              dialog.close();
              return found;
            }""".replace("eval(wide)", f"({too_wide})"),
            [name, ""],
        )

    assert (told, asked) == (False, False)
