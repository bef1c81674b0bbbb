"""Settings in a real browser: a user's words, one connection open at a time, errors at the field, links to it."""

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from agent.config.keys import TABLES
from tests.page.browser import Scheme, Tab, tab
from tests.page.living import LivingAgent

pytestmark = pytest.mark.asyncio(loop_scope="module")

MORE = """
[[connections]]
name = "Live TWS"
application = "tws"
trading_mode = "live"
port = 7496

[[connections]]
name = "Home server"

[notifications]
quiet_hours = ["22:00-07:00"]
remote = ["ntfy://a-secret-topic"]
"""


@pytest_asyncio.fixture(loop_scope="module")
async def three(agent: LivingAgent) -> LivingAgent:
    """The agent with three connections in its file."""
    agent.places.config.write_text(agent.places.config.read_text() + MORE)
    return agent


def at(address: str) -> str:
    """The selector of a field."""
    return f"[id='{address.replace(' ', '_20')}']"


async def settings(shown: Tab) -> None:
    await shown.page.locator("details.connection").first.wait_for()


async def open_ones(shown: Tab) -> list[str]:
    """Names of the connections that are open."""
    return await shown.page.locator("details.connection[open] > summary h3").all_inner_texts()


async def unfold_everything(shown: Tab) -> None:
    await shown.page.evaluate(
        "document.querySelectorAll('main details:not(.connection)').forEach((one) => { one.open = true })"
    )


async def test_the_longest_name_stands_beside_its_mark_in_a_narrow_window(agent: LivingAgent, browser: Browser) -> None:
    more = MORE.replace("Home server", "Frankfurt trading desk, IB Gateway paper")
    agent.places.config.write_text(agent.places.config.read_text() + more)
    above = "(all) => all.map((e) => e.firstChild.getBoundingClientRect().top - e.getBoundingClientRect().top)"
    async with tab(browser, await agent.page.address("settings"), width=360) as shown:
        await settings(shown)
        tops, wide = await shown.page.locator("details.connection > summary").evaluate_all(above), await shown.wide()

    assert (max(tops) - min(tops) < 4, wide) == (True, 0), tops


async def test_no_name_of_a_key_is_shown(three: LivingAgent, browser: Browser) -> None:
    names = {key.name for table in TABLES.values() for key in table.keys if "_" in key.name}
    async with tab(browser, await three.page.address("settings")) as shown:
        await settings(shown)
        await shown.page.locator("details.connection > summary").first.click()
        await unfold_everything(shown)
        words = await shown.text()

    assert "Client ID of Gatelight" in words
    assert "Look at this computer every" in words
    assert [name for name in names if name in words] == []
    assert [text for text in ("auto\n", '["', "[[", "true", "a-secret-topic") if text in words] == []


async def test_the_only_connection_is_open_and_of_several_one_at_a_time(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address("settings")) as shown:
        await settings(shown)
        alone = await open_ones(shown)
    agent.places.config.write_text(agent.places.config.read_text() + MORE)
    async with tab(browser, await agent.page.address("settings")) as shown:
        await settings(shown)
        first = await open_ones(shown)
        lines = await shown.page.locator("details.connection > summary").all_inner_texts()
        await shown.page.locator("summary", has_text="Live TWS").click()
        second = await open_ones(shown)
        await shown.page.locator("summary", has_text="Home server").click()
        await shown.page.wait_for_function("() => document.querySelectorAll('details.connection[open]').length === 1")
        third = await open_ones(shown)

    assert alone == ["Paper Gateway"]
    assert first == []
    assert "TWS · Live · port 7496" in lines[1]
    assert (second, third) == (["Live TWS"], ["Home server"])


