"""The Linux tray on a real session bus, seen by a panel of our own."""

import asyncio
import socket
import time
from collections.abc import Callable

import pytest

from agent.core.shown.display import (
    SEPARATOR,
    Connect,
    Disconnect,
    Display,
    IconState,
    MenuEntry,
    MenuOpened,
    OpenLog,
    Pause,
    Quit,
)
from agent.platforms import session_bus
from agent.tray import TrayUnavailable, open_tray, sni
from agent.tray.artwork import SIZES, argb, icon_picture
from tests.desktop_session import SessionBus
from tests.tray.conftest import RunningTray
from tests.tray_host import TrayHost

pytestmark = pytest.mark.desktop

MENU = (
    MenuEntry("Connected for 3 min"),
    MenuEntry(
        "Paper_Gateway",
        children=(
            MenuEntry("Connect", Connect("Paper_Gateway"), checked=True),
            MenuEntry("Disconnect", Disconnect("Paper_Gateway"), checked=False),
        ),
    ),
    SEPARATOR,
    MenuEntry("Pause for an hour", Pause(3600.0)),
    MenuEntry("Open the log", OpenLog(), default=True),
    MenuEntry("Quit", Quit()),
)
CONNECTED = Display(IconState.CONNECTED, "Gatelight: connected <b>&", MENU)


