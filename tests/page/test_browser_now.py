"""The view Now in a real browser: one connection as a card, several as a table, nothing good where nothing is."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from agent.core.events import UserAsked
from agent.core.settings import ConnectionSettings, WantedApplication
from agent.core.shown.display import Disconnect, IconState
from agent.core.shown.groups import Grouped, groups_of
from agent.simulator.world import SimulatedApplication
from tests.faults.watching import QUICK
from tests.page.browser import Scheme, Tab, tab
from tests.page.living import LivingAgent, living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURES = os.environ.get("GATELIGHT_PICTURES")
"""A folder for screenshots, for looking at them."""
PATIENT = replace(QUICK, first_sight_grace=600.0, exit_grace=600.0)
DRAW = """async (view) => {
  const now = await import('/view_now.js');
  // What the agent shows goes on in the old one, which is seen no more.
  const main = document.querySelector('main').cloneNode();
  document.querySelector('main').replaceWith(main);
  const page = { view, act() {}, command() {} };
  const shown = now.show(main, page);
  shown.update(view);
}"""
"""Draws a view that was changed from the agent's own."""


@dataclass
class Fleet:
    """An agent with three connections: one that is connected, a live one, and one whose application does not run."""

    agent: LivingAgent
    live: SimulatedApplication


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    async with AsyncExitStack() as stack:
        paper = await stack.enter_async_context(await SimulatedApplication.start(folder / "gateway"))
        live = await stack.enter_async_context(
            await SimulatedApplication.start(folder / "tws", kind="tws", mode="live")
        )
        others = (
            ConnectionSettings(name="Live TWS", application=WantedApplication.TWS, port=live.asked_port),
            ConnectionSettings(name="Backup", port=4711),
        )
        agent = await stack.enter_async_context(living_agent(folder, gateway=paper, others=others))
        yield Fleet(agent, live)


async def settled(fleet: Fleet) -> None:
    """Two are connected, and one has a problem."""
    wanted = {"Paper Gateway": "connected", "Live TWS": "connected", "Backup": "problem"}
    await fleet.agent.world.until(
        lambda a: {c.name: c.overall for c in a.statuses[-1].connections} == wanted, "settled"
    )


async def names(shown: Tab) -> list[str]:
    """Of the rows, from above."""
    return [words.split("\n")[0].strip() for words in await shown.page.locator(".row .opener").all_inner_texts()]


async def open_rows(shown: Tab) -> list[str]:
    opened = await shown.page.locator(".opener[aria-expanded=true]").all_inner_texts()
    return [words.split("\n")[0].strip() for words in opened]


def several(view: dict[str, Any], *told: dict[str, Any]) -> dict[str, Any]:
    """The agent's view with made-up connections, each like its healthy one but for what is told of it."""
    healthy = next(c for c in view["connections"] if c["overall"] == "connected")
    ranks = {state.value: state.rank for state in IconState}
    made = [{**healthy, "name": f"Connection {n}", **more} for n, more in enumerate(told, 1)]
    return {**view, "connections": [{**one, "rank": ranks[one["overall"]]} for one in made]}


# ── several ─────────────────────────────────────────────────────────────────────────────────────


