"""Set-up and the market data self-test in a real browser, with a real agent and a simulated TWS behind them."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from agent.config.reading import load
from agent.core.settings import ConnectionSettings, Intent, WantedApplication, WantedMode
from agent.simulator.world import SimulatedApplication
from agent.tws.api_settings import ApiSettings, Configuration
from agent.tws.applications import ApplicationKind, TradingMode
from tests.page.browser import PATIENCE_MS, Scheme, Tab, chromium, tab
from tests.page.set_up_agent import SetUpAgent, first_run
from tests.trading_program import trading_program

WRITABLE = Configuration(settings=ApiSettings(read_only_api=False))
GATEWAY, TWS = ApplicationKind.GATEWAY, ApplicationKind.TWS


expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture
def folder() -> Iterator[Path]:
    # The test runner's own folders have paths that are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="gl-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def application(folder: Path, name: str, kind: ApplicationKind = GATEWAY, **more: Any) -> Any:
    place = folder / "tws" / name
    place.mkdir()
    return SimulatedApplication.start(place, kind=kind, configuration=WRITABLE, tick_seconds=0.05, **more)


async def step(page: Page, id: str, state: str) -> None:
    found = page.locator(f".setup > li[data-key={id}]")
    await expect(found).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


def now(page: Page, id: str) -> Locator:
    """The step where it is the one that is open."""
    return page.locator(f".setup > li[data-key={id}][aria-current=step]")


async def answer(page: Page, *labels: str) -> None:
    """Answer the question that is open, and those after it."""
    for label in labels:
        choice = page.locator(".asked").get_by_role("radio", name=label)
        await choice.check()
        await page.get_by_role("button", name="Next").click()
        await expect(choice).to_have_count(0)


async def clean(shown: Tab) -> None:
    """No violation of accessibility rules, and nothing wider than the window."""
    assert await shown.violations() == []
    assert await shown.wide() <= 0


PAPER = ("IB Gateway", "paper trading", "trade: send orders")


async def test_from_nothing_to_a_greeted_program_with_two_wrong_turns(browser: Browser, folder: Path) -> None:
    async with first_run(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await step(page, "application", "to-do")
        await expect(page.get_by_role("heading", name="4 questions first")).to_be_visible()
        await clean(shown)
        await answer(page, *PAPER, "Quantower")
        await expect(now(page, "application")).to_contain_text("IB Gateway was not found on this computer")
        await clean(shown)

        # The first wrong turn: the other application.
        async with await application(folder, "tws", TWS):
            await expect(page.get_by_text("TWS does. The two have settings of their own")).to_be_visible()
            await expect(page.get_by_role("link", name="Download IB Gateway")).to_be_visible()
            await expect(page.get_by_role("button", name="Change the answer")).to_be_visible()

        # The second: real money instead of paper.
        async with await application(folder, "live", mode=TradingMode.LIVE, logged_in=False) as live:
            await expect(now(page, "logged-in").get_by_role("heading", name="3. Log in to IB Gateway")).to_be_visible()
            await expect(
                page.get_by_role("img", name="The log-in screen of IB Gateway. Marked: IB API.")
            ).to_be_visible()
            await clean(shown)
            await live.log_in()
            await step(page, "connect", "done")
            await expect(now(page, "mode")).to_contain_text("U•••567")

        async with await application(folder, "paper") as paper:
            await expect(now(page, "configuration")).to_contain_text("a new connection: “Paper Gateway”")
            assert not agent.places.config.exists()
            await page.get_by_role("button", name="Save", exact=True).click()
            await expect(now(page, "program")).to_contain_text("Quantower is not connected yet")
            await expect(page.get_by_role("heading", name="All but your program")).to_be_visible()
            await expect(page.locator("[data-result=green]")).to_have_count(0)
            await clean(shown)
            async with trading_program(folder, paper.port, 11) as pid:
                greeting = page.get_by_role("heading", name=f"Quantower is connected (quantower, pid {pid})")
                await expect(greeting).to_be_visible()
                await step(page, "program", "done")
                await expect(page.locator("li[aria-current]")).to_have_count(0)
                await clean(shown)
            await expect(page.get_by_role("heading", name="All but your program")).to_be_visible()

    assert load(agent.places.config).connections == (
        ConnectionSettings("Paper Gateway", WantedApplication.GATEWAY, WantedMode.PAPER, intent=Intent.TRADE),
    )


async def test_one_question_is_open_and_answered_in_advance_from_what_runs(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await step(page, "connect", "done")
        for suggested in ("IB Gateway", "paper trading", "trade: send orders", "another program"):
            await expect(page.locator(".asked")).to_have_count(1)
            await expect(page.get_by_role("radio", name=suggested)).to_be_checked()
            await expect(page.locator("li[aria-current]")).to_have_count(0)
            await page.get_by_role("button", name="Next").click()
            await expect(page.get_by_role("radio", name=suggested)).to_have_count(0)
        await expect(page.locator("li[aria-current]")).to_have_count(1)
        await page.get_by_text("Your answers").click()
        await page.get_by_role("button", name="Change: Live or paper trading?").click()
        await page.get_by_role("button", name="Back").click()
        await expect(page.get_by_role("radio", name="IB Gateway")).to_be_checked()
        await answer(page, "IB Gateway")
        await expect(page.locator("details.questions")).to_contain_text("IB Gateway · paper trading")


async def test_host_port_and_client_id_are_copied_with_a_click(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await answer(page, *PAPER, "a Python program with ib_async")
        await page.get_by_role("button", name="Save", exact=True).click()
        program = now(page, "program")
        fields = program.locator(".to-type > div")
        await expect(fields).to_have_count(3)
        for label in ("Host", "Port", "Client ID"):
            field = fields.filter(has=page.locator("dt", has_text=re.compile(f"^{label}$")))
            value = await field.locator("code").inner_text()
            await field.get_by_role("button", name=f"Copy {value}").click()
            assert await page.evaluate("navigator.clipboard.readText()") == value
        await expect(program).to_contain_text("ib.connect('127.0.0.1'")


async def test_what_is_optional_is_neutral_and_below(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await answer(page, *PAPER, "another program")
        extras = page.get_by_role("region", name="If you like")
        await expect(extras.locator("li")).to_have_count(4)
        for id in ("market-data", "test-notice", "at-login"):
            await expect(extras.locator(f"li[data-key={id}] svg")).to_have_attribute("data-state", "off")
        await extras.get_by_text("Test market data").click()
        await extras.get_by_label("Symbol").fill("aapl")
        await page.keyboard.press("Enter")
        await step(page, "market-data", "done")
        await expect(extras.get_by_text("AAPL: live prices")).to_be_visible()
        await extras.get_by_role("heading", name="Send a test notice").click()
        await extras.get_by_role("button", name="Send a test notice").click()
        await extras.get_by_role("button", name="I saw it").click()
        await step(page, "test-notice", "done")
        await clean(shown)
        # Nothing of it is written, and nothing of it was missing.
        await expect(now(page, "configuration")).to_be_visible()
        assert not agent.places.config.exists()

    assert [n.key for n in agent.world.notices if n.key == "setup/test"] == ["setup/test"]


async def test_another_connection_is_chosen_on_top(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await expect(page.get_by_label("Connection", exact=True)).to_have_count(0)
        await answer(page, *PAPER, "another program")
        await page.get_by_role("button", name="Save", exact=True).click()
        chooser = page.get_by_label("Connection", exact=True)
        await expect(chooser).to_have_value("Paper Gateway")
        await chooser.select_option("+ new connection")
        await expect(page.get_by_role("heading", name="4 questions first")).to_be_visible()
        await answer(page, "TWS", "live trading", "trade: send orders", "another program")
        await expect(chooser).to_have_value("")
        await chooser.select_option("Paper Gateway")
        await expect(page.get_by_role("radio", name="another program")).to_be_visible()
        await clean(shown)


async def test_a_step_can_be_put_off_and_taken_up(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await answer(page, *PAPER, "another program")
        await now(page, "configuration").get_by_role("button", name="Later").click()
        await expect(now(page, "program")).to_be_visible()
        later = page.locator("li[data-key=configuration]")
        await expect(later).to_contain_text("To do, put off")
        await later.locator("summary").click()
        await later.get_by_role("button", name="Do it now").click()
        await expect(now(page, "configuration")).to_be_visible()


async def test_everything_can_be_done_with_the_keyboard_alone(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await step(page, "connect", "done")
        await page.get_by_role("radio", name="IB Gateway").focus()
        await page.keyboard.press("Enter")
        # The next question has the focus; within it the arrows choose.
        await expect(page.get_by_role("radio", name="paper trading")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("radio", name="live trading")).to_be_checked()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("radio", name="trade: send orders")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("radio", name="another program")).to_be_focused()
        await page.keyboard.press("Enter")
        await step(page, "mode", "to-do")
        await expect(page.get_by_role("heading", name="Check live or paper")).to_be_focused()
        await press(page, "Change the answer")
        await expect(page.get_by_role("radio", name="live trading")).to_be_focused()
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await step(page, "mode", "done")
        await press(page, "Save")
        await step(page, "configuration", "done")

    assert load(agent.places.config).connections[0].trading_mode is WantedMode.PAPER


async def press(page: Page, name: str) -> None:
    """Go to a button with Tab and press it."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == name:
            await page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