async def test_a_panel_reads_title_tooltip_and_every_other_property(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()

    seen = await host.read_all()

    assert (seen["Id"], seen["Title"], seen["Status"]) == ("gatelight", "Gatelight", "Active")
    assert seen["ToolTip"] == ["", [], "Gatelight: connected <b>&", ""]
    assert seen["ItemIsMenu"] is False
    assert seen["Category"] == "ApplicationStatus"
    # Some panels drop an item that lacks one of these.
    assert {"IconName", "OverlayIconPixmap", "AttentionIconName", "IconThemePath", "Menu", "WindowId"} <= seen.keys()


async def test_a_panel_gets_the_picture_of_the_state_at_every_size(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()

    sent = await host.read("IconPixmap")

    assert [(width, height) for width, height, _ in sent] == [(size, size) for size in SIZES]
    assert [pixels for _, _, pixels in sent] == [argb(icon_picture(IconState.CONNECTED, size)) for size in SIZES]


async def test_a_panel_reads_the_menu_with_marks_submenus_and_underscores(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()

    menu = await host.menu()

    assert menu.outline() == [
        "Connected for 3 min (grey)",
        "Paper__Gateway",
        "  [x] Connect",
        "  [ ] Disconnect",
        "---",
        "Pause for an hour",
        "Open the log",
        "Quit",
    ]
    assert not any("x-default" in line.properties for line in menu.children)


async def test_clicks_arrive_in_order_on_a_thread_of_their_own(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()

    await host.click("Disconnect")
    await host.click("Pause for an hour")
    await host.click("Connected for 3 min")
    await host.activate()

    assert await running.asked_for(3) == [Disconnect("Paper_Gateway"), Pause(3600.0), OpenLog()]
    assert set(running.callers) == {"tray-clicks"}


async def test_a_menu_that_is_opened_is_one_that_the_user_has_seen(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()

    await host.tell_menu(0, "opened")
    await host.tell_menu(0, "closed")
    await host.click("Disconnect")

    assert await running.asked_for(2) == [MenuOpened(), Disconnect("Paper_Gateway")]


async def test_only_what_changed_is_sent(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()
    await host.menu()
    host.forget()

    running.tray.show(CONNECTED)
    relabelled = (MenuEntry("Connected for 4 min"), *MENU[1:])
    running.tray.show(Display(IconState.CONNECTED, CONNECTED.tooltip, relabelled))
    await host.heard("ItemsPropertiesUpdated")
    await asyncio.sleep(0.1)

    assert host.signals == ["ItemsPropertiesUpdated"]
    assert [properties for _, properties in host.changed] == [{"label": "Connected for 4 min"}]


async def test_a_new_state_changes_icon_and_tooltip_alone(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()
    await host.menu()
    host.forget()

    running.tray.show(Display(IconState.PROBLEM, "x" * 200, MENU))
    await host.heard("NewIcon", "NewToolTip")
    sent = await host.read("IconPixmap")

    assert sorted(host.signals) == ["NewIcon", "NewToolTip"]
    assert sent[0][2] == argb(icon_picture(IconState.PROBLEM, 16))
    assert len((await host.read("ToolTip"))[2]) == 127


async def test_a_check_mark_moves_without_a_new_menu(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()
    before = await host.menu()

    children = (
        MenuEntry("Connect", Connect("Paper_Gateway"), checked=False),
        MenuEntry("Disconnect", Disconnect("Paper_Gateway"), checked=True),
    )
    running.tray.show(
        Display(IconState.PAUSED, "", (MENU[0], MenuEntry("Paper_Gateway", children=children), *MENU[2:]))
    )
    await host.heard("ItemsPropertiesUpdated")
    after = await host.menu()

    assert after.outline()[2:4] == ["  [ ] Connect", "  [x] Disconnect"]
    assert after.find("Connect").number == before.find("Connect").number


async def test_a_click_on_a_line_that_is_gone_does_nothing_else(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(Display(IconState.CONNECTED, "", (MenuEntry("Open the log", OpenLog()),)))
    running.start()
    await host.item_came()
    stale = (await host.menu()).find("Open the log").number
    host.forget()

    running.tray.show(Display(IconState.CONNECTED, "", (MenuEntry("Quit", Quit()),)))
    await host.heard("LayoutUpdated")
    await host.click_line(stale)
    await host.click("Quit")

    assert await running.asked_for(1) == [Quit()]


async def test_without_a_default_line_a_left_click_opens_the_menu(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(Display(IconState.CONNECTED, "", (MenuEntry("Quit", Quit()),)))
    running.start()
    await host.item_came()

    assert await host.read("ItemIsMenu") is True


async def test_a_restarted_panel_gets_the_icon_again(running: RunningTray, host: TrayHost) -> None:
    running.tray.show(CONNECTED)
    running.start()
    await host.item_came()

    for _ in range(5):
        await host.end()
        host = await TrayHost.start()
        await host.item_came()

    assert (await host.read("ToolTip"))[2] == CONNECTED.tooltip
    await host.end()


async def test_a_panel_that_comes_after_log_in_is_waited_for(running: RunningTray) -> None:
    running.tray.show(CONNECTED)
    running.start()

    host = await TrayHost.start()
    await host.item_came()

    assert await host.read("Status") == "Active"
    await host.end()


async def test_an_icon_that_no_panel_takes_is_told_once_and_until_one_comes(
    running: RunningTray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sni, "REGISTER_AFTER", (0.0, 0.05))
    running.tray.show(CONNECTED)
    running.start()
    async with asyncio.timeout(20):
        while not running.unseen:  # noqa: ASYNC110 - filled by another thread
            await asyncio.sleep(0.005)

    assert running.unseen == [sni.NO_HOST]
    assert running.tray.unseen == sni.NO_HOST

    host = await TrayHost.start()
    await host.item_came()
    async with asyncio.timeout(20):
        while running.tray.unseen:  # noqa: ASYNC110 - changed by another thread
            await asyncio.sleep(0.005)
    await host.end()

    assert running.unseen == [sni.NO_HOST]


@pytest.mark.usefixtures("bus")
def test_without_waiting_a_desktop_without_a_tray_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    with pytest.raises(TrayUnavailable, match=r"^No program on this desktop shows tray icons .*\.$"):
        open_tray(lambda _: None, wait_for_host=False)


def test_without_a_session_bus_the_tray_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for variable in ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    with pytest.raises(TrayUnavailable, match=r"^There is no D-Bus session bus, .*\.$"):
        open_tray(lambda _: None)


def test_a_session_bus_that_is_dead_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    monkeypatch.delenv("DISPLAY", raising=False)

    with pytest.raises(TrayUnavailable, match="cannot be reached"):
        open_tray(lambda _: None)


async def became(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - done by another thread
            await asyncio.sleep(0.005)


async def test_when_the_session_bus_comes_back_so_does_the_icon(bus: SessionBus, running: RunningTray) -> None:
    running.tray.show(CONNECTED)
    running.start()
    for number in range(3):
        host = await TrayHost.start()
        await host.item_came()
        await became(lambda: not running.tray.unseen)
        await asyncio.to_thread(bus.kill)
        await host.end()
        await became(lambda: bool(running.tray.unseen))
        # What happens meanwhile is shown when it is back.
        running.tray.show(Display(IconState.PROBLEM, f"outage {number}", MENU[number:]))
        await asyncio.to_thread(bus.start)
    host = await TrayHost.start()
    await host.item_came()

    assert (await host.read("ToolTip"))[2] == "outage 2"
    assert (await host.read("IconPixmap"))[0][2] == argb(icon_picture(IconState.PROBLEM, 16))
    assert "Pause for an hour" in (await host.menu()).outline()
    assert len(host.items) == 1
    host.forget()
    running.tray.show(CONNECTED)
    await host.heard("NewIcon", "NewToolTip", "LayoutUpdated")
    await host.click("Disconnect")
    assert await running.asked_for(1) == [Disconnect("Paper_Gateway")]
    await host.end()


async def test_a_session_bus_that_ended_is_said_where_the_icon_is_asked_for_and_not_as_a_notice(
    bus: SessionBus, running: RunningTray
) -> None:
    running.tray.show(CONNECTED)
    running.start()

    bus.kill()
    await became(lambda: running.tray.unseen == sni.BUS_ENDED)

    assert running.unseen == []
    assert running.lost is None


async def test_a_bus_that_listens_and_says_nothing_is_not_taken_for_one_that_is_back(
    bus: SessionBus, running: RunningTray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_bus, "CONNECT_SECONDS", 0.1)
    running.tray.show(CONNECTED)
    running.start()
    bus.kill()
    path = bus.folder / "bus"
    path.unlink()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        silent.settimeout(10)
        for _ in range(2):
            (await asyncio.to_thread(silent.accept))[0].close()
        assert running.tray.unseen == sni.BUS_ENDED
    path.unlink()
    await asyncio.to_thread(bus.start)
    host = await TrayHost.start()
    await host.item_came()
    await host.end()


async def test_a_stop_is_heard_while_the_session_bus_is_away(bus: SessionBus, running: RunningTray) -> None:
    running.start()
    bus.kill()
    await became(lambda: bool(running.tray.unseen))

    running.tray.stop()

    assert await running.ended()
    assert running.lost is None


async def test_stop_lets_run_return_at_once(running: RunningTray, host: TrayHost) -> None:
    running.start()
    await host.item_came()

    running.tray.stop()

    assert await running.ended()
    assert running.lost is None


@pytest.mark.usefixtures("bus")
async def test_a_stop_at_any_moment_is_heard() -> None:
    for delay in (0.0, 0.001, 0.003, 0.006, 0.01, 0.015, 0.02, 0.03) * 3:
        running = await asyncio.to_thread(RunningTray)
        running.start_without_waiting()
        time.sleep(delay)  # noqa: ASYNC251 - the moment is the point, and the loop has nothing else to do
        running.tray.stop()

        assert await running.ended(), delay


@pytest.mark.usefixtures("bus")
async def test_a_stop_before_run_lets_run_return() -> None:
    running = await asyncio.to_thread(RunningTray)
    running.tray.stop()
    running.start_without_waiting()

    assert await running.ended()


async def test_no_label_keeps_a_panel_from_the_menu_or_the_user_from_quitting(
    running: RunningTray, host: TrayHost
) -> None:
    nasty = "\udcff \x00 half \ud83d \x1b]0;x\x07 \u202eevil\nforged"
    below = MenuEntry(nasty, children=(MenuEntry(nasty, OpenLog()),))
    running.tray.show(Display(IconState.PROBLEM, nasty, (MenuEntry(nasty), below, MenuEntry("Quit", Quit()))))
    running.start()
    await host.item_came()

    menu = await host.menu()
    await host.click("Quit")

    assert [line.label for line in menu.children] == ["\ufffd half \ufffd ]0;x evil forged"] * 2 + ["Quit"]
    assert (await host.read("ToolTip"))[2] == "\ufffd  half \ufffd ]0;x evil\nforged"
    assert await running.asked_for(1) == [Quit()]
