"""A user's life with the package: install, start, use, upgrade while it runs, remove."""

import json
import os
import shlex
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.desktop_session import Desktop
from tests.installers.clean_system import CleanSystem, User, is_there, until
from tests.installers.relayed import RELAY, Program
from tests.installers.run import LATER

PORT = 4002
NAMES = {"bookworm": ("Jörg Müller", "/home/Jörg Müller ñ"), "trixie": ("alice", "/home/alice")}
"""A user for each system: name and home folder."""
PICTURES = "GATELIGHT_PICTURES"
"""Names a folder that keeps the screenshots."""
LEFT_AT_HOME = {".config", ".local"}
"""What remains in a home folder after removal: the settings, and memory and log."""


class Screen:
    """The desktop as the users of a clean system reach it, with all notices that were raised on it."""

    def __init__(self, desktop: Desktop, folder: Path) -> None:
        self.desktop = desktop
        self.folder = folder
        self.variables = {"DISPLAY": os.environ["DISPLAY"], "DBUS_SESSION_BUS_ADDRESS": desktop.bus.address}
        self.notices = desktop.folder / "dbus-monitor.log"
        desktop.start("dbus-monitor", "--session", "interface='org.freedesktop.Notifications',member='Notify'")

    def picture(self, name: str) -> bytes:
        """A screenshot; kept where that is asked for."""
        place = Path(os.environ.get(PICTURES, self.folder)) / f"{name}.png"
        self.desktop.screenshot(place)
        return place.read_bytes()

    def colours(self, picture: bytes) -> int:
        """How many colours the panel has, at the bottom of the screen."""
        crop = ["convert", "png:-", "-gravity", "south", "-crop", "0x30+0+0", "-format", "%k", "info:"]
        return int(subprocess.run(crop, input=picture, capture_output=True, check=True).stdout)

    def icons(self) -> str:
        """The programs that have an icon in the panel."""
        ask = "org.kde.StatusNotifierWatcher"
        command = ["dbus-send", "--session", "--print-reply", f"--dest={ask}", "/StatusNotifierWatcher"]
        get = [*command, "org.freedesktop.DBus.Properties.Get", f"string:{ask}", "string:RegisteredStatusNotifierItems"]
        return subprocess.run(get, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def shown(screen: Desktop, system: CleanSystem, tmp_path: Path) -> Screen:
    system.share(screen.bus.folder)
    return Screen(screen, tmp_path)


def entry_command(system: CleanSystem, place: str) -> list[str]:
    """What a click on a desktop entry starts."""
    entry = ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment]
    entry.read(system.root / place.lstrip("/"), encoding="utf-8")
    assert system.do("sh", "-c", f"command -v {shlex.quote(entry['Desktop Entry']['TryExec'])}")
    return shlex.split(entry["Desktop Entry"]["Exec"])


def visible(status: dict[str, Any]) -> set[str]:
    return {p["code"] for c in status.get("connections", ()) for p in c["problems"] if p["visible"]}


def page_of(system: CleanSystem, user: User) -> str:
    """The page, opened by a user of the system."""
    address = system.do("gatelight", "--print-url", user=user).strip().splitlines()[-1]
    with urlopen(address, timeout=60) as answer:
        return str(answer.read().decode())


def test_a_life_with_the_package(
    system: CleanSystem, shown: Screen, package: Path, later_package: Path, base: Path
) -> None:
    user = system.add_user(*NAMES[base.name])
    empty = shown.colours(shown.picture(f"{user.name} before"))
    untouched = system.files()
    system.install(package)
    gateway = started(system, shown, user)
    shown_icon = shown.colours(shown.picture(f"{user.name} icon"))
    assert shown_icon > empty, "no icon in the panel"
    a_notice_is_raised(system, shown, user, gateway)
    the_page_opens(system, shown, user)
    it_starts_at_log_in(system, user)
    kept = settings_are_made(system, user)
    relay, program = relayed(system, user)
    upgraded_while_it_runs(system, user, later_package)
    assert kept.read_text(encoding="utf-8").endswith(SETTING)
    assert troubled(system, user), "the problem was forgotten"
    program.ask()
    downgraded_while_it_runs(system, user, package)
    program.ask()
    # The relay is still that of before, and has counted all.
    until(lambda: [one["messages"] for one in relays(system, user)[0]["programs"]] == [4], "the messages counted")
    assert relays(system, user)[0]["pid"] == relay
    assert kept.read_text(encoding="utf-8").endswith(SETTING)
    tell(gateway, "link-back-kept")
    until(lambda: system.status(user).get("overall") == "connected", "the end of the problem")
    until(lambda: "org.kde" in shown.icons() or ":1." in shown.icons(), "the icon")
    system.do("gatelight", "relay", "stop", "--all", user=user)
    assert program.is_cut()
    program.close()
    removed(system, user, untouched)


SETTING = '[notifications]\nrepeat_after = "45m"\n'
RELAYED = f'[[relays]]\nname = "paper"\nlisten = {RELAY}\nto = "127.0.0.1:{PORT}"\n'


def relayed(system: CleanSystem, user: User) -> tuple[int, Program]:
    """A program that is connected through a relay, which the agent has started, and the relay's process."""
    until(lambda: relays(system, user), "the relay")
    program = Program.connected(17)
    program.ask()
    return int(relays(system, user)[0]["pid"]), program


