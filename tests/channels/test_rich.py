"""Notices with buttons: what a real notification service on a real session bus gets, and what comes back."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from agent.channels import Delivered, NotDelivered
from agent.channels.rich import RichChannel
from agent.core.problem import Severity
from agent.core.shown.display import Action, MenuEntry, Notice, ShowSteps, Snooze
from tests.desktop_session import SessionBus, session_bus
from tests.notice_recorder import NoticeRecorder

ICONS = Path(__file__).resolve().parents[2] / "icons"
STEPS = ShowSteps("Paper", "api-silent")
SNOOZE = Snooze("api-silent", "Paper", 3600.0)
NOTICE = Notice(
    "Paper/api-silent",
    Severity.ERROR,
    "TWS does not answer",
    "A dialog may be open.",
    offers=(MenuEntry("Show steps", STEPS), MenuEntry("Snooze", SNOOZE)),
)
TAKEN = Delivered("desktop notifications with buttons")


@pytest.fixture
def bus() -> Iterator[SessionBus]:
    with session_bus() as made:
        yield made


@pytest_asyncio.fixture
async def recorder(bus: SessionBus) -> AsyncIterator[NoticeRecorder]:
    made = await NoticeRecorder.start("body", "body-markup", "actions")
    yield made
    await made.end()


@pytest.fixture
def asked() -> list[Action]:
    return []


@pytest_asyncio.fixture
async def channel(asked: list[Action]) -> AsyncIterator[RichChannel]:
    made = RichChannel(ICONS, asked.append)
    yield made
    await made.close()


async def heard(asked: list[Action], count: int) -> list[Action]:
    async with asyncio.timeout(20):
        while len(asked) < count:  # noqa: ASYNC110 - filled by what arrives on the bus
            await asyncio.sleep(0.005)
    return asked


@pytest.mark.desktop
async def test_a_notice_arrives_with_icon_urgency_and_buttons(recorder: NoticeRecorder, channel: RichChannel) -> None:
    done = await channel.announce(NOTICE)
    (got,) = recorder.notices

    assert done == TAKEN
    assert (got.app, got.title, got.body) == ("Gatelight", "TWS does not answer", "A dialog may be open.")
    assert got.icon == (ICONS / "notice-error.png").as_uri()
    assert (got.hints["urgency"], got.milliseconds) == (2, 0)
    assert list(got.buttons) == ["Show steps", "Snooze"]
    assert "default" in got.actions


@pytest.mark.desktop
async def test_clicks_on_the_notice_and_on_its_buttons_ask_for_what_they_say(
    recorder: NoticeRecorder, channel: RichChannel, asked: list[Action]
) -> None:
    for button in ("default", "Show steps", "Snooze"):
        await channel.announce(NOTICE)
        got = recorder.notices[-1]
        recorder.ActionInvoked(got.number, got.buttons.get(button, button))
        await heard(asked, len(recorder.notices))

    assert asked == [STEPS, STEPS, SNOOZE]


@pytest.mark.desktop
async def test_a_click_on_a_notice_that_the_library_has_forgotten_still_counts(
    recorder: NoticeRecorder, channel: RichChannel, asked: list[Action]
) -> None:
    # As when Windows has moved it to the Action Center.
    assert await channel.announce(NOTICE) == TAKEN
    (identifier,) = channel._shown.values()
    notifier = channel._notifier
    shown = notifier._backend._notification_cache[identifier]
    snooze = shown.buttons[1].identifier

    notifier._backend.handle_button(identifier, snooze, None)
    notifier._backend.handle_clicked(identifier, None)
    notifier._backend.handle_clicked("another", None)

    assert asked == [SNOOZE, STEPS]


async def test_a_later_notice_of_the_same_key_takes_the_place_of_the_earlier_one(
    recorder: NoticeRecorder, channel: RichChannel
) -> None:
    over = Notice("Paper/api-silent", Severity.INFO, "TWS answers again", "It lasted 2 min.", over=True)

    await channel.announce(NOTICE)
    await channel.announce(Notice("Paper/login-due", Severity.INFO, "Another matter", ""))
    await channel.announce(over)

    assert recorder.closed == [1]
    assert (recorder.notices[2].hints["urgency"], recorder.notices[2].milliseconds) == (1, 10_000)
    assert recorder.notices[2].buttons == {}


@pytest.mark.desktop
async def test_a_notice_is_withdrawn_by_its_key_once(recorder: NoticeRecorder, channel: RichChannel) -> None:
    await channel.announce(NOTICE)
    stood = [await channel.withdraw(key) for key in ("Paper/other", "Paper/api-silent", "Paper/api-silent")]

    assert stood == [False, True, False]
    assert recorder.closed == [1]


@pytest.mark.desktop
@pytest.mark.parametrize("reason", [1, 2])
async def test_a_notice_that_has_expired_or_was_closed_did_not_stand_any_more(
    recorder: NoticeRecorder, channel: RichChannel, reason: int
) -> None:
    await channel.announce(NOTICE)
    recorder.NotificationClosed(1, reason)
    # The signal comes before the answer to a later call.
    await channel.announce(replace(NOTICE, key="another"))

    assert not await channel.withdraw(NOTICE.key)
    assert await channel.withdraw("another")


@pytest.mark.desktop
async def test_what_the_user_closed_can_still_be_withdrawn_and_announced_again(
    recorder: NoticeRecorder, channel: RichChannel
) -> None:
    await channel.announce(NOTICE)
    recorder.NotificationClosed(1, 2)
    await asyncio.sleep(0.05)
    again = await channel.announce(NOTICE)
    await channel.withdraw(NOTICE.key)

    assert again == TAKEN
    assert recorder.closed == [2]


@pytest.mark.desktop
@pytest.mark.parametrize(
    ("title", "text", "sent_title", "sent_body"),
    [
        ("-h", "--help", "h", "help"),
        ("", "", "Gatelight", ""),
        ("a <b>&", "<b>look</b> & close \\n it", "a <b>&", "&lt;b&gt;look&lt;/b&gt; &amp; close \\n it"),
        ("🔴 Paper", "TWS 🔴 שלום مرحبا", "🔴 Paper", "TWS 🔴 שלום مرحبا"),
        ("zero\x00 bell\x07", "two\nlines\ud83d", "zero bell", "two\nlines\ufffd"),
    ],
)
async def test_difficult_texts_arrive_as_they_are_meant(
    recorder: NoticeRecorder, channel: RichChannel, title: str, text: str, sent_title: str, sent_body: str
) -> None:
    done = await channel.announce(Notice("k", Severity.WARNING, title, text))
    (got,) = recorder.notices

    assert done == TAKEN
    assert (got.title, got.body) == (sent_title, sent_body)


@pytest.mark.desktop
async def test_long_texts_are_cut_at_a_word_and_keep_their_buttons(
    recorder: NoticeRecorder, channel: RichChannel
) -> None:
    long = Notice("k", Severity.WARNING, "TWS is silent " * 20, "A dialog is open. " * 40, offers=NOTICE.offers)

    await channel.announce(long)
    (got,) = recorder.notices

    assert got.title == "TWS is silent TWS is silent TWS is silent TWS is silent TWS is…"
    assert len(got.body) <= 255
    assert got.body.endswith("…")
    assert list(got.buttons) == ["Show steps", "Snooze"]


@pytest.mark.desktop
@pytest.mark.usefixtures("bus")
async def test_without_a_notification_service_nothing_is_claimed(channel: RichChannel) -> None:
    assert await channel.announce(NOTICE) == NotDelivered("no notification service runs on this desktop")


async def test_without_a_session_bus_nothing_is_claimed(
    channel: RichChannel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    done = await channel.announce(NOTICE)

    assert isinstance(done, NotDelivered)
    assert "no D-Bus session bus" in done.reason


@pytest.mark.desktop
async def test_a_service_that_refuses_is_not_claimed_as_success(
    recorder: NoticeRecorder, channel: RichChannel, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.refuse = True
    refused = await channel.announce(NOTICE)
    recorder.refuse = False
    taken = await channel.announce(NOTICE)

    assert (refused, taken) == (NotDelivered("the notification service did not take it"), TAKEN)
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.desktop
async def test_a_new_session_bus_is_used_when_the_old_one_has_ended(bus: SessionBus, channel: RichChannel) -> None:
    first = await NoticeRecorder.start("body")
    await channel.announce(NOTICE)
    bus.kill()
    await first.end()
    with session_bus():
        second = await NoticeRecorder.start("body")
        done = await channel.announce(NOTICE)
        await second.end()
        await channel.close()

    assert done == TAKEN


@pytest.mark.desktop
async def test_a_session_bus_that_comes_back_takes_notices_and_clicks_again(
    bus: SessionBus, channel: RichChannel, asked: list[Action]
) -> None:
    for number in range(1, 4):
        recorder = await NoticeRecorder.start("body", "actions")
        assert await channel.announce(NOTICE) == TAKEN
        recorder.ActionInvoked(1, "default")
        assert await heard(asked, number) == [STEPS] * number
        await asyncio.to_thread(bus.kill)
        await recorder.end()
        assert isinstance(await channel.announce(NOTICE), NotDelivered)
        await asyncio.to_thread(bus.start)
    await channel.close()


@pytest.mark.desktop
async def test_notices_of_others_on_a_notification_service_that_was_started_anew_are_not_taken_for_ours(
    bus: SessionBus, channel: RichChannel, asked: list[Action]
) -> None:
    first = await NoticeRecorder.start("body", "actions")
    await channel.announce(NOTICE)
    await first.end()
    second = await NoticeRecorder.start("body", "actions")
    # The first notice of the new service has the number that ours had.
    second.ActionInvoked(1, "default")
    await channel.withdraw(NOTICE.key)

    assert await channel.announce(NOTICE) == TAKEN
    assert second.closed == []
    assert asked == []
    second.ActionInvoked(1, "default")
    assert await heard(asked, 1) == [STEPS]
    await channel.close()
    await second.end()


@pytest.mark.desktop
@pytest.mark.usefixtures("recorder")
async def test_a_library_without_a_real_backend_is_passed_over(
    channel: RichChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    import desktop_notifier.main
    from desktop_notifier.backends.dummy import DummyNotificationCenter

    monkeypatch.setattr(desktop_notifier.main, "get_backend_class", lambda: DummyNotificationCenter)

    assert await channel.announce(NOTICE) == NotDelivered("this system has none for a program like this one")


@pytest.mark.desktop
@pytest.mark.usefixtures("recorder")
async def test_a_library_that_cannot_start_is_passed_over(
    channel: RichChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    import desktop_notifier.main

    def broken(*_: object) -> None:
        raise OSError(-2147221164, "class not registered")

    monkeypatch.setattr(desktop_notifier.main, "get_backend_class", lambda: broken)

    done = await channel.announce(NOTICE)

    assert isinstance(done, NotDelivered)
    assert "class not registered" in done.reason


@pytest.mark.desktop
@pytest.mark.usefixtures("recorder")
async def test_a_missing_library_is_passed_over(channel: RichChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "desktop_notifier", None)

    assert isinstance(await channel.announce(NOTICE), NotDelivered)


async def test_a_service_that_comes_later_shows_what_none_could_show_before(
    bus: SessionBus, channel: RichChannel
) -> None:
    before = await channel.announce(NOTICE)
    recorder = await NoticeRecorder.start("body", "actions")
    try:
        after = await channel.announce(NOTICE)
    finally:
        await recorder.end()

    assert isinstance(before, NotDelivered)
    assert after == TAKEN
    assert [n.title for n in recorder.notices] == [NOTICE.title]
