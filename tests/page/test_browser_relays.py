"""Relays in Settings in a real browser: set up, each wrong value told at its field, changed, removed."""

import socket
from collections.abc import Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from agent.config.reading import load
from agent.core.settings import RelaySettings
from tests.page.browser import Scheme, Tab, tab
from tests.page.living import LivingAgent

pytestmark = pytest.mark.asyncio(loop_scope="module")

RELAYS = """
# Where programs connect.
[[relays]]
name = "Paper relay"
listen = 15002
to = "Paper Gateway"  # the usual one
"""


@pytest_asyncio.fixture(loop_scope="module")
async def one(agent: LivingAgent) -> LivingAgent:
    """The agent with a relay in its file."""
    agent.places.config.write_text(agent.places.config.read_text() + RELAYS)
    return agent


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which a program listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def at(address: str) -> str:
    """The selector of a field."""
    return f"[id='{address.replace(' ', '_20')}']"


async def told(shown: Tab, address: str) -> str:
    """What is said at a field, once something is."""
    error = shown.page.locator(at(f"{address}-error")).filter(has_text="cannot be used")
    await error.wait_for()
    return await error.inner_text()


async def type_new(shown: Tab, **values: str) -> None:
    """Type a new relay, and have it added."""
    fold = shown.page.locator("details.new-relay")
    await fold.wait_for()
    if await fold.get_attribute("open") is None:
        await shown.page.locator("#new-relay").click()
    for name, value in values.items():
        await shown.page.fill(at(f"new-relay.{name}"), value)
    await shown.page.get_by_role("button", name="Add the relay").click()


def relays(agent: LivingAgent) -> tuple[RelaySettings, ...]:
    return load(agent.places.config).relays


async def test_what_a_relay_is_and_how_to_go_back_is_said_before_there_is_one(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address("limits")) as shown:
        await shown.page.locator("summary", has_text="See what each program uses").click()
        await shown.page.get_by_role("link", name="Set up a relay").click()
        await shown.page.locator(f"{at('new-relay.name')}:focus").wait_for()
        words = await shown.text("[data-key=relays]")

    assert "stands between your programs and TWS or IB Gateway" in words
    assert "Your programs must connect to its port instead of the port of TWS" in words
    assert "To go back, give them the port of TWS again" in words


async def test_a_relay_is_set_up_renamed_and_removed(agent: LivingAgent, browser: Browser) -> None:
    before = agent.places.config.read_text()
    tws = agent.gateway.port
    async with tab(browser, await agent.page.address("settings")) as shown:
        await type_new(shown, name="15003", listen="15002", to="Paper Gateway")
        await shown.sees("15003 is added: let programs connect to port 15002.", "#toasts")
        group = shown.page.get_by_role("region", name="15003", exact=True)
        await group.wait_for()
        way_back = await group.locator(".note").inner_text()
        made = relays(agent)
        await group.get_by_label("Name").fill("Paper relay")
        await shown.page.keyboard.press("Enter")
        await shown.sees("Name: saved.", "#toasts")
        group = shown.page.get_by_role("region", name="Paper relay", exact=True)
        await group.get_by_label("Other computers").fill("172.17.0.0/16\n192.168.1.20")
        await group.get_by_role("button", name="Save").click()
        await shown.sees("Other computers: saved.", "#toasts")
        await group.get_by_label("Starts with Gatelight").click()
        await shown.sees("Starts with Gatelight: saved.", "#toasts")
        await shown.sees("not started by Gatelight")
        changed = relays(agent)
        await group.get_by_role("button", name="Remove this relay").click()
        asked = await shown.text("dialog")
        await shown.page.get_by_role("button", name="Remove it").click()
        await shown.sees("Paper relay is removed.", "#toasts")
        await group.wait_for(state="detached")

    assert made == (RelaySettings("15003", 15002, "Paper Gateway"),)
    assert f"Programs connect to port 15002 instead of {tws} (127.0.0.1:{tws})." in way_back
    assert f"To go back, give them port {tws} again." in way_back
    allow = ("172.17.0.0/16", "192.168.1.20")
    assert changed == (RelaySettings("Paper relay", 15002, "Paper Gateway", allow, start=False),)
    assert f"connect to port {tws} again" in asked
    assert "nothing is cut off" in asked
    assert agent.places.config.read_text().rstrip() == before.rstrip()