async def test_several_connections_are_a_table_with_the_worst_first(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    async with tab(browser, await fleet.agent.page.address()) as shown:
        await shown.page.locator(".row").first.wait_for()
        order, opened = await names(shown), await open_rows(shown)
        header = await shown.text(".overall")
        row = await shown.page.locator(".row", has_text="Live TWS").inner_text()
        badges = await shown.page.locator(".row .mode").all_inner_texts()
        heads = await shown.page.locator("thead th").all_inner_texts()

    assert order == ["Backup", "Paper Gateway", "Live TWS"]
    # Only one is not well, so that one is looked for.
    assert opened == ["Backup"]
    assert header == "1 of 3 has a problem: Backup"
    assert {"Connected", "none"} <= set(row.replace("\t", "\n").split("\n"))
    assert " ms" in row
    assert [badge.upper() for badge in badges] == ["PAPER", "LIVE"]
    assert [head.split("\n")[0] for head in heads] == [
        "Connection", "Trading", "How it is", "Since", "Programs", "Answers in", "Last hour",
    ]  # fmt: skip


async def test_a_row_opens_and_closes_by_keyboard_and_by_mouse(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    async with tab(browser, await fleet.agent.page.address()) as shown:
        opener = shown.page.get_by_role("button", name="Live TWS connected")
        await opener.focus()
        await shown.page.keyboard.press("Enter")
        inside = shown.page.locator(f"[id='{await opener.get_attribute('aria-controls')}']")
        path = await inside.locator(".path").count()
        focus = await shown.focused()
        await shown.page.keyboard.press("Tab")
        next_focus = await shown.page.evaluate("document.activeElement.closest('.inside') !== null")
        await shown.page.locator(".row", has_text="Live TWS").locator(".how").click()
        folded = await opener.get_attribute("aria-expanded")
        await shown.page.locator(".row", has_text="Live TWS").locator(".how").click()
        again = await opener.get_attribute("aria-expanded")
        wrong = await shown.violations()
        await shown.go("limits")
        await shown.go("now")
        kept = await open_rows(shown)

    assert path == 1
    assert focus.startswith("Live TWS")
    assert next_focus
    assert (folded, again) == ("false", "true")
    assert wrong == []
    assert "Live TWS" in kept


async def test_a_row_that_moves_up_keeps_the_focus_and_what_is_open(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    async with tab(browser, await fleet.agent.page.address()) as shown:
        opener = shown.page.get_by_role("button", name="Live TWS")
        await opener.focus()
        before = await names(shown)
        await fleet.live.fault("link-lost")
        await shown.page.locator(".row[data-state=problem]", has_text="Live TWS").wait_for()
        after, focus, opened = await names(shown), await shown.focused(), await open_rows(shown)
        header = await shown.text(".overall")
        since = await shown.page.locator(".row", has_text="Live TWS").locator(".since").inner_text()
        count, announced = await shown.text("nav .count"), await shown.text("#announcer")
        await fleet.live.heal()
        await settled(fleet)
        await shown.page.locator(".row[data-state=connected]", has_text="Live TWS").wait_for()
        back = await names(shown)

    assert before.index("Live TWS") == 2
    assert after.index("Live TWS") < 2
    assert back == before
    assert focus.startswith("Live TWS")
    assert opened == ["Backup"]
    assert sorted(header.removeprefix("2 of 3 have a problem: ").split(", ")) == ["Backup", "Live TWS"]
    assert ":" in since
    assert count == "2"
    # Nothing is said anew of those that are as they were.
    assert announced == "Live TWS: TWS has lost its link to IB’s servers"


async def test_since_is_empty_where_it_is_not_known(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    view = several(fleet.agent.page.view(), {"overall": "waiting", "headline_since": None}, {})
    async with tab(browser, await fleet.agent.page.address()) as shown:
        await shown.page.evaluate(DRAW, view)
        since = await shown.page.locator(".row .since").all_inner_texts()

    assert since[0] == ""
    assert since[1] != ""


async def test_the_last_hour_is_told_in_forms_and_in_words(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    states = (
        "before",
        "",
        "connected",
        "problem",
        "warning",
        "unknown",
        "connecting",
        "waiting",
        "maintenance",
        "paused",
    )
    runs = [*([state, 5] for state in states), ["connected", 10]]
    begins = "2026-11-22T08:00:00Z"
    view = several(fleet.agent.page.view(), {"hour": {"begins": begins, "states": runs}}, {})
    async with tab(browser, await fleet.agent.page.address()) as shown:
        real = await shown.page.locator(".row .strip").first.get_attribute("aria-label")
        await shown.page.evaluate(DRAW, view)
        drawn = await shown.page.locator(".legend path").evaluate_all("(all) => all.map((e) => e.getAttribute('d'))")
        words = await shown.page.locator(".row .strip").first.get_attribute("aria-label")
        titles = await shown.page.locator(".row .strip").first.locator("title").all_text_contents()
        span = await shown.text("thead th >> nth=-1")
        legend = await shown.page.locator(".legend li").all_inner_texts()
        wrong = await shown.violations()

    assert real is not None
    assert "before Gatelight was started" in real
    # Each state has a form of its own, so that no colour is needed.
    assert len(set(drawn)) == len({state for state, _ in runs})
    assert words is not None
    assert words.startswith("Last hour: ")
    assert words.endswith("connected, before that 5 more")
    assert titles[0].endswith("before Gatelight was started")
    assert titles[1].endswith("not watched")
    assert [title.rsplit(" ", 1)[1] for title in titles[2:5]] == ["connected", "problem", "warning"]
    assert "Last hour" in span
    assert len(legend) == len({state for state, _ in runs})
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 640, 1024, 1280, 2560])
async def test_the_table_fits_and_has_nothing_against_it(
    width: int, scheme: Scheme, fleet: Fleet, browser: Browser
) -> None:
    await settled(fleet)
    async with tab(browser, await fleet.agent.page.address(), width=width, scheme=scheme) as shown:
        await shown.page.locator(".row").first.wait_for()
        await shown.page.get_by_role("button", name="Paper Gateway connected").click()
        wide, wrong = await shown.wide(), await shown.violations()
        small = await shown.page.locator("main :is(button, summary, a):visible").evaluate_all(
            "(all) => all.filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.innerText)"
        )

    assert (wide, wrong, small) == (0, [], [])


async def test_a_long_name_and_a_long_headline_make_nothing_scroll_sideways(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    long = {"name": "Averylongnamewithoutanyplacetobreakit" * 2, "headline": "W" * 63, "overall": "problem"}
    programs = [{"pid": n, "name": f"program-with-a-long-name-{n}", "since": "2026-11-22T08:00:00Z"} for n in range(40)]
    view = several(fleet.agent.page.view(), {**long, "programs": programs}, {})
    async with tab(browser, await fleet.agent.page.address(), width=360) as shown:
        await shown.page.evaluate(DRAW, view)
        narrow = await shown.wide()
        text = await shown.page.locator(".row .programs").first.inner_text()
        await shown.page.set_viewport_size({"width": 1280, "height": 900})
        wide = await shown.wide()

    assert (narrow, wide) == (0, 0)
    assert text.endswith("program-with-a-long-name-0, program-with-a-long-name-1 and 38 more")


async def test_of_the_last_hour_only_the_slowest_answer_is_told(fleet: Fleet, browser: Browser) -> None:
    """Of each ten seconds only the slowest is kept; the answer just now may have been faster than all of those."""
    await settled(fleet)
    began = int(fleet.agent.world.now().wall)
    slowest = {"latencies": [[began - 20, 2.0], [began - 10, 47.0]], "latency_s": 0.0011, "phase": "connected"}
    view = several(fleet.agent.page.view(), slowest)
    async with tab(browser, await fleet.agent.page.address()) as shown:
        await shown.page.evaluate(DRAW, view)
        told = await shown.text('[data-fact="Answers in"]')

    assert "1.1 ms" in told
    assert "47 ms at most since" in told
    assert "2.0 ms" not in told


BROKEN = """() => [...document.querySelectorAll('.row > th .opener > span, .row > .how strong')].flatMap((cell) => {
  const text = cell.firstChild;
  return [...text.data.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    return new Set([...range.getClientRects()].map((rect) => Math.round(rect.top))).size > 1;
  }).map(([word]) => word);
})"""
"""The words of names and headlines that are broken in two."""


@pytest.mark.parametrize(("width", "most"), [(1040, 3), (1280, 2)])
async def test_a_name_of_many_words_is_wrapped_between_them_and_not_squeezed(
    width: int, most: int, fleet: Fleet, browser: Browser
) -> None:
    await settled(fleet)
    name = "Frankfurt trading desk, IB Gateway paper"  # As long as a name can be.
    ill = {"overall": "problem", "headline": "IB Gateway has lost its link to IB’s servers"}
    programs = [{"pid": n, "name": f"a-program-{n}", "since": "2026-11-22T08:00:00Z"} for n in range(3)]
    view = several(fleet.agent.page.view(), {"name": name, **ill, "programs": programs}, {"name": f"{name[:-1]}2"}, {})
    async with tab(browser, await fleet.agent.page.address(), width=width) as shown:
        await shown.page.evaluate(DRAW, view)
        broken, wide = await shown.page.evaluate(BROKEN), await shown.wide()
        lines = await shown.page.locator(".row > th .opener > span").first.evaluate(
            "(e) => Math.round(e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight))"
        )

    assert (broken, wide) == ([], 0)
    assert lines <= most


async def test_twenty_connections_fit_two_screens(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    worst = "A headline of sixty-three characters, the longest there can be."
    ill = {"overall": "problem", "headline": worst, "next_attempt": "2026-11-22T08:00:00Z"}
    view = several(fleet.agent.page.view(), *[ill] * 10, *[{}] * 10)
    async with tab(browser, await fleet.agent.page.address()) as shown:
        await shown.page.evaluate(DRAW, view)
        height = await shown.page.evaluate("document.documentElement.scrollHeight")
        rows = await shown.page.locator(".row").count()

    assert len(worst) == 63
    assert (rows, height <= 1600) == (20, True), height


# ── one ─────────────────────────────────────────────────────────────────────────────────────────


async def test_data_farms_are_a_line_until_one_is_not_well(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.until(lambda a: len(a.connection.farms) > 3, "farms")
        async with tab(browser, await agent.page.address()) as shown:
            line = await (await shown.sees("data farms, all well", ".facts")).inner_text()
            folded = await shown.page.locator(".well .light").first.is_visible()
            await shown.page.locator(".well > summary").click()
            opened = await shown.page.locator(".well .light").first.is_visible()
            count = await shown.page.locator(".well .light").count()
            await shown.page.locator(".well > summary").click()
            await agent.gateway.fault("market-data-farm-broken")
            ill = shown.page.locator(".lights[data-key=ill] .light")
            await ill.first.wait_for()
            bad, rest = await ill.first.inner_text(), await shown.text(".well > summary")
            table = await shown.page.locator("table").count()

    assert line == f"{count} data farms, all well"
    assert (folded, opened, table) == (False, True, 0)
    assert "broken" in bad
    assert rest == f"{count - 1} others, all well"


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        ("2031-03-03T05:30:00", "2031-03-03T08:00:00", "3 March 05:30 – 08:00"),
        ("2031-03-03T23:30:00", "2031-03-04T00:30:00", "3 March 23:30 – 4 March 00:30"),
    ],
)
async def test_a_time_that_begins_and_ends_on_one_day_names_it_once(
    begins: str, ends: str, said: str, fleet: Fleet, browser: Browser
) -> None:
    async with tab(browser, await fleet.agent.page.address()) as shown:
        told = await shown.page.evaluate(
            "async ([a, b]) => (await import('/dom.js')).period(new Date(a), new Date(b))", [begins, ends]
        )

    assert told == said


# ── nothing ─────────────────────────────────────────────────────────────────────────────────────


async def test_where_nothing_is_watched_there_is_an_hourglass_and_the_way_to_set_up(
    fleet: Fleet, browser: Browser
) -> None:
    await settled(fleet)
    async with tab(browser, await fleet.agent.page.address()) as shown:
        await shown.page.evaluate(DRAW, {**fleet.agent.page.view(), "connections": []})
        words, ticks = await shown.text(), await shown.page.locator("main svg[data-state=connected]").count()
        shapes = await shown.page.locator("main svg.shape").evaluate_all("(all) => all.map((e) => e.dataset.state)")
        wrong = await shown.violations()
        way = await shown.page.get_by_role("link", name="Set up", exact=True).get_attribute("href")

    assert "Nothing is connected yet" in words
    assert (ticks, shapes, wrong, way) == (0, ["waiting"], [], "#/setup")


async def test_where_all_of_several_wait_nothing_is_connected_yet(tmp_path: Path, browser: Browser) -> None:
    starting = SimulatedApplication.start(tmp_path / "gateway", faults=("not-running",))
    async with await starting as gateway:
        others = [ConnectionSettings(name="Live TWS", application=WantedApplication.TWS, port=4711)]
        async with (
            living_agent(tmp_path, gateway=gateway, others=others, timing=PATIENT) as agent,
            tab(browser, await agent.page.address()) as shown,
        ):
            await shown.page.locator(".row[data-state=waiting]").nth(1).wait_for()
            header, words = await shown.text(".overall"), await shown.text()
            ticks = await shown.page.locator("svg.shape[data-state=connected]").count()
            ways = await shown.page.get_by_role("link", name="Set up", exact=True).count()
            since = await shown.page.locator(".row .since").all_inner_texts()

    assert header == "Nothing is connected yet"
    assert "Nothing is connected yet" in words
    assert (ticks, ways, since) == (0, 1, ["", ""])


async def test_what_is_not_watched_has_no_tick(tmp_path: Path, browser: Browser) -> None:
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        agent.loop.post(UserAsked(Disconnect("Paper Gateway")))
        await agent.world.until(lambda a: a.connection.phase == "idle", "not watched")
        async with tab(browser, await agent.page.address()) as shown:
            await shown.page.get_by_role("button", name="Watch Paper Gateway", exact=True).wait_for()
            marks = await shown.page.locator(".brand .shape, .glance .shape").evaluate_all(
                "(all) => all.map((e) => e.dataset.state)"
            )
            path = await shown.text(".path")

    assert marks == ["paused", "paused"]
    assert "not watched" in path


# ── the menu of views ───────────────────────────────────────────────────────────────────────────


async def test_tabs_that_do_not_fit_show_that_they_go_on(fleet: Fleet, browser: Browser) -> None:
    async with tab(browser, await fleet.agent.page.address(), width=360) as shown:
        on, back = shown.page.locator("#views .on"), shown.page.locator("#views .back")
        await on.wait_for()
        first = await back.is_visible()
        await on.click()
        await back.wait_for()
        await shown.go("settings")
        inside = await shown.page.evaluate(
            """() => {
              const [tab, list] = [document.querySelector('[aria-current]'), document.querySelector('#views ul')];
              const [its, all] = [tab.getBoundingClientRect(), list.getBoundingClientRect()];
              return [its.left >= all.left && its.right <= all.right + 1, tab.innerText];
            }"""
        )
        last = await on.is_visible()
        await shown.page.locator("#views a").first.focus()
        reached = await shown.page.locator("#views ul").evaluate("(list) => list.scrollLeft")
        for _ in range(3):
            await shown.page.keyboard.press("Tab")
        moved = await shown.page.locator("#views ul").evaluate("(list) => list.scrollLeft")
        await shown.page.set_viewport_size({"width": 1280, "height": 900})
        await on.wait_for(state="hidden")
        both = await on.is_visible() or await back.is_visible()

    assert not first
    assert inside == [True, "Settings"]
    assert not last
    assert reached == 0
    assert moved > 0
    assert not both


async def test_a_view_is_sent_in_little(fleet: Fleet) -> None:
    await settled(fleet)
    hours = [len(json.dumps(c["hour"])) for c in fleet.agent.page.view()["connections"]]

    assert max(hours) < 400


# ── a hundred ───────────────────────────────────────────────────────────────────────────────────

PROBLEM = {"overall": "problem", "words": "problem", "headline": "IB Gateway is not running"}
WARNING = {"overall": "warning", "words": "warning", "headline": "IB’s market data farm is out of reach"}


@pytest.mark.parametrize("width", [1200, 360])
async def test_a_hundred_in_five_places_are_groups_that_unfold(fleet: Fleet, browser: Browser, width: int) -> None:
    await settled(fleet)
    places = ("lon", "nyc", "ams", "fra", "hkg")
    ill = {"nyc-03", "nyc-11", *(f"fra-{n:02}" for n in range(1, 21))}
    named = [f"{place}-{n:02}" for place in places for n in range(1, 21)]
    made = several(fleet.agent.page.view(), *({"name": n, **(PROBLEM if n in ill else {})} for n in named))
    states = [
        Grouped(name, "127.0.0.1", IconState.PROBLEM if name in ill else IconState.CONNECTED, "IB Gateway is away")
        for name in named
    ]
    told = [
        {
            "name": g.name,
            "overall": g.state.value,
            "words": g.words,
            "crowded": bool(g.crowd),
            "connections": [named[m] for m in g.members],
        }
        for g in groups_of(states)
    ]
    async with tab(browser, await fleet.agent.page.address(), width=width) as shown:
        await shown.page.locator(".row").first.wait_for()
        await shown.page.evaluate(DRAW, {**made, "groups": told})
        heads = await shown.page.locator(".crowd").all_inner_texts()
        listed = await names(shown)
        if PICTURES:
            await shown.page.screenshot(path=Path(PICTURES) / f"groups-{width}.png")
        whole = shown.page.get_by_role("button", name="fra all 20 with a problem")
        await whole.click()
        unfolded = await names(shown)
        if PICTURES:
            await shown.page.screenshot(path=Path(PICTURES) / f"groups-unfolded-{width}.png", full_page=True)
        await whole.press("Enter")
        again = await names(shown)
        await shown.page.locator(".finder input").fill("hkg-0")
        sought, groups = await names(shown), await shown.page.locator(".crowd").count()
        wider = await shown.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert [" ".join(head.split()) for head in heads] == [
        "nyc 2 with a problem, 18 connected",
        "fra all 20 with a problem; IB Gateway is away (20)",
        "lon all 20 connected",
        "ams all 20 connected",
        "hkg all 20 connected",
    ]
    assert listed == again == ["nyc-03", "nyc-11"]
    assert len(unfolded) == 22
    assert (len(sought), groups) == (9, 0)
    assert wider <= 0


async def test_what_is_wrong_is_told_worst_first_over_all_connections(fleet: Fleet, browser: Browser) -> None:
    await settled(fleet)
    severities = ("info", "warning", "error")
    told = [{"problems": [{"code": s, "title": s, "severity": s, "visible": True}]} for s in severities]
    view = several(fleet.agent.page.view(), *told)
    async with tab(browser, await fleet.agent.page.address()) as shown:
        order = await shown.page.evaluate(
            "async (view) => (await import('/parts.js')).visible(view).map(({ problem }) => problem.code)", view
        )

    assert order == ["error", "warning", "info"]


@pytest.mark.parametrize("width", [1200, 360])
async def test_of_a_hundred_those_that_are_well_are_folded_and_can_be_sought(
    fleet: Fleet, browser: Browser, width: int
) -> None:
    await settled(fleet)
    hundred = [{"name": f"gw-{n:03}", "port": 4100 + n, **(PROBLEM if n % 40 == 0 else {})} for n in range(100)]
    hundred[1] |= WARNING
    async with tab(browser, await fleet.agent.page.address(), width=width) as shown:
        await shown.page.locator(".row").first.wait_for()
        await shown.page.evaluate(DRAW, several(fleet.agent.page.view(), *hundred))
        ill, counted = await names(shown), await shown.text(".finder p")
        folded = await shown.text(".fold")
        if PICTURES:
            await shown.page.screenshot(path=Path(PICTURES) / f"hundred-{width}.png")
        await shown.page.locator(".finder input").fill("gw-09 connected")
        found, how_many = await names(shown), await shown.text(".finder p")
        await shown.page.locator(".finder input").fill("nothing like this")
        none = await names(shown)
        await shown.page.locator(".finder input").fill("")
        await shown.page.locator(".fold button").click()
        every = await names(shown)
        if PICTURES:
            await shown.page.screenshot(path=Path(PICTURES) / f"hundred-all-{width}.png", full_page=True)
        wider = await shown.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert ill == ["gw-000", "gw-040", "gw-080", "gw-001"]
    assert counted == "3 with a problem, 1 with a warning, 96 connected"
    assert folded.startswith("The other 96 are connected.")
    assert (len(found), how_many) == (10, "10 of 100 fit")
    assert none == []
    assert len(every) == 100
    assert wider <= 0
