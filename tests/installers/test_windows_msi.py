"""An .msi that is installed over an earlier one while the agent runs, or does not, under Wine.

Wine 8 runs the earlier version's removal without UPGRADINGPRODUCTCODE, as if it were for good: what that decides in a
package, `test_the_order_is_that_of_the_table` shows.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import build_windows
import psutil
import pytest
from packaged import version

from tests.installers.windows_home import WindowsHome, until, windows_home
from tests.installers.windows_setups import NEXT, TESTED, USER

pytestmark = pytest.mark.timeout(600)

NOW = version()
NOTE = r"HKCU\Software\Gatelight Update"
FAILS = '<CustomAction Id="Fails" FileKey="$(var.Command)" ExeCommand="no-such-command"/>'
FAILS_THEN = '<Custom Action="Fails" Sequence="1350">WIX_UPGRADE_DETECTED</Custom>'


@pytest.fixture
def home() -> Iterator[WindowsHome]:
    with windows_home() as made:
        made.moved = made.drive / "Program Files/Gatelight"
        yield made


def msi(home: WindowsHome, number: str) -> Path:
    made = build_windows.make_msi(TESTED / "gatelight", number, home.folder / f"gatelight-{number}.msi")
    made.chmod(0o644)
    return made


def failing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on each .msi is one whose update fails after the agent has ended."""
    text = (build_windows.HERE / "gatelight.wxs").read_text(encoding="utf-8")
    sequence = "<InstallExecuteSequence>"
    assert text.count(sequence) == 1
    (folder / "gatelight.wxs").write_text(text.replace(sequence, f"{FAILS}{sequence}{FAILS_THEN}"), encoding="utf-8")
    monkeypatch.setattr(build_windows, "HERE", folder)


DESKTOP = """
import ctypes
from ctypes import wintypes
user = ctypes.WinDLL("user32")
user.CreateWindowExW.restype, user.SetShellWindow.argtypes = wintypes.HWND, (wintypes.HWND,)
nothing = (None, None, None, None)
print(user.SetShellWindow(user.CreateWindowExW(0, "STATIC", "desktop", 0, 0, 0, 1, 1, *nothing)), flush=True)
user.GetMessageW(ctypes.byref(wintypes.MSG()), None, 1, 1)
"""


def with_desktop(home: WindowsHome) -> None:
    """Wine’s programs all have an administrator’s elevated rights, and its desktop does not say that it is one."""
    desktop = home.start(build_windows.PYTHON.python, "-c", DESKTOP)
    assert desktop.stdout is not None
    assert any(line.strip() == "1" for line in desktop.stdout)


def install(home: WindowsHome, package: Path) -> int:
    status, _output = home.run("msiexec", "/i", package, "/qn")
    return status


def configure(home: WindowsHome) -> str:
    words = "[page]\nport = 28765\n"
    home.data.mkdir(exist_ok=True)
    (home.data / "config.toml").write_text(words, encoding="utf-8")
    for place in (home.data, home.data / "config.toml"):
        os.chown(place, USER, USER)
    return words


def with_agent(home: WindowsHome, program: Path) -> int:
    """Start it with an argument of its own; returns its process ID."""
    home.start(program, "run", "--log-format", "json")
    until(home.status, "an answer of the agent")
    return pid_of(home)


def pid_of(home: WindowsHome) -> int:
    return int(home.status()["agent"]["pid"])