@asynccontextmanager
async def beside_gateway(folder: Path, *faults: str) -> AsyncIterator[SetUpAgent]:
    """An agent on its first run beside an IB Gateway that is logged in."""
    async with first_run(folder) as agent, await application(folder, "paper", faults=faults):
        yield agent


# 640 of 1280 pixels: 200 % zoom.
@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (360, "dark"), (640, "light"), (1280, "dark"), (3840, "light")]
)
async def test_it_fits_every_screen(browser: Browser, folder: Path, width: int, scheme: Scheme) -> None:
    async with (
        beside_gateway(folder) as agent,
        tab(browser, await agent.page.address("setup"), width=width, scheme=scheme) as shown,
    ):
        page = shown.page
        await step(page, "connect", "done")
        await clean(shown)
        await answer(page, *PAPER, "MultiCharts")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(now(page, "program")).to_contain_text("client ID 12")
        for line in await page.locator("details.line > summary").all():
            await line.click()
        await clean(shown)
        await shown.go("data")
        await page.get_by_label("Symbols").fill("AAPL, NOSUCH")
        await page.get_by_role("button", name="Test now").click()
        await expect(page.get_by_role("article", name="NOSUCH")).to_contain_text("No such contract")
        await clean(shown)


@pytest.mark.parametrize(
    ("fault", "headline", "remedy"),
    [
        ("not-subscribed", "Delayed prices", "Market Data Subscriptions"),
        ("competing-session", "Refused: another session of the same user", "Log out of the web portal"),
        ("market-closed", "Frozen prices: the market is closed", ""),
        ("lines-exhausted", "Refused: all market data lines are in use", "Ctrl-Alt-="),
    ],
)
async def test_each_state_of_market_data_is_shown_with_its_remedy(
    browser: Browser, folder: Path, fault: str, headline: str, remedy: str
) -> None:
    async with beside_gateway(folder, fault) as agent, tab(browser, await agent.page.address("data")) as shown:
        page = shown.page
        await expect(page.get_by_label("Symbols")).to_be_visible()
        await expect(page.get_by_role("status").filter(has_text="connect first")).to_have_count(0)
        await page.get_by_label("Symbols").fill("AAPL")
        await page.get_by_role("button", name="Test now").click()
        card = page.get_by_role("article", name="AAPL")
        await expect(card).to_contain_text(headline)
        await expect(card).to_contain_text(remedy)
        await expect(page.locator("#not-now")).to_contain_text("test again at")
        await clean(shown)


