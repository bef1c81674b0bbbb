"""The view History in a real browser, of a history that was filled by values: never well where no agent watched."""

import time
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from agent.history.spans import Changes, LatencyMinute, Span, SpanKind
from agent.history.store import NOT_WATCHED, Store
from agent.history.writer import HISTORY_FILE
from tests.page.browser import Scheme, Tab, tab
from tests.page.living import LivingAgent

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "Paper Gateway"
HOUR = 3600.0
DAY = 24 * HOUR
RUN = Span("", SpanKind.RUN, "0.1.0")
WELL, ILL, EXPECTED = (Span(NAME, SpanKind.STATE, what) for what in ("connected", "problem", "maintenance"))
BOT = Span(NAME, SpanKind.PROGRAM, "night-bot")
LOST = Span(NAME, SpanKind.PROBLEM, "server-link-lost", "error", "IB Gateway has lost its link to IB")
STOPPED = Span(NAME, SpanKind.PROBLEM, "app-not-running", "error", "IB Gateway does not run")


@pytest_asyncio.fixture(loop_scope="module")
async def agent(living: LivingAgent) -> AsyncIterator[LivingAgent]:
    """The agent without a history."""
    yield living
    for file in living.places.data.glob(f"{HISTORY_FILE}*"):
        file.unlink()


def keep(agent: LivingAgent, *many: Changes) -> None:
    """A history, of an agent that was heard of just now."""
    store = Store(agent.places.data / HISTORY_FILE)
    store.write((*many, Changes(time.time())))
    store.close()


