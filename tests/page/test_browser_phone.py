"""Phone and mail in a real browser, with real services on this machine: set up, tested, saved, changed, removed.

Telegram, Discord and Pushover have fixed hosts: of those, what is composed is tested (`tests/config/test_services.py`)
and what is said of fields.
"""

from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from agent.app import target_tools
from agent.app.page_host import PageHost
from agent.app.target_tools import TargetTools
from agent.page.endpoints import targets
from agent.platforms.key_store import STORE_NAME, StoreAct, StoreWord
from tests.channels.receivers import http_receiver, mail_receiver
from tests.page.browser import Scheme, Tab, elsewhere, tab
from tests.page.living import LivingAgent, living_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")
pytest.importorskip("apprise")

TARGETS = """
# phones
[[notifications.targets]]
name = "My phone"  # the black one
url = "ntfys://ntfy.sh/a-secret-topic?mode=private"
minimum_severity = "error"
quiet_hours = ["22:00-07:00"]

[[notifications.targets]]
name = "Mail"
url = "mailtos://jane:hunter2secret@mail.example.org"
after = "15m"
"""


@pytest_asyncio.fixture(loop_scope="module")
async def two(agent: LivingAgent) -> LivingAgent:
    """The agent with two targets in its file."""
    agent.places.config.write_text(agent.places.config.read_text() + TARGETS)
    return agent


async def choose(shown: Tab, service: str) -> None:
    """Choose a service, once the view is there."""
    await shown.page.locator("button.service", has_text=service).first.click()
    await shown.page.locator(".phone-form").wait_for()


async def press(shown: Tab, button: str) -> None:
    await shown.page.get_by_role("button", name=button, exact=True).click()


async def is_refused(shown: Tab, button: str) -> None:
    """Press a button whose request is refused, and wait until the browser has complained about that."""
    async with shown.page.expect_console_message():
        await press(shown, button)


async def test_of_a_file_that_cannot_be_read_it_is_not_said_that_nothing_is_set_up(
    two: LivingAgent, browser: Browser
) -> None:
    two.places.config.write_text(two.places.config.read_text() + 'after = "soon"\n')
    async with tab(browser, await two.page.address("phone")) as shown:
        await shown.sees("cannot be used, and the earlier ones are in force")
        text = await shown.text()

    assert "Nothing is set up" not in text
    assert "What is set up cannot be read" in text


