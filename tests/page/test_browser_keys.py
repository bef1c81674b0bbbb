"""The page's key in a real browser: kept by its tab, given to nobody, and found again after a restart."""

import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from agent.page.guard import FRESH_SECONDS
from agent.simulator.world import SimulatedApplication
from tests.attacks.other_user import listening, needs_users
from tests.page.browser import PATIENCE_MS, tab
from tests.page.living import LivingAgent, living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURES = os.environ.get("GATELIGHT_PICTURES")
"""A folder for screenshots, for looking at them."""


async def test_a_reload_keeps_the_page_and_its_view(agent: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await agent.page.address("limits")) as shown:
        await shown.page.locator(".gauge").first.wait_for()
        address = shown.page.url
        await shown.page.reload()
        await shown.page.locator(".gauge").first.wait_for()
        await shown.page.get_by_role("button", name="Check now").click()
        await shown.sees("Checking again.", "#toasts")

        assert address == shown.page.url
        assert address.endswith("/#/limits")


async def test_a_second_tab_without_the_key_is_told_how_the_page_is_opened(
    agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        second = await shown.page.context.new_page()
        await second.goto(shown.page.url)
        await second.get_by_role("heading", name="This page is not open yet").wait_for()
        words, kept = await second.inner_text("body"), await second.evaluate("Object.keys(sessionStorage)")
        cookies = await shown.page.context.cookies()
        if PICTURES:
            await second.screenshot(path=Path(PICTURES) / "closed.png")

    assert "Gatelight" in words
    assert "icon" in words
    assert "Paper Gateway" not in words
    assert (kept, cookies) == ([], [])


async def test_what_starts_a_program_is_refused_on_an_old_page_and_what_was_typed_stays(
    agent: LivingAgent, browser: Browser
) -> None:
    field = "[id='connections.Paper_20Gateway.start_command']"
    async with tab(browser, await agent.page.address("settings")) as shown:
        await shown.page.locator(".connection summary", has_text="Advanced").click()
        await shown.page.locator(field).fill("/opt/ibc/gatewaystart.sh\n-inline")
        assert agent.page._keyring is not None
        for session in agent.page._keyring._sessions.values():
            session.opened = agent.world.now().monotonic - FRESH_SECONDS
        before = agent.places.config.read_text()
        save = shown.page.locator(f"form:has({field}) button")
        await save.click()
        error = shown.page.locator("[id='connections.Paper_20Gateway.start_command-error']")
        await error.filter(has_text="opened just now").wait_for()
        words, typed = await error.inner_text(), await shown.page.input_value(field)
        wrong = await shown.violations()
        if PICTURES:
            await error.scroll_into_view_if_needed()
            await shown.page.screenshot(path=Path(PICTURES) / "refused.png")
        untouched = agent.places.config.read_text() == before
        shown.complaints.clear()
    async with tab(browser, await agent.page.address("settings")) as fresh:
        await fresh.page.locator(".connection summary", has_text="Advanced").click()
        await fresh.page.locator(field).fill(typed)
        await fresh.page.locator(f"form:has({field}) button").click()
        await fresh.sees("Start command: saved.", "#toasts")

    assert "open it again from Gatelight’s icon, or with `gatelight`, and save it again there" in words
    assert typed == "/opt/ibc/gatewaystart.sh\n-inline"
    assert (untouched, wrong) == (True, [])
    assert '"/opt/ibc/gatewaystart.sh"' in agent.places.config.read_text()


async def test_the_page_of_another_port_gets_no_cookie_and_reads_nothing(agent: LivingAgent, browser: Browser) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlure"
    async with tab(browser, await agent.page.address()) as shown:
        await shown.sees("Connected", ".headline")
        here = shown.page.url.split("#")[0]
        with listening(0, lambda _: page) as listener:
            lured = await shown.page.context.new_page()
            await lured.goto(f"http://127.0.0.1:{listener.port}/")
            tried = await lured.evaluate(
                """async (here) => {
                  const tried = [];
                  for (const [path, more] of [['api/settings', {}], ['', {}], ['events', {}], ['app.js', {}],
                                              ['api/do', {method: 'POST', body: '{"command": "disconnect"}'}]]) {
                    const answer = (mode) => fetch(here + path, {credentials: 'include', mode, ...more});
                    tried.push(await answer('cors').then((a) => a.text(), () => 'nothing'));
                    tried.push(await answer('no-cors').then((a) => a.text(), () => ''));
                  }
                  return [tried, Object.keys(sessionStorage), document.cookie];
                }""",
                here,
            )
            told = listener.heard()
        connected = agent.world.connection.phase

    assert set(tried[0]) <= {"nothing", ""}
    assert tried[1:] == [[], ""]
    assert b"GET / " in told
    assert b"ookie" not in told
    assert connected == "connected"


FORGED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Gatelight-Proof: forged\r\nConnection: close\r\n\r\n"
    b'event: wait\ndata: forged\n\ndata: {"overall": "problem", "words": "FORGED", "connections": []}\n\n'
)
MOVED = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"port": "1", "salt": "x"}'
SCRIPT = b"HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nConnection: close\r\n\r\ndocument.title = 'FORGED'"


def forged(request: bytes) -> bytes:
    """What another user's program on the port may answer."""
    asked = request.split(b" ")[1] if b" " in request else b""
    return MOVED if asked.startswith(b"/moved") else SCRIPT if asked.endswith(b".js") else FORGED


@needs_users
async def test_a_page_that_waits_tells_nothing_to_another_users_program_on_its_port(
    tmp_path: Path, browser: Browser
) -> None:
    async with await SimulatedApplication.start(tmp_path / "gateway") as gateway, AsyncExitStack() as stack:
        async with living_agent(tmp_path, gateway=gateway) as first:
            await first.world.connected()
            shown = await stack.enter_async_context(tab(browser, await first.page.address("limits")))
            await shown.page.locator(".gauge").first.wait_for()
            assert first.page._keyring is not None
            assert first.server is not None
            port, waiting = first.server.port, first.page._keyring.waiting
            (session,) = first.page._keyring._sessions.values()
        with listening(port, forged) as listener:
            await shown.page.locator(".stale p", has_text="This page has lost Gatelight").wait_for()
            disabled = await shown.page.get_by_role("button", name="Check now").is_disabled()
            # As a click that came just before.
            refused = await shown.page.evaluate(
                """() => import('/live.js').then(({ post }) => post('do', { command: 'look' }))
                  .catch((fault) => fault.message)"""
            )
            stolen, words, title = listener.heard(), await shown.text("body"), await shown.page.title()
        async with living_agent(tmp_path, gateway=gateway) as second:
            await second.world.connected()
            await shown.page.wait_for_url("**/#/limits", timeout=PATIENCE_MS)
            await shown.page.wait_for_function("(port) => location.port !== port", arg=str(port), timeout=PATIENCE_MS)
            await shown.page.locator(".gauge").first.wait_for()
            await shown.page.get_by_role("button", name="Check now").click()
            await shown.sees("Checking again.", "#toasts")
            address = shown.page.url
        shown.complaints.clear()

    assert disabled
    assert refused == "This page has lost Gatelight."
    assert b"GET /events" in stolen
    assert b"GET /moved" in stolen
    assert b"POST /api/do" in stolen
    assert session.key.encode() not in stolen
    assert waiting[session.page].encode() not in stolen
    assert "FORGED" not in words + title
    assert address.endswith("/#/limits")
