"""The desktop channel: what it sends, and what a real notification service on a real session bus gets."""

import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.channels import Delivered, NotDelivered, desktop
from agent.channels.desktop import DesktopChannel
from agent.core.problem import Severity
from agent.core.shown.display import Notice
from tests.desktop_session import need, session_bus
from tests.notice_recorder import NoticeRecorder

ICONS = Path(__file__).resolve().parents[2] / "icons"


def notice(title: str, text: str = "", severity: Severity = Severity.WARNING, over: bool = False) -> Notice:
    return Notice("paper/some-code", severity, title, text, over=over)


@pytest.fixture
def bus() -> Iterator[None]:
    need("notify-send")
    with session_bus():
        yield


@pytest_asyncio.fixture
async def recorder(bus: None) -> AsyncIterator[NoticeRecorder]:
    made = await NoticeRecorder.start("body", "body-markup", "actions")
    yield made
    await made.end()


@pytest.mark.desktop
async def test_a_notice_arrives_with_icon_urgency_and_key(recorder: NoticeRecorder) -> None:
    done = await DesktopChannel(ICONS).announce(notice("TWS does not answer", "A dialog may be open.", Severity.ERROR))
    (got,) = recorder.notices

    assert done == Delivered("desktop notifications")
    assert (got.app, got.title, got.body) == ("Gatelight", "TWS does not answer", "A dialog may be open.")
    assert got.icon == str(ICONS / "notice-error.png")
    assert got.hints["urgency"] == 2
    assert got.hints["x-canonical-private-synchronous"] == "paper/some-code"
    assert got.milliseconds == 0


@pytest.mark.desktop
async def test_good_news_have_their_own_icon_and_go_away(recorder: NoticeRecorder) -> None:
    await DesktopChannel(ICONS).announce(notice("TWS answers again", severity=Severity.ERROR, over=True))
    (got,) = recorder.notices

    assert got.icon == str(ICONS / "notice-over.png")
    assert (got.hints["urgency"], got.milliseconds) == (1, 10_000)


@pytest.mark.desktop
@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("<b>bold</b> & more", "&lt;b&gt;bold&lt;/b&gt; &amp; more"),
        ("-h is not an option", "h is not an option"),
        (r"C:\Jts\new\table", r"C:\Jts\new\table"),
        ("שלום 🔴 مرحبا", "שלום 🔴 مرحبا"),
        ("first line\nsecond line", "first line\nsecond line"),
        ("'quotes' \"and\" $(echo dollars) `ticks`", "'quotes' \"and\" $(echo dollars) `ticks`"),
    ],
)
async def test_every_text_arrives_as_it_was_meant(recorder: NoticeRecorder, text: str, body: str) -> None:
    await DesktopChannel(None).announce(notice("Title <b> & -h", text))
    (got,) = recorder.notices

    assert (got.title, got.body) == ("Title <b> & -h", body)


@pytest.mark.desktop
@pytest.mark.usefixtures("bus")
async def test_a_service_that_draws_no_markup_gets_none() -> None:
    recorder = await NoticeRecorder.start("body")

    await DesktopChannel(None).announce(notice("Title", "P&L < 0"))
    await recorder.end()

    assert recorder.notices[0].body == "P&L < 0"


@pytest.mark.desktop
async def test_a_title_that_looks_like_an_option_is_not_lost(recorder: NoticeRecorder) -> None:
    for title in ("-h", "--version", ""):
        assert await DesktopChannel(None).announce(notice(title)) == Delivered("desktop notifications")

    assert [got.title for got in recorder.notices] == ["h", "version", "Gatelight"]


@pytest.mark.desktop
@pytest.mark.usefixtures("bus")
async def test_a_desktop_without_a_notification_service_is_not_claimed_as_success() -> None:
    done = await DesktopChannel(None).announce(notice("Title"))

    assert done == NotDelivered("no notification service runs on this desktop")


async def test_without_a_session_bus_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    done = await DesktopChannel(None).announce(notice("Title"))

    assert isinstance(done, NotDelivered)
    assert "no D-Bus session bus" in done.reason


@pytest.mark.desktop
async def test_without_notify_send_the_package_is_named(
    recorder: NoticeRecorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    done = await DesktopChannel(None).announce(notice("Title"))

    assert isinstance(done, NotDelivered)
    assert "libnotify-bin" in done.reason
    assert recorder.notices == []


@pytest.mark.desktop
@pytest.mark.usefixtures("recorder")
async def test_a_stuck_notify_send_is_given_up_and_keeps_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sleep = shutil.which("sleep")
    (tmp_path / "notify-send").write_text(f"#!/bin/sh\nexec {sleep} 2\n")
    (tmp_path / "notify-send").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(desktop, "_SEND_SECONDS", 0.2)

    done = await DesktopChannel(None).announce(notice("Title"))

    assert done == NotDelivered("the notification program did not end within 0.2 s")
    left = [thread for thread in threading.enumerate() if thread.name == "desktop-notice"]
    assert all(thread.daemon for thread in left)
    for thread in left:
        thread.join(5)