def running() -> list[str]:
    """The processes of the windowed program."""
    lines = (" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if "gatelightw.exe" in line]


def log(home: WindowsHome) -> list[str]:
    return (home.data / "Logs/gatelight.log").read_text(encoding="utf-8").splitlines()


def test_an_update_starts_again_what_it_has_ended(home: WindowsHome) -> None:
    packages = [msi(home, number) for number in (NOW, NEXT)]
    assert install(home, packages[0]) == 0
    words = configure(home)
    with_desktop(home)
    before = with_agent(home, home.programs / "gatelightw.exe")
    home.gatelight("snooze", "app-not-running", "3h")
    lines = len(log(home))
    assert install(home, packages[1]) == 0
    until(home.status, "an answer of the agent that was started again")
    after = pid_of(home)
    older = install(home, packages[0])

    assert after != before
    # One that is refused ends nothing.
    assert older != 0
    assert pid_of(home) == after
    assert home.run("reg", "query", NOTE)[0] != 0
    assert (home.data / "config.toml").read_text(encoding="utf-8") == words
    assert "app-not-running" in (home.data / "memory.json").read_text(encoding="utf-8")
    # With its arguments, and as at a log-in.
    said = [json.loads(line) for line in log(home)[lines:]]
    assert [one["message"].split(" (")[0] for one in said if "starts" in one["message"]] == [f"Gatelight {NOW} starts"]


def test_without_an_agent_nothing_is_started(home: WindowsHome) -> None:
    for number in (NOW, NEXT):
        assert install(home, msi(home, number)) == 0
        until(lambda: not running(), "the end of what the .msi runs")
    assert not home.data.exists()
    assert home.run("reg", "query", NOTE)[0] != 0


def test_an_administrator_s_rights_are_not_handed_on(home: WindowsHome) -> None:
    """Without a desktop, where programs have fewer, nothing is started."""
    packages = [msi(home, number) for number in (NOW, NEXT)]
    assert install(home, packages[0]) == 0
    configure(home)
    with_agent(home, home.programs / "gatelightw.exe")
    assert install(home, packages[1]) == 0
    until(lambda: not running(), "the end of what the .msi runs")

    assert home.run("reg", "query", NOTE)[0] != 0
    assert home.status() == {}


def test_of_an_update_that_fails_before_anything_was_removed_the_earlier_agent_runs_again(
    home: WindowsHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = msi(home, NOW)
    failing(tmp_path, monkeypatch)
    later = msi(home, NEXT)
    assert install(home, earlier) == 0
    configure(home)
    with_desktop(home)
    before = with_agent(home, home.programs / "gatelightw.exe")
    failed = install(home, later)
    until(home.status, "an answer of the agent that was started again")

    assert failed != 0
    assert pid_of(home) != before


def test_the_agent_of_another_installation_is_left_alone(home: WindowsHome) -> None:
    home.moved = None
    assert home.setup(NOW) == 0
    configure(home)
    before = with_agent(home, home.programs / "gatelightw.exe")
    packages = [msi(home, number) for number in (NOW, NEXT)]
    for package in packages:
        assert install(home, package) == 0
    kept = pid_of(home)
    removed, _output = home.run("msiexec", "/x", packages[1], "/qn")

    assert (kept, removed, pid_of(home)) == (before, 0, before)


ORDER = [
    *("StartFailed", "StartCancelled", "FindRelatedProducts", "LaunchConditions", "CostFinalize", "StopAgent"),
    *("StopReplaced", "StopRemoved", "StopRelays", "InstallValidate", "RemoveExistingProducts", "EarlierIsGone"),
    *("InstallInitialize", "RemoveFiles", "InstallFiles", "InstallFinalize", "StartAgent"),
]
"""Of what matters: the first two have Windows' own numbers, which are below zero."""


def test_the_order_is_that_of_the_table(home: WindowsHome) -> None:
    """wixl itself decides where it puts an action that has no number."""
    command = ["msiinfo", "export", str(msi(home, NOW)), "InstallExecuteSequence"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    rows = [line.split("\t") for line in listed.splitlines()[3:]]
    numbers = {action: int(number) for action, _condition, number in rows}
    conditions = {action: condition for action, condition, _number in rows}

    assert [action for action in sorted(numbers, key=numbers.__getitem__) if action in ORDER] == ORDER
    assert (numbers["StartFailed"], numbers["StartCancelled"]) == (-3, -2)
    # What is started is what an update has ended, and no program that the removal has left half.
    assert conditions["StopAgent"] == conditions["StartAgent"] == "WIX_UPGRADE_DETECTED"
    assert conditions["StartFailed"] == conditions["StartCancelled"] == "WIX_UPGRADE_DETECTED AND NOT EARLIERISGONE"
    # A removal is one by an update, or one for good, and only that ends relays.
    assert conditions["StopReplaced"] == 'REMOVE="ALL" AND UPGRADINGPRODUCTCODE'
    assert conditions["StopRemoved"] == conditions["StopRelays"] == 'REMOVE="ALL" AND NOT UPGRADINGPRODUCTCODE'
