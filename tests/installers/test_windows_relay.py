"""A relay of a Windows user, and the program that is connected through it, over all that a setup does.

Wine 8 does with files what Windows documents (CreateFileW, DeleteFileW): one that a process has loaded can be renamed,
and neither removed nor written to; one that is open without FILE_SHARE_DELETE cannot be renamed. It differs with
folders: it renames one while a file in it is open or loaded, which Windows may refuse. No real Windows was at hand.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import build_windows
import psutil
import pytest
from packaged import version
from windows.wine_python import windows_path

from tests.commands import ROOT, environment
from tests.installers.relayed import RELAY, Program, answers
from tests.installers.windows_home import PATIENCE, UNINSTALL_KEY, WindowsHome, until, windows_home
from tests.installers.windows_setups import NEXT, TESTED, USER
from tests.windows_desktop import finished

pytestmark = pytest.mark.timeout(900)

NOW = version()
TWS = 4002
"""The port of the simulated IB Gateway, which is no Windows program."""
CONFIGURED = f"""
[[connections]]
name = "Gateway"
port = {TWS}

[[relays]]
name = "paper"
listen = {RELAY}
to = "Gateway"
"""
ALONE = {"_internal", "gatelight.exe", "gatelightw.exe", "uninstall.exe"}
"""What is in the program's folder where nothing of another version is left."""


@pytest.fixture
def home() -> Iterator[WindowsHome]:
    with windows_home() as made:
        yield made


@pytest.fixture(autouse=True)
def tws() -> Iterator[None]:
    """A simulated IB Gateway."""
    command = [sys.executable, "-m", "agent", "simulate", "--port", str(TWS)]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stdin=subprocess.PIPE) as made:
        until(lambda: answers(TWS), "the simulated IB Gateway")
        yield
        made.kill()


def installed(home: WindowsHome) -> None:
    """Gatelight, as the user has set it up: with a relay."""
    assert home.setup(NOW) == 0
    configure(home, CONFIGURED)


def configure(home: WindowsHome, words: str) -> None:
    home.data.mkdir(exist_ok=True)
    (home.data / "config.toml").write_text(words, encoding="utf-8")
    for place in (home.data, home.data / "config.toml"):
        os.chown(place, USER, USER)


def with_agent(home: WindowsHome) -> dict[str, Any]:
    """Start it; returns the report of the relay that it has started."""
    home.start(home.programs / "gatelightw.exe", "run")
    until(lambda: relays(home), "the relay")
    return relays(home)[0]


def relays(home: WindowsHome) -> list[dict[str, Any]]:
    """What the running relays tell."""
    _status, said = home.gatelight("relay", "status", "--json")
    found: list[dict[str, Any]] = json.loads(said[said.index("{") :])["relays"] if "{" in said else []
    return found


def counted(home: WindowsHome, program: Program) -> dict[str, Any]:
    """The report of the one relay, once it has counted all that a program asked."""
    until(lambda: [p["messages"] for p in relays(home)[0]["programs"]] == [program.asked + 1], "the messages counted")
    return relays(home)[0]


def in_folder(home: WindowsHome) -> set[str]:
    return {path.name for path in home.programs.iterdir()}


def of(home: WindowsHome) -> set[str]:
    """The versions whose files are in their place."""
    return {number for number in (NOW, NEXT) if (home.programs / f"_internal/of-{number}.txt").exists()}