async def test_what_is_typed_outlives_what_changes_around_it(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address("settings")) as shown:
        await type_new(shown, name="First", listen="15002", to="Paper Gateway")
        await shown.sees("First is added", "#toasts")
        await shown.page.locator("#new-relay").click()
        await shown.page.locator("#new-relay").click()
        await shown.page.fill(at("new-relay.name"), "Second")
        # Saving another field reads all of them again.
        await shown.page.select_option(at("notifications.minimum_severity"), "error")
        await shown.sees("saved.", "#toasts")
        await type_new(shown, listen="15003", to="Paper Gateway")
        await shown.sees("Second is added", "#toasts")

    assert [one.name for one in relays(agent)] == ["First", "Second"]


async def test_every_wrong_value_of_a_new_relay_is_told_at_its_field(
    one: LivingAgent, browser: Browser, taken: int
) -> None:
    before = one.places.config.read_text()
    wrong = (
        ({"name": "paper RELAY"}, "name", "There is a relay “paper RELAY” already: choose another name."),
        ({"name": "Stop"}, "name", "must be another name: relay stop is a command"),
        ({"listen": "http"}, "listen", "“http” cannot be used. It must be a number from 1 to 65535."),
        ({"listen": "15002"}, "listen", "must be a port that no other relay has: “Paper relay” has it."),
        ({"listen": str(taken)}, "listen", f"{taken} cannot be used, since another program listens on it."),
        ({"listen": str(one.gateway.port)}, "listen", "cannot be used, since relay “Paper relay” leads to it."),
        ({"to": "Nowhere"}, "to", "must be a host and a port, such as 127.0.0.1:4002, or a connection’s name"),
        ({"to": "a b:4002"}, "to", "“a b:4002” cannot be used."),
        ({"to": "127.0.0.1:15002"}, "to", "“127.0.0.1:15002”, which leads to relay “Paper relay”, cannot be used."),
        ({"to": "localhost:15009"}, "to", "“localhost:15009”, which leads to itself, cannot be used."),
    )
    good = {"name": "Lab", "listen": "15009", "to": "Paper Gateway"}
    async with tab(browser, await one.page.address("settings")) as shown:
        for values, field, text in wrong:
            await type_new(shown, **{**good, **values})
            error = shown.page.locator(at(f"new-relay.{field}-error")).filter(has_text=text)
            await error.wait_for()
            focused = await shown.page.locator(f"{at(f'new-relay.{field}')}:focus").get_attribute("aria-invalid")
            assert focused == "true"
        shown.complaints.clear()

    assert one.places.config.read_text() == before


@pytest.mark.parametrize(
    ("key", "typed", "text"),
    [
        ("name", "", "Name: “” cannot be used. It must be a text of 1 to 40 characters that no other relay has."),
        ("listen", "0", "Port for programs: “0” cannot be used. It must be a number from 1 to 65535."),
        (
            "to",
            "localhost:15002",
            "Leads to: “localhost:15002”, which leads to itself, cannot be used. "
            "It must be where TWS or IB Gateway listens.",
        ),
        (
            "allow",
            "192.168.1.20\nmy-nas",
            "Other computers: “my-nas” cannot be used. It must be an address or a network, such as 192.168.1.20.",
        ),
        ("lines", "none", "Market data lines: “none” cannot be used. It must be a number from 1 to 100000."),
    ],
)
async def test_a_wrong_value_of_a_relay_is_told_at_its_field(
    key: str, typed: str, text: str, one: LivingAgent, browser: Browser
) -> None:
    before = one.places.config.read_text()
    async with tab(browser, await one.page.address()) as shown:
        await shown.go("settings", "relays", "Paper relay", key)
        field = shown.page.locator(f"{at(f'relays.Paper relay.{key}')}:focus")
        await field.wait_for()
        await field.fill(typed)
        row = shown.page.locator(".relay-entry .field", has=field)
        await row.get_by_role("button", name="Save").click()
        assert await told(shown, f"relays.Paper relay.{key}") == text
        shown.complaints.clear()

    assert one.places.config.read_text() == before


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark"), (360, "light")])
async def test_it_can_be_read_by_everyone_and_on_a_phone(
    width: int, scheme: Scheme, one: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await one.page.address("settings"), width=width, scheme=scheme) as shown:
        await shown.page.locator("details.relay-entry > summary").click()
        await type_new(shown, name="Lab", listen="http", to="Nowhere")
        await told(shown, "new-relay.listen")
        assert await shown.wide() == 0
        assert await shown.violations() == []
        shown.complaints.clear()