async def test_what_few_users_change_is_folded_away(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address("settings")) as shown:
        await settings(shown)
        folded = [
            await shown.page.locator(at(address)).is_visible()
            for address in (
                "connections.Paper Gateway.client_id",
                "connections.Paper Gateway.start_command",
                "checks.look_every",
                "page.port",
            )
        ]
        plain = await shown.page.locator(at("connections.Paper Gateway.port")).is_visible()

    assert (folded, plain) == ([False] * 4, True)


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        (("Live TWS", "port"), "connections.Live TWS.port"),
        (("Live TWS", "start_command"), "connections.Live TWS.start_command"),
        (("notifications", "quiet_hours"), "notifications.quiet_hours"),
        (("checks", "reply_timeout"), "checks.reply_timeout"),
    ],
)
async def test_a_link_to_a_field_opens_what_folds_it_away_and_focuses_it(
    parts: tuple[str, ...], address: str, three: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await three.page.address()) as shown:
        await shown.go("settings", *parts)
        await shown.page.locator(f"{at(address)}:focus").wait_for()
        seen = await shown.page.locator(at(address)).is_visible()
        opened = await open_ones(shown)

    assert seen
    assert opened == (["Live TWS"] if parts[0] == "Live TWS" else [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_wrong_value_is_told_at_its_field_in_its_words(
    scheme: Scheme, three: LivingAgent, browser: Browser
) -> None:
    field = at("connections.Live TWS.port")
    before = three.places.config.read_text()
    async with tab(browser, await three.page.address("settings"), scheme=scheme, width=360) as shown:
        await settings(shown)
        await shown.page.locator("summary", has_text="Live TWS").click()
        await unfold_everything(shown)
        await shown.page.fill(field, "90000")
        await shown.page.keyboard.press("Enter")
        error = shown.page.locator(at("connections.Live TWS.port-error"))
        await error.filter(has_text="cannot be used").wait_for()
        told = await error.inner_text()
        described = await shown.page.locator(field).get_attribute("aria-describedby") or ""
        invalid = await shown.page.locator(field).get_attribute("aria-invalid")
        focused = await shown.page.locator(f"{field}:focus").count()
        wrong, wide = await shown.violations(), await shown.wide()
        shown.complaints.clear()

    assert told == "API port: “90000” cannot be used. It must be a number from 1 to 65535, or nothing."
    assert "connections.Live_20TWS.port-error" in described.split()
    assert (invalid, focused, wrong, wide) == ("true", 1, [], 0)
    assert three.places.config.read_text() == before


async def test_an_empty_port_is_the_one_that_is_found(agent: LivingAgent, browser: Browser) -> None:
    field = at("connections.Paper Gateway.port")
    async with tab(browser, await agent.page.address("settings")) as shown:
        await settings(shown)
        await shown.page.fill(field, "")
        await shown.page.keyboard.press("Enter")
        await shown.sees("API port: saved.", "#toasts")
        empty = await shown.page.input_value(field)

    assert 'port = "auto"' in agent.places.config.read_text()
    assert empty == ""


async def test_quiet_hours_are_two_times_and_a_wrong_one_is_told(three: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await three.page.address("settings")) as shown:
        await settings(shown)
        start, end = (shown.page.get_by_label(f"Quiet hours: {which}") for which in ("from", "to"))
        times = await start.input_value(), await end.input_value()
        await end.fill("7")
        await shown.page.keyboard.press("Enter")
        error = shown.page.locator(at("notifications.quiet_hours-error"))
        await error.filter(has_text="“22:00-7” cannot be used").wait_for()
        focused = await shown.page.evaluate("document.activeElement.getAttribute('aria-label')")
        shown.complaints.clear()
        await end.fill("6:30")
        await shown.page.keyboard.press("Enter")
        await shown.sees("Quiet hours: saved.", "#toasts")
        await shown.page.get_by_role("button", name="Add another time").click()
        await start.nth(1).fill("12:00")
        await end.nth(1).fill("24:00")
        await shown.page.keyboard.press("Enter")
        await shown.page.get_by_role("button", name="Remove 12:00 to 24:00").wait_for()
        two = three.places.config.read_text()
        await shown.page.get_by_role("button", name="Remove 22:00 to 06:30").click()
        await shown.page.locator(".times-form button[type=submit]").click()
        await shown.page.get_by_role("button", name="Remove 22:00 to 06:30").wait_for(state="detached")
        await shown.page.locator(".times-form button[type=submit]").wait_for(state="hidden")

    assert times == ("22:00", "07:00")
    assert focused == "Quiet hours: to"
    assert '"22:00-06:30"' in two or '"22:00-6:30"' in two
    assert '"12:00-24:00"' in two
    assert 'quiet_hours = ["12:00-24:00"]' in three.places.config.read_text()


async def test_what_changes_elsewhere_is_shown_and_never_overwrites_what_is_typed(
    three: LivingAgent, browser: Browser
) -> None:
    port, name = at("connections.Paper Gateway.port"), at("connections.Paper Gateway.name")
    async with tab(browser, await three.page.address("settings")) as shown:
        await settings(shown)
        await shown.page.locator("details.connection > summary").first.click()
        await shown.page.fill(port, "40")
        text = three.places.config.read_text()
        three.places.config.write_text(
            text.replace("port = 7496", "port = 7497").replace(
                'application = "gateway"\nport = ', 'application = "gateway"\ntrading_mode = "paper"\n# now '
            )
        )
        # Saving another field reads all of them again.
        await shown.page.select_option(at("notifications.minimum_severity"), "error")
        await shown.sees("port 7497")
        mode = await shown.page.locator(at("connections.Paper Gateway.trading_mode")).input_value()
        typed, opened = await shown.page.input_value(port), await open_ones(shown)
        named = await shown.page.input_value(name)

    assert (typed, mode, named, opened) == ("40", "paper", "Paper Gateway", ["Paper Gateway"])


async def test_a_connection_is_added_opened_renamed_and_taken_out(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address("settings")) as shown:
        await settings(shown)
        await shown.page.fill("#new-name", "paper gateway")
        await shown.page.keyboard.press("Enter")
        error = shown.page.locator("#new-name-error")
        await error.filter(has_text="There is a connection “paper gateway” already: choose another name.").wait_for()
        shown.complaints.clear()
        await shown.page.fill("#new-name", "1")
        await shown.page.keyboard.press("Enter")
        group = shown.page.get_by_role("region", name="1", exact=True)
        await group.wait_for()
        added, opened = agent.places.config.read_text(), await open_ones(shown)
        await group.get_by_label("Name").fill("Paper Gateway")
        await shown.page.keyboard.press("Enter")
        await shown.sees("There is a connection “Paper Gateway” already")
        shown.complaints.clear()
        await group.get_by_label("Name").fill("Second")
        await shown.page.keyboard.press("Enter")
        second = shown.page.get_by_role("region", name="Second")
        await second.wait_for()
        renamed = await open_ones(shown)
        kept = agent.places.config.read_text()
        await second.get_by_role("button", name="Remove this connection").click()
        await shown.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        cancelled = agent.places.config.read_text()
        await second.get_by_role("button", name="Remove this connection").click()
        await shown.page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
        await second.wait_for(state="detached")

    assert 'name = "1"' in added
    assert 'name = "Paper Gateway"' in added
    assert (opened, renamed) == (["1"], ["Second"])
    assert 'name = "Second"' in kept
    assert cancelled == kept
    assert "Second" not in agent.places.config.read_text()


async def test_everything_is_reached_and_changed_by_keyboard(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address("settings")) as shown:
        await settings(shown)
        await shown.page.locator("details.connection > summary").focus()
        await shown.page.keyboard.press("Enter")
        closed = await open_ones(shown)
        await shown.page.keyboard.press("Enter")
        await shown.page.keyboard.press("Tab")
        name = await shown.page.evaluate("document.activeElement.id")
        for _ in range(6):
            await shown.page.keyboard.press("Tab")
        switch = await shown.page.evaluate("document.activeElement.id")
        await shown.page.keyboard.press("Space")
        await shown.sees("Watch from the start: saved.", "#toasts")
        await shown.page.locator(f"{at('connections.Paper Gateway.auto_connect')}:focus:not(:checked)").wait_for()
        after = await shown.page.evaluate("document.activeElement.id")
        await shown.page.keyboard.press("Tab")
        await shown.page.keyboard.press("Enter")
        client = shown.page.locator(at("connections.Paper Gateway.client_id"))
        await client.wait_for()
        unfolded = await client.is_visible()

    assert closed == []
    assert name == "connections.Paper_20Gateway.name"
    assert switch == after == "connections.Paper_20Gateway.auto_connect"
    assert unfolded
    assert "auto_connect = false" in agent.places.config.read_text()


async def test_twice_as_large_nothing_scrolls_sideways(three: LivingAgent, browser: Browser) -> None:
    # A window of 1280 at 200 % has room for 640.
    for width, factor in ((640, 2.0), (360, 1.0)):
        address = await three.page.address("settings")
        async with tab(browser, address, width=width, device_scale_factor=factor) as shown:
            await settings(shown)
            await shown.page.locator("details.connection > summary").first.click()
            await unfold_everything(shown)
            assert await shown.wide() == 0
            assert await shown.violations() == []