def test_a_relayed_connection_goes_on_over_upgrade_downgrade_and_one_that_is_broken_off(home: WindowsHome) -> None:
    installed(home)
    pid = with_agent(home)["pid"]
    program = Program.connected(17)
    program.ask()
    before = counted(home, program)

    upgraded = home.setup(NEXT)
    program.ask()
    after = counted(home, program)
    until(home.status, "an answer of the agent that was started anew")
    assert (upgraded, of(home), home.value(UNINSTALL_KEY, "DisplayVersion")) == (0, {NEXT}, NEXT)
    assert (after["pid"], after["started"], len(relays(home))) == (pid, before["started"], 1)
    # Its files are still there, aside.
    assert in_folder(home) == ALONE | {"gatelight-old-1"}

    broken = home.start(TESTED / f"setup-{NOW}.exe", "/S")
    until((home.programs / "gatelight-new/_internal").exists, "the first files of the other version")
    broken.kill()
    broken.wait(PATIENCE)
    program.ask()
    assert (of(home), counted(home, program)["pid"]) == ({NEXT}, pid)

    downgraded = home.setup(NOW)
    program.ask()
    assert (downgraded, of(home), counted(home, program)["pid"]) == (0, {NOW}, pid)
    assert in_folder(home) == ALONE | {"gatelight-old-1"}
    # The relay of before takes new connections as well, and is told what to do by the agent of another version.
    second = Program.connected(18)
    second.ask()
    second.close()

    status, said = home.gatelight("relay", "stop", "paper")
    assert (status, "1 program." in said) == (0, True), said
    assert program.is_cut()
    program.close()
    # The agent starts it again, as it is configured, and that one is of its own version.
    home.gatelight("stop")
    home.gatelight("relay", "stop", "--all")
    assert home.setup(NEXT) == 0
    assert (of(home), in_folder(home)) == ({NEXT}, ALONE)


def test_a_folder_that_cannot_be_moved_whole_is_moved_file_by_file(home: WindowsHome) -> None:
    """A terminal in it keeps Wine from that, as Windows may be kept by less. The relay was typed, too."""
    installed(home)
    relay = home.start(home.programs / "gatelight.exe", "relay", "paper")
    until(lambda: relays(home), "the relay")
    program = Program.connected(17)
    places = [home.programs / "_internal", home.programs / "_internal/psutil"]
    for place in places:
        home.start("cmd", "/c", f"cd /d {windows_path(place)} && ping -n 600 127.0.0.1")
    until(lambda: len(_pings()) == len(places), "the terminals")
    upgraded = home.setup(NEXT)
    program.ask()

    assert (upgraded, of(home), relay.poll()) == (0, {NEXT}, None)
    aside = home.programs / "gatelight-old-1/_internal"
    # What it has loaded stays; all else is gone.
    assert list(aside.glob("psutil/*.pyd"))
    assert not (aside / "base_library.zip").exists()
    assert home.gatelight("--version")[0] == 0
    for pid in _pings():
        os.kill(pid, signal.SIGKILL)
    home.gatelight("relay", "stop", "--all")
    assert program.is_cut()
    program.close()
    assert (home.setup(NOW), in_folder(home)) == (0, ALONE)


def _pings() -> list[int]:
    """Processes of the terminals of this Windows."""
    return [p.pid for p in psutil.process_iter() if "ping" in " ".join(p.cmdline()) and "600" in p.cmdline()]


def test_half_moved_files_are_put_right_by_the_next_setup(home: WindowsHome) -> None:
    """As a setup leaves them that is ended between two of its steps."""
    installed(home)
    report = with_agent(home)
    program = Program.connected(17)
    home.gatelight("stop")
    aside = home.programs / "gatelight-old-1"
    aside.mkdir()
    (home.programs / "gatelight.exe").rename(aside / "gatelight.exe")
    (home.programs / "_internal").rename(aside / "_internal")
    os.chown(aside, USER, USER)
    mended = home.setup(NEXT)
    program.ask()

    assert (mended, of(home), counted(home, program)["pid"]) == (0, {NEXT}, report["pid"])
    program.close()


def test_an_agent_removes_what_no_relay_uses_any_more(home: WindowsHome) -> None:
    installed(home)
    with_agent(home)
    upgraded = home.setup(NEXT)
    until(home.status, "an answer of the agent")
    kept = in_folder(home)
    home.gatelight("relay", "stop", "paper")
    home.gatelight("stop")
    home.start(home.programs / "gatelightw.exe", "run")
    until(lambda: in_folder(home) == ALONE, "the end of what is not used any more")

    assert (upgraded, kept) == (0, ALONE | {"gatelight-old-1"})
    assert home.gatelight("--version")[0] == 0