async def test_the_seconds_since_a_test_count_on_without_an_answer_for_each(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder, "not-subscribed") as agent, tab(browser, await agent.page.address()) as shown:
        page = shown.page
        await page.clock.install()
        await page.reload()
        await shown.go("data")
        await page.get_by_label("Symbols").fill("AAPL")
        await page.get_by_role("button", name="Test now").click()
        await expect(page.get_by_role("article", name="AAPL")).to_contain_text("Delayed prices")
        unanswered = asyncio.Event()
        await page.route("**/api/data-test*", lambda _: unanswered.wait())
        await page.clock.run_for(10_000)
        told = await shown.text(".answer")
        unanswered.set()

    assert re.search(r", \d+ s ago ", told)


async def test_what_cannot_be_tested_is_said_in_one_sentence(browser: Browser, folder: Path) -> None:
    async with first_run(folder) as agent, tab(browser, await agent.page.address("data")) as shown:
        page = shown.page
        await expect(page.locator("#not-now")).to_contain_text("connect first")
        async with await application(folder, "paper"):
            await expect(page.locator("#not-now")).to_be_empty()
            await page.get_by_label("Symbols").fill("EURUSD")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("write “EUR.USD” for “EURUSD”")).to_be_visible()
        # The browser itself remarks that the answer was a refusal, and nothing else went wrong.
        assert len(shown.complaints) == 1
        assert "409" in shown.complaints.pop()