async def test_ntfy_is_set_up_from_a_topic_that_was_made_to_a_target_in_the_list(
    agent: LivingAgent, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with http_receiver() as service:
        server = f"http://127.0.0.1:{service.port}"
        async with tab(browser, await agent.page.address("phone")) as shown:
            await choose(shown, "ntfy")
            code = shown.page.get_by_role("img", name="QR code")
            await code.wait_for()
            topic = await shown.page.input_value("#phone-topic")
            first = await shown.text(".subscribe")
            await shown.page.fill("#phone-server", server)
            await shown.sees(f"ntfy://127.0.0.1:{service.port}/{topic}?secure=false", ".subscribe")
            await press(shown, "Send a test")
            await shown.sees("HTTP 200 OK", ".phone-form")
            before = agent.places.config.read_text()
            await shown.page.fill("#phone-name", "My watch")
            await shown.page.select_option("#phone-minimum_severity", "error")
            await shown.page.select_option("#phone-after", "15m")
            await press(shown, "Add quiet hours")
            await shown.page.get_by_label("Quiet hours: from").fill("22:00")
            await shown.page.get_by_label("Quiet hours: to").fill("06:30")
            await press(shown, "Save")
            await shown.sees("My watch is saved.", "#toasts")
            listed = await shown.text(".target")
            focused = await shown.focused()
            await press(shown, "Test My watch")
            await shown.sees("HTTP 200 OK", ".target")
            everything = await shown.page.content()
            far = elsewhere(shown.loaded, agent.page._server.port if agent.page._server else 0)

    saved = agent.places.config.read_text().removeprefix(before)
    assert len(topic) == len("gatelight-") + 24
    assert f"ntfy://ntfy.sh/{topic}" in first
    assert [one["topic"] for one in service.came] == [topic, topic]
    assert "notifications.targets" not in before
    assert 'name = "My watch"' in saved
    assert f'url = "ntfy://127.0.0.1:{service.port}/{topic}?mode=private&image=no"' in saved
    assert 'quiet_hours = ["22:00-06:30"]' in saved
    assert "Problems only · quiet from 22:00 to 06:30 · only if unseen for 15 minutes" in listed
    assert focused == "Test My watch"
    # Once it is saved, its address is nowhere but in the file.
    assert topic not in everything
    assert topic not in caplog.text
    assert far == []


async def test_a_refusal_is_told_in_the_words_of_the_service_and_nothing_is_saved(
    agent: LivingAgent, browser: Browser
) -> None:
    before = agent.places.config.read_text()
    with http_receiver(status=403, body=b'{"code":40301,"error":"forbidden for tk_hunter2"}') as service:
        async with tab(browser, await agent.page.address("phone")) as shown:
            await choose(shown, "ntfy")
            await shown.page.fill("#phone-topic", "mine")
            await shown.page.fill("#phone-server", f"http://127.0.0.1:{service.port}")
            await shown.page.fill("#phone-token", "tk_hunter2")
            await press(shown, "Send a test")
            await shown.sees("HTTP 403 Forbidden: forbidden for •••", ".phone-form")
            said = await shown.text(".note")
            await press(shown, "Cancel")
            await shown.page.locator(".choose").wait_for()
            focused = await shown.focused()

    assert said.startswith("The service did not take the test.")
    assert focused.startswith("ntfy")
    assert agent.places.config.read_text() == before


async def test_a_mailbox_gets_the_test_and_is_saved(agent: LivingAgent, browser: Browser) -> None:
    with mail_receiver("250 2.0.0 queued as 4711") as service:
        async with tab(browser, await agent.page.address("phone")) as shown:
            await choose(shown, "E-mail")
            await shown.page.fill("#phone-from", "jane@example.org")
            await shown.page.fill("#phone-server", "127.0.0.1")
            await shown.page.select_option("#phone-security", "insecure")
            await shown.page.fill("#phone-port", str(service.port))
            await shown.page.fill("#phone-to", "me@example.org")
            await press(shown, "Send a test")
            await shown.sees("250 2.0.0 queued as 4711", ".phone-form")
            await press(shown, "Save")
            await shown.sees("My mailbox is saved.", "#toasts")
            listed = await shown.text(".target")

    (mail,) = service.came
    assert mail["to"] == ["me@example.org"]
    assert "From: Gatelight <jane@example.org>" in mail["mail"]
    assert "E-mail" in listed
    assert "jane@example.org" not in listed


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
async def test_every_wrong_field_is_told_at_its_place_and_the_first_has_the_focus(
    scheme: Scheme, width: int, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address("phone"), scheme=scheme, width=width) as shown:
        await choose(shown, "E-mail")
        await shown.page.fill("#phone-port", "x")
        await is_refused(shown, "Send a test")
        await shown.sees("Your mail address is missing.", ".phone-form")
        told = [t for t in await shown.page.locator(".phone-form .error").all_inner_texts() if t]
        focused = await shown.page.evaluate("document.activeElement.id")
        described = await shown.page.get_attribute("#phone-port", "aria-describedby") or ""
        wrong, wide = await shown.violations(), await shown.wide()
        await shown.page.fill("#phone-from", "jane@example.org")
        await shown.page.fill("#phone-server", "smtp.example.org")
        await shown.page.fill("#phone-port", "")
        await shown.page.fill("#phone-name", " ")
        await is_refused(shown, "Save")
        await shown.sees("Name: “ ” cannot be used.", ".phone-form")
        later = [t for t in await shown.page.locator(".phone-form .error").all_inner_texts() if t]
        shown.complaints.clear()

    assert told[0] == "Your mail address is missing."
    assert told[1].startswith("The port is a number")
    assert (focused, wrong, wide) == ("phone-from", [], 0)
    assert "phone-port-error" in described.split()
    assert len(later) == 1


@pytest.mark.parametrize("service", ["ntfy", "Telegram", "Discord", "E-mail", "Pushover", "Another service"])
async def test_each_service_has_its_steps_and_can_be_read_and_reached(
    service: str, agent: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await agent.page.address("phone"), width=360) as shown:
        await choose(shown, service)
        title = await shown.page.evaluate("document.activeElement.innerText")
        steps = await shown.page.locator(".phone-steps > li").count()
        labels = await shown.page.evaluate(
            "[...document.querySelectorAll('.phone-form :is(input, select)')].every((one) => one.labels.length === 1)"
        )
        wrong, wide = await shown.violations(), await shown.wide()

    assert title == service
    assert steps >= 3
    assert labels
    assert (wrong, wide) == ([], 0)


async def test_a_target_is_changed_without_its_address_and_removed_by_keyboard(
    two: LivingAgent, browser: Browser
) -> None:
    async with tab(browser, await two.page.address("phone")) as shown:
        await shown.sees("only if unseen for 15 minutes")
        content = await shown.page.content()
        await shown.page.get_by_role("button", name="Change My phone").focus()
        await shown.page.keyboard.press("Enter")
        await shown.sees("It is kept and not shown.")
        await shown.page.fill("#phone-name", "New phone")
        await shown.page.keyboard.press("Enter")
        await shown.sees("New phone is saved.", "#toasts")
        changed = two.places.config.read_text()
        await shown.page.get_by_role("button", name="Remove Mail").focus()
        await shown.page.keyboard.press("Enter")
        await shown.page.get_by_role("button", name="Remove it").focus()
        await shown.page.keyboard.press("Enter")
        await shown.sees("Mail is removed.", "#toasts")
        await shown.page.locator(".target").nth(1).wait_for(state="detached")
        names = await shown.page.locator(".target h3").all_inner_texts()

    assert "a-secret-topic" not in content
    assert "hunter2secret" not in content
    assert 'name = "New phone"  # the black one\nurl = "ntfys://ntfy.sh/a-secret-topic?mode=private"' in changed
    assert names == ["New phone"]
    assert "hunter2secret" not in two.places.config.read_text()
    assert "# phones" in two.places.config.read_text()


async def test_a_target_says_how_it_was_told_lately(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    phone = {
        "name": "My phone",
        "taken": True,
        "answer": "HTTP 200 OK",
        "answered": "2026-03-02T14:05:00Z",
        "waiting": 0,
    }
    mail = {"name": "Mail", "taken": False, "answer": "535 no", "answered": "2026-03-02T14:05:00Z", "waiting": 2}
    view = PageHost.view
    told = [phone, {**mail, "failing_since": "2026-03-02T14:00:00Z"}]
    monkeypatch.setattr(PageHost, "view", lambda host: {**view(host), "targets": told})
    async with living_agent(tmp_path) as agent:
        await agent.world.connected()
        with agent.places.config.open("a") as file:
            file.write(TARGETS)
        async with tab(browser, await agent.page.address("phone"), timezone_id="UTC") as shown:
            await shown.sees("Could not be told since 2 March 14:00: 535 no. 2 notices wait.")
            words = await shown.page.locator(".target").all_inner_texts()
            wrong = await shown.violations()

    assert "Told last at 2 March 14:05." in words[0]
    assert "Told last" not in words[1]
    assert wrong == []


async def test_an_address_with_the_manners_of_the_desktop_is_changed_in_settings(
    agent: LivingAgent, browser: Browser
) -> None:
    with agent.places.config.open("a") as file:
        file.write('\n[notifications]\nremote = ["json://user:hunter2secret@127.0.0.1:9"]\n')
    async with tab(browser, await agent.page.address("phone")) as shown:
        await shown.sees("address 1")
        wrong = await shown.violations()
        await shown.page.get_by_role("link", name="Change address 1 in Settings").click()
        await shown.page.locator("[id='notifications.remote']:focus").wait_for()
        content = await shown.page.content()

    assert wrong == []
    assert "hunter2secret" not in content


async def test_another_address_of_a_target_can_be_typed(two: LivingAgent, browser: Browser) -> None:
    async with tab(browser, await two.page.address("phone")) as shown:
        await press(shown, "Change My phone")
        await press(shown, "Type another address")
        await shown.page.get_by_role("img", name="QR code").wait_for()
        topic = await shown.page.input_value("#phone-topic")
        await press(shown, "Save")
        await shown.sees("My phone is saved.", "#toasts")

    text = two.places.config.read_text()
    assert "a-secret-topic" not in text
    assert topic in text


async def test_a_page_that_was_opened_long_ago_sends_nothing_to_a_new_address(
    agent: LivingAgent, browser: Browser
) -> None:
    before = agent.places.config.read_text()
    with http_receiver() as service:
        async with tab(browser, await agent.page.address("phone")) as shown:
            await choose(shown, "Another service")
            await shown.page.fill("#phone-url", service.url)
            keyring = agent.page._keyring
            assert keyring is not None
            now = keyring.clock
            keyring.clock = lambda: now() + 3600
            try:
                await is_refused(shown, "Send a test")
                await shown.sees("a page that was opened just now", ".phone-form")
                await is_refused(shown, "Save")
                await shown.page.locator(".note").nth(1).wait_for()
                kept = await shown.page.input_value("#phone-url")
                await press(shown, "Cancel")
                async with shown.page.expect_console_message():
                    await choose(shown, "Telegram")
                # Before anything is typed.
                await shown.sees("a page that was opened just now", ".phone-form")
            finally:
                keyring.clock = now
            shown.complaints.clear()

    assert service.came == []
    assert kept == service.url
    assert agent.places.config.read_text() == before


async def test_without_apprise_the_page_says_how_it_is_installed(
    two: LivingAgent, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "find_spec", lambda _: None)
    async with tab(browser, await two.page.address("phone")) as shown:
        await shown.sees("'.[remote]'")
        buttons = await shown.page.locator("main button").all_inner_texts()
        wrong = await shown.violations()

    assert buttons == ["Change", "Remove"] * 2
    assert wrong == []


async def test_a_demonstration_offers_no_key_store(agent: LivingAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[StoreAct] = []

    async def store(act: StoreAct, name: str = "", secret: str = "") -> StoreWord:
        asked.append(act)
        return StoreWord.DONE

    monkeypatch.setattr(target_tools, "ask_key_store", store)

    assert await TargetTools(keeps=False).key_store() is None
    assert await agent.page.targets.key_store() is None
    assert asked == []
    assert await TargetTools(keeps=True).key_store() == STORE_NAME


async def test_where_there_is_a_key_store_an_address_can_be_kept_there(
    agent: LivingAgent, browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept: dict[str, str] = {}

    async def store(act: StoreAct, name: str = "", secret: str = "") -> StoreWord:
        if act is StoreAct.KEEP:
            kept[name] = secret
        elif act is StoreAct.FORGET:
            kept.pop(name)
        return StoreWord.DONE

    monkeypatch.setattr(target_tools, "ask_key_store", store)
    monkeypatch.setattr(agent.page, "targets", TargetTools(keeps=True))
    async with tab(browser, await agent.page.address("phone")) as shown:
        await choose(shown, "Another service")
        await shown.page.fill("#phone-url", "json://a-secret@127.0.0.1:9")
        await shown.page.get_by_role("switch", name="Keep the address in the key store").check()
        wrong = await shown.violations()
        await press(shown, "Save")
        await shown.sees("In the key store", ".target")
        during = dict(kept)
        await press(shown, "Remove Another service")
        await press(shown, "Remove it")
        await shown.page.locator(".target").wait_for(state="detached")

    assert list(during.values()) == ["json://a-secret@127.0.0.1:9"]
    assert kept == {}
    assert wrong == []
    assert "a-secret" not in agent.places.config.read_text()