def some_days(now: float) -> Iterable[Changes]:
    """Four days: an outage with a bot, a day without an agent after one whose end was not seen, one that lasts."""
    began = now - 4 * DAY
    yield Changes(
        began,
        begun=((RUN, began), (WELL, began), (BOT, began)),
        latencies=tuple(LatencyMinute(NAME, int(began // 60) + n, 0.048, 0.002, 6) for n in range(120)),
    )
    lost = began + 6 * HOUR
    yield Changes(lost, ended=(WELL,), begun=((ILL, lost), (LOST, lost)))
    yield Changes(lost + 1.8 * HOUR, ended=(ILL, LOST), begun=((EXPECTED, lost + 1.8 * HOUR),), ends={LOST: "over"})
    yield Changes(lost + 3.8 * HOUR, ended=(EXPECTED,), begun=((WELL, lost + 3.8 * HOUR),))
    stopped = began + DAY
    yield Changes(stopped, ended=(WELL, BOT), begun=((ILL, stopped), (STOPPED, stopped)))
    killed = stopped + HOUR
    yield Changes(killed, ended=(ILL, STOPPED, RUN), ends={STOPPED: NOT_WATCHED})
    again = killed + DAY
    yield Changes(again, begun=((RUN, again), (WELL, again)))
    yield Changes(now - 600, ended=(WELL,), begun=((ILL, now - 600), (LOST, now - 600)))


@pytest.fixture
def filled(agent: LivingAgent) -> LivingAgent:
    keep(agent, *some_days(time.time()))
    return agent


async def history(shown: Tab) -> None:
    await shown.go("history")
    await shown.page.locator(".nothing, .past-of, .note").first.wait_for()
    # What is in a card has no words before the browser has found out that it is in sight.
    await shown.page.wait_for_function(
        "() => document.querySelector('.past-of *')?.checkVisibility({ contentVisibilityAuto: true }) ?? true"
    )


async def rows(shown: Tab, section: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    every = await shown.page.locator(f"[data-key={section}] tbody tr").all()
    return [await row.locator("th, td").all_inner_texts() for row in every]


async def test_without_a_history_nothing_is_claimed(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await history(shown)
        text = await shown.text()
        pictures = await shown.page.locator("main svg").count()
        wrong = await shown.violations()

    assert "Nothing is kept yet" in text
    assert "%" not in text
    assert (pictures, wrong) == (0, [])


async def test_a_damaged_file_is_told_in_a_sentence(agent: LivingAgent, browser: Browser) -> None:
    (agent.places.data / HISTORY_FILE).write_bytes(b"no database" * 1000)
    async with tab(browser, await agent.page.address()) as shown:
        await history(shown)
        told = await shown.text(".note")
        cards = await shown.page.locator(".card").count()
        # The browser itself complains about the refusal.
        shown.complaints.clear()

    assert "cannot be read: the agent sets a damaged one aside when it starts next." in told
    assert cards == 0


async def test_outages_have_length_cause_and_programs_and_what_was_not_seen_is_said(
    filled: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await filled.page.address()) as shown:
        await history(shown)
        outages = await rows(shown, "outages")
        causes = await rows(shown, "causes")
        text = await shown.text()

    assert [row[1:] for row in outages] == [
        ["10 min so far", LOST.title, "no program that is known"],
        ["1 h at least: its end was not watched", STOPPED.title, "night-bot"],
        ["1 h 48 min", LOST.title, "night-bot"],
    ]
    # Nothing is counted from before the first thing that was kept.
    assert [row[0] for row in causes] == [
        "Not watched: Gatelight did not run",
        "Expected outage: IB’s reset, the weekend or a planned restart",
        f"Link to IB’s servers\n{LOST.title}",
        f"The application\n{STOPPED.title}",
    ]
    assert [row[1:] for row in causes] == [
        ["24 h", "1", "24 h"],
        ["2 h", "1", "2 h"],
        ["1 h 58 min", "2", "1 h 48 min"],
        ["1 h", "1", "1 h"],
    ]
    assert "Nothing is kept from before" in text
    assert "100 %" not in without_scale(text)


def without_scale(text: str) -> str:
    """Without the words that say what a full bar is."""
    return text.replace("a full bar is 100 %", "")


async def test_every_state_has_a_form_of_its_own_and_the_gap_is_never_well(
    filled: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await filled.page.address()) as shown:
        await history(shown)
        legend = await shown.page.locator(".legend li").all_inner_texts()
        forms = await shown.page.locator(".legend path").evaluate_all("(all) => all.map((e) => e.getAttribute('d'))")
        runs = await shown.page.locator(".pictures .strip g[data-was]").evaluate_all(
            "(all) => all.map((g) => [g.dataset.was, g.querySelector('title').textContent])"
        )

    assert [words.strip() for words in legend] == [
        "problem", "expected outage", "not watched", "well", "expected outage, still to come", "IB ends all log-ins",
    ]  # fmt: skip
    assert len(set(forms)) == 6
    coming = [was for was, _ in runs if was in ("ahead", "login")]
    assert runs[len(runs) - len(coming) :] == [run for run in runs if run[0] in ("ahead", "login")]
    runs = runs[: len(runs) - len(coming)]
    # Three days before anything was kept, then what was kept, with a day in between.
    assert [was for was, _ in runs] == [
        "nothing", "connected", "problem", "maintenance", "connected", "problem", "nothing", "connected", "problem",
    ]  # fmt: skip
    assert all(words.endswith(": not watched") for was, words in runs if was == "nothing")


async def test_what_comes_is_on_the_strip_and_in_a_list_that_says_how_it_is_known(
    filled: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await filled.page.address()) as shown:
        await history(shown)
        few = await rows(shown, "coming")
        await shown.page.get_by_role("button", name="Show all").focus()
        await shown.page.keyboard.press("Enter")
        await shown.page.wait_for_function("() => document.querySelectorAll('[data-key=coming] tbody tr').length > 8")
        every = await rows(shown, "coming")
        text = await shown.text("[data-key=coming]")
        parts = await shown.page.locator(".strip .now").count()
        wrong = await shown.violations()

    assert len(few) == 8
    assert every[:8] == few
    assert {row[2] for row in every} >= {"IB resets its European servers", "IB’s weekend maintenance"}
    assert sum(row[2].startswith("IB ends all log-ins") for row in every) >= 1
    # The history that was put there does not tell whose servers are used, nor when the application restarts.
    assert "Which of IB’s servers this log-in is on is not known" in text
    assert "When the application restarts every day is not known" in text
    assert (parts, wrong) == (1, [])


LEFT = """(e) => {
  const range = document.createRange();
  range.selectNodeContents(e);
  return range.getBoundingClientRect().left;
}"""
"""Where the text of an element begins."""


async def test_a_button_without_a_frame_begins_below_the_text_above_it(filled: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await filled.page.address()) as shown:
        await history(shown)
        above = await shown.page.locator("[data-key=coming] h3").evaluate(LEFT)
        more = await shown.page.get_by_role("button", name="Show all").evaluate(LEFT)

    assert abs(more - above) < 1


async def test_all_outages_are_listed_once_they_are_wanted(agent: LivingAgent, browser: Browser) -> None:
    began, many = time.time() - DAY, 30
    changes = [Changes(began, begun=((RUN, began), (WELL, began)))]
    for at in (began + HOUR + n * 1800 for n in range(many)):
        changes.append(Changes(at, ended=(WELL,), begun=((ILL, at), (LOST, at))))
        changes.append(Changes(at + 300, ended=(ILL, LOST), begun=((WELL, at + 300),)))
    keep(agent, *changes)
    async with tab(browser, await agent.page.address()) as shown:
        await history(shown)
        told, few = await shown.text("[data-key=outages] h3"), await rows(shown, "outages")
        # As many may be to come, at some hours.
        await shown.page.locator("[data-key=outages]").get_by_role("button", name=f"Show all {many}").focus()
        await shown.page.keyboard.press("Enter")
        await shown.page.wait_for_function("() => document.querySelectorAll('[data-key=outages] tbody tr').length > 8")
        every = await rows(shown, "outages")
        more = await shown.page.locator("[data-key=outages] button").count()

    assert (told, len(few), len(every), more) == (f"{many} outages", 8, many, 0)
    assert every[:8] == few


async def test_cards_below_the_window_make_a_narrow_page_no_wider(agent: LivingAgent, browser: Browser) -> None:
    began = time.time() - DAY
    well = [Span(f"Gateway {n}", SpanKind.STATE, "connected") for n in range(20)]
    keep(agent, Changes(began, begun=((RUN, began), *((one, began) for one in well))))
    async with tab(browser, await agent.page.address(), width=400) as shown:
        await history(shown)
        cards, wider = await shown.page.locator(".past-of").count(), await shown.wide()

    assert (cards, wider) == (20, 0)


@pytest.mark.parametrize("width", [1200, 400])
async def test_of_a_hundred_the_least_well_come_first_and_others_are_sought(
    agent: LivingAgent, browser: Browser, width: int
) -> None:
    began = time.time() - DAY
    well = [Span(f"gw-{n:03}", SpanKind.STATE, "connected") for n in range(100)]
    ill = Span("gw-070", SpanKind.STATE, "problem")
    keep(
        agent,
        Changes(began, begun=((RUN, began), *((one, began) for one in well))),
        Changes(began + HOUR, ended=(well[70],), begun=((ill, began + HOUR),)),
    )
    titles = "() => [...document.querySelectorAll('.past-of h2')].map((one) => one.textContent)"
    async with tab(browser, await agent.page.address(), width=width) as shown:
        await history(shown)
        first, told = await shown.page.evaluate(titles), await shown.text(".finder p")
        await shown.page.locator(".finder input").fill("gw-09")
        sought, fit = await shown.page.evaluate(titles), await shown.text(".finder p")
        await shown.page.locator(".finder input").fill("")
        await shown.page.get_by_role("button", name="Show the other 90").click()
        every, wider = await shown.page.evaluate(titles), await shown.wide()

    assert (first[0], len(first)) == ("gw-070", 10)
    assert told == "100 connections; here are 10, the least well first"
    assert (sought, fit) == ([f"gw-09{n}" for n in range(10)], "10 of 100 fit")
    assert (len(every), wider) == (100, 0)


async def test_today_goes_on_to_tomorrow(filled: LivingAgent, browser: Browser) -> None:
    days = [datetime.now().astimezone() + timedelta(days=n) for n in range(3)]
    async with tab(browser, await filled.page.address()) as shown:
        await history(shown)
        await shown.page.locator("#range-7").focus()
        await shown.page.keyboard.press("ArrowLeft")
        await shown.page.wait_for_function(
            "() => !document.querySelector('.daily') && document.querySelector('.strip .now')"
        )
        begins = await shown.page.locator(".strip [data-was=ahead] title").evaluate_all(
            "(all) => all.map((title) => title.textContent)"
        )

    assert begins
    # The third day is for a test that began just before midnight.
    assert all(told.startswith(tuple(f"{day:%a} {day.day} {day:%b} " for day in days)) for told in begins)


async def test_another_range_is_chosen_by_keyboard_and_the_tables_open_by_it(
    filled: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await filled.page.address()) as shown:
        await history(shown)
        bars = shown.page.locator(".daily g")
        week = await bars.count()
        await shown.page.locator("#range-7").focus()
        await shown.page.keyboard.press("ArrowRight")
        await shown.page.wait_for_function("() => document.querySelectorAll('.daily g').length === 30")
        focused = await shown.page.evaluate("document.activeElement.id")
        await shown.page.get_by_text("The states as a table").focus()
        await shown.page.keyboard.press("Enter")
        states = shown.page.locator("[data-key='states of Paper Gateway'] tbody tr")
        await states.first.wait_for()
        first = await states.first.locator("td").all_inner_texts()
        await shown.page.get_by_text("The answers as a table").focus()
        await shown.page.keyboard.press("Enter")
        await shown.page.locator("[data-key='answers of Paper Gateway'] tbody tr").first.wait_for()
        answers = await rows(shown, "'answers of Paper Gateway'")
        await shown.page.get_by_text("The days as a table").focus()
        await shown.page.keyboard.press("Enter")
        await shown.page.locator("[data-key='days of Paper Gateway'] tbody tr").first.wait_for()
        days = await rows(shown, "'days of Paper Gateway'")
        wrong = await shown.violations()

    assert (week, focused) == (7, "range-30")
    assert first[1:] == ["10 min", "problem"]
    assert {row[1] for row in answers} == {"48 ms"}
    assert len(days) == 30
    assert {row[1] for row in days if row[-2] == "24 h"} == {"does not count"}
    assert [row[-1] for row in days if row[-1] != "not known"][-1] == "48 ms"
    assert wrong == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (640, "dark"), (2560, "dark")])
async def test_it_fits_every_window_and_has_nothing_against_eyes(
    width: int, scheme: Scheme, filled: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await filled.page.address(), width=width, scheme=scheme) as shown:
        await history(shown)
        await shown.page.evaluate("document.querySelectorAll('details.behind').forEach((one) => { one.open = true })")
        await shown.page.locator("[data-key='states of Paper Gateway'] tbody tr").first.wait_for()
        wide, wrong = await shown.wide(), await shown.violations()
        clipped = await shown.page.locator(".pictures svg").evaluate_all(
            "(all) => all.filter((e) => e.getBoundingClientRect().right > innerWidth).length"
        )

    assert (wide, wrong, clipped) == (0, [], 0)


async def test_on_paper_there_are_pictures_and_no_buttons(filled: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await filled.page.address()) as shown:
        await history(shown)
        await shown.page.emulate_media(media="print")
        seen = await shown.page.locator(".pictures svg").evaluate_all("(all) => all.every((e) => e.checkVisibility())")
        hidden = await shown.page.locator("button, .switch, .behind").evaluate_all(
            "(all) => all.filter((e) => e.checkVisibility()).length"
        )

    assert (seen, hidden) == (True, 0)
