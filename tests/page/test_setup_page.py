"""Set-up and the market data self-test in a real browser, with a real agent and a simulated TWS behind them."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from agent.config.reading import load
from agent.core.settings import ConnectionSettings, Intent, WantedApplication, WantedMode
from agent.simulator.world import SimulatedApplication
from agent.tws.api_settings import ApiSettings, Configuration
from agent.tws.applications import ApplicationKind, TradingMode
from tests.page.browser import PATIENCE_MS, Scheme, Tab, chromium, tab
from tests.page.set_up_agent import SetUpAgent, first_run

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
    found = page.locator(f"ol.setup > li[data-key={id}]")
    await expect(found).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


async def clean(shown: Tab) -> None:
    """No violation of accessibility rules, and nothing wider than the window."""
    assert await shown.violations() == []
    assert await shown.wide() <= 0


async def test_from_nothing_to_connected_with_two_wrong_turns(browser: Browser, folder: Path) -> None:
    async with first_run(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await step(page, "application", "to-do")
        await expect(page.get_by_text("Neither TWS nor IB Gateway was found on this computer")).to_be_visible()
        which = page.get_by_role("group", name="Which application do your")
        await which.get_by_role("radio", name="IB Gateway").check()
        await page.get_by_role("radio", name="paper trading").check()
        await page.get_by_role("radio", name="trade: send orders").check()
        await page.get_by_label("Which symbol is market data").fill("aapl")
        await page.keyboard.press("Enter")
        await clean(shown)

        # The first wrong turn: the other application.
        async with await application(folder, "tws", TWS):
            await expect(page.get_by_text("TWS does. The two have settings of their own")).to_be_visible()
            await expect(page.get_by_role("button", name="Change the answers")).to_be_visible()

        # The second: real money instead of paper.
        async with await application(folder, "live", mode=TradingMode.LIVE, logged_in=False) as live:
            await step(page, "running", "done")
            await step(page, "logged-in", "to-do")
            await expect(
                page.get_by_role("img", name="The log-in screen of IB Gateway. Marked: IB API.")
            ).to_be_visible()
            await clean(shown)
            await live.log_in()
            await step(page, "connect", "done")
            await step(page, "mode", "to-do")
            await expect(
                page.get_by_text("account U•••567").or_(page.get_by_text("U•••567: live")).first
            ).to_be_visible()

        async with await application(folder, "paper"):
            await step(page, "mode", "done")
            assert not agent.places.config.exists()
            await page.get_by_role("button", name="Test AAPL now").click()
            await step(page, "market-data", "done")
            await expect(page.get_by_text("AAPL: live prices")).to_be_visible()
            await page.get_by_role("button", name="Send a test notice").click()
            await page.get_by_role("button", name="I saw it").click()
            await step(page, "test-notice", "done")
            await expect(page.get_by_text('name = "Paper Gateway"')).to_be_visible()
            await page.get_by_role("button", name="Write it").click()
            await step(page, "configuration", "done")
            await expect(page.get_by_role("heading", name="“Paper Gateway” works as meant")).to_be_visible()
            await clean(shown)

    assert [n.key for n in agent.world.notices if n.key == "setup/test"] == ["setup/test"]
    assert load(agent.places.config).connections == (
        ConnectionSettings("Paper Gateway", WantedApplication.GATEWAY, WantedMode.PAPER, intent=Intent.TRADE),
    )
    assert load(agent.places.config).checks.test_symbols == ("AAPL",)


async def test_everything_can_be_done_with_the_keyboard_alone(browser: Browser, folder: Path) -> None:
    async with beside_gateway(folder) as agent, tab(browser, await agent.page.address("setup")) as shown:
        page = shown.page
        await step(page, "connect", "done")
        await page.get_by_role("radio", name="IB Gateway").focus()
        await page.keyboard.press("Space")
        # Within a group the arrows choose, and the focus stays in it while the page changes.
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await expect(page.get_by_role("radio", name="paper trading")).to_be_checked()
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("radio", name="live trading")).to_be_checked()
        await step(page, "mode", "to-do")
        await expect(page.get_by_role("radio", name="live trading")).to_be_focused()
        await page.keyboard.press("ArrowUp")
        await step(page, "mode", "done")
        await press(page, "Write it")
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


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "dark"), (3840, "light")])
async def test_it_fits_every_screen(browser: Browser, folder: Path, width: int, scheme: Scheme) -> None:
    async with (
        beside_gateway(folder) as agent,
        tab(browser, await agent.page.address("setup"), width=width, scheme=scheme) as shown,
    ):
        page = shown.page
        await step(page, "connect", "done")
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