def relays(system: CleanSystem, user: User) -> list[dict[str, Any]]:
    """What the running relays tell."""
    said = system.do("sh", "-c", "gatelight relay status --json 2>/dev/null || true", user=user)
    found: list[dict[str, Any]] = json.loads(said)["relays"]
    return found


def troubled(system: CleanSystem, user: User) -> bool:
    """Whether the lost link is told: as a problem, or at the hours of IB's resets as an expected outage."""
    return bool({"server-link-lost", "scheduled-outage"}.intersection(visible(system.status(user))))


def tell(gateway: "subprocess.Popen[bytes]", order: str) -> None:
    """Type an order at the simulated application."""
    assert gateway.stdin is not None
    gateway.stdin.write(f"{order}\n".encode())
    gateway.stdin.flush()


def started(system: CleanSystem, shown: Screen, user: User) -> "subprocess.Popen[bytes]":
    """Start it from the menu; it finds the simulated IB Gateway, whose process is returned."""
    command = entry_command(system, "/usr/share/applications/gatelight.desktop")
    system.start(*command, user=user, **shown.variables)
    until(lambda: system.status(user), "an answer of the agent")
    gateway = system.start("gatelight", "simulate", "--port", str(PORT), user=user)
    status = until(lambda: (s := system.status(user)).get("overall") == "connected" and s, "the simulated IB Gateway")
    application = status["connections"][0]["application"]
    assert (application["kind"], application["version"], application["listening"]) == ("gateway", "10.45", [PORT])
    until(lambda: ":1." in shown.icons(), "the icon")
    return gateway


def a_notice_is_raised(system: CleanSystem, shown: Screen, user: User, gateway: "subprocess.Popen[bytes]") -> None:
    tell(gateway, "link-lost")
    until(lambda: troubled(system, user), "the problem")
    until(lambda: b"Notify" in shown.notices.read_bytes(), "a notice")
    shown.picture(f"{user.name} notice")


def the_page_opens(system: CleanSystem, shown: Screen, user: User) -> None:
    assert "<title>Gatelight" in page_of(system, user)
    # A second start from the menu opens the page with what the user has for that.
    # Not in the home folder, where nothing may be left: Set-up may open a page a second time, and later.
    opener, told = system.root / "usr/local/bin/xdg-open", system.root / f"tmp/opened-{user.number}"
    opener.write_text(f'#!/bin/sh\nto=/tmp/opened-{user.number}\nenv | grep -c ^LD_ > $to.$$\necho "$1" >> $to.$$\n'
                      'mv $to.$$ $to\n')  # fmt: skip
    opener.chmod(0o755)
    system.start(*entry_command(system, "/usr/share/applications/gatelight.desktop"), user=user, **shown.variables)
    until(told.exists, "the page to be opened")
    libraries, address = told.read_text().splitlines()
    assert libraries == "0", "the browser would load our libraries"
    with urlopen(address, timeout=60) as answer:
        assert answer.status == 200
    opener.unlink()
    told.unlink()


def it_starts_at_log_in(system: CleanSystem, user: User) -> None:
    system.do("gatelight", "autostart", "on", user=user)
    assert system.do("gatelight", "autostart", "status", user=user).startswith("on")
    command = entry_command(system, f"{user.home}/.config/autostart/gatelight.desktop")
    assert command[0] == "/usr/lib/gatelight/gatelight"
    # It is this installation that is started: it says that it runs already.
    assert "already" in system.do(*command, user=user, status=3)


def settings_are_made(system: CleanSystem, user: User) -> Path:
    path = system.do("gatelight", "config", "path", user=user).strip().splitlines()[0]
    file = system.root / path[1:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(RELAYED + SETTING, encoding="utf-8")
    for place in (file, file.parent):
        os.chown(place, user.number, user.number)
    return file


def upgraded_while_it_runs(system: CleanSystem, user: User, package: Path) -> None:
    system.install(package)
    until(lambda: version_of(system, user) == LATER, "the later version to run")
    until(lambda: troubled(system, user), "the problem, as before")
    assert "<title>Gatelight" in page_of(system, user)
    assert system.do("gatelight", "autostart", "status", user=user).startswith("on")


def downgraded_while_it_runs(system: CleanSystem, user: User, package: Path) -> None:
    said = system.install(package)
    assert "downgrading" in said
    until(lambda: version_of(system, user) not in ("", LATER), "the earlier version to run")
    until(lambda: troubled(system, user), "the problem, as before")


def version_of(system: CleanSystem, user: User) -> str:
    return str(system.status(user).get("agent", {}).get("version", ""))


def removed(system: CleanSystem, user: User, untouched: set[str]) -> None:
    """Remove it while it runs: it ends, and nothing is left but what is the user's."""
    running = system.status(user)["agent"]["pid"]
    system.do("dpkg", "-r", "gatelight")
    until(lambda: not is_there(running), "the end of the agent")
    left = {name for name in system.files() - untouched if not name.startswith("tmp/")}
    at_home = {name for name in left if name.startswith(user.home[1:])}
    assert {name.removeprefix(f"{user.home[1:]}/").split("/")[0] for name in at_home} <= LEFT_AT_HOME | {".cache"}
    assert left - at_home == set(), "left in the system"
    system.do("dpkg", "-P", "gatelight")
    assert "gatelight" not in system.do("sh", "-c", "dpkg-query -W -f '${Package} '")