STRANGE = "C:\\Jörg Müller\\Über & Co"
"""A folder as a user may have it."""


def test_uninstalled_while_relays_of_two_versions_run_nothing_is_left(home: WindowsHome) -> None:
    """In a folder with letters beyond ASCII, with other things in it. The programs are cut off."""
    own = home.drive / STRANGE.removeprefix("C:\\").replace("\\", "/")
    mine = {"new", "old", "gatelight-old-mine"}
    for name in mine:
        (own / name).mkdir(parents=True)
        (own / name / "mine.txt").touch()
    for place in (own, *own.rglob("*")):
        os.chown(place, USER, USER)
    home.run("cmd", "/c", "ver")
    before = home.files()
    assert home.setup(NOW, *f"/D={STRANGE}".split(" ")) == 0
    configure(home, CONFIGURED + CONFIGURED.split("\n\n")[1].replace("paper", "second").replace(f"{RELAY}", "5003"))
    home.moved = own
    relay = home.start(own / "gatelight.exe", "relay", "paper")
    until(lambda: relays(home), "the relay")
    first = Program.connected(17)
    upgraded = home.setup(NEXT)
    first.ask()
    home.start(own / "gatelightw.exe", "run")
    until(lambda: len(relays(home)) == 2, "the other relay")
    there = {path.name for path in own.iterdir()}
    status, _output = home.run(own / "uninstall.exe", "/S", "/PURGE")
    until(lambda: not (own / "uninstall.exe").exists(), "the end of the program")

    assert upgraded == 0
    assert there == ALONE | mine | {"gatelight-old-1"}
    assert first.is_cut()
    first.close()
    assert (status, finished(relay)[0]) == (0, 0)
    assert {str(p.relative_to(own)) for p in own.rglob("*")} == mine | {f"{name}/mine.txt" for name in mine}
    assert home.files() - before == set()


def test_the_folder_of_another_program_is_left_alone(home: WindowsHome) -> None:
    """What PyInstaller packages has a folder of this name."""
    other = home.drive / "Tools/_internal"
    other.mkdir(parents=True)
    (other / "theirs.dll").touch()
    for place in (other.parent, other, other / "theirs.dll"):
        os.chown(place, USER, USER)
    status = home.setup(NOW, "/D=C:\\Tools")

    assert status == 2
    assert {str(p.relative_to(other.parent)) for p in other.parent.rglob("*")} == {"_internal", "_internal/theirs.dll"}


def test_an_msi_cuts_no_connection_when_it_upgrades_and_ends_the_relay_when_it_is_removed(
    home: WindowsHome, tmp_path: Path
) -> None:
    given = {}
    for number in (NOW, NEXT):
        made = build_windows.make_msi(TESTED / "gatelight", number, tmp_path / f"gatelight-{number}.msi")
        given[number] = home.folder / made.name
        made.rename(given[number])
        given[number].chmod(0o644)
    folder = home.drive / "Program Files/Gatelight"
    home.moved = folder
    home.run("msiexec", "/i", given[NOW], "/qn")
    configure(home, "[page]\nport = 28765\n" + CONFIGURED)
    report = with_agent(home)
    program = Program.connected(17)
    # Windows removes the earlier version of an upgrade with this property; Wine does not set it by itself.
    upgrading = "UPGRADINGPRODUCTCODE={7C2B6D0E-2A65-4E0B-9C6E-3F1B8C5C7A42}"
    home.run("msiexec", "/x", given[NOW], "/qn", upgrading)
    stopped = home.value("HKLM\\Software\\Gatelight", "Installed"), answers(28765)
    home.run("msiexec", "/i", given[NEXT], "/qn")
    program.ask()
    kept = counted(home, program)["pid"]
    home.run("msiexec", "/x", given[NEXT], "/qn")

    assert stopped == ("", False)
    assert kept == report["pid"]
    assert program.is_cut()
    program.close()
