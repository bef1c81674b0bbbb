"""`installer/macos/install.sh` with stand-ins for a Mac, for Python, and for what Python installs."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a script of the shell")

SCRIPT = Path(__file__).resolve().parent.parent / "installer/macos/install.sh"
TOLD = "GATELIGHT_TOLD"
STAND_INS = {
    "sw_vers": "echo 14.5",
    "id": "echo 501",
    "launchctl": f'echo "launchctl $*" >> "${TOLD}"; exit "${{LAUNCHCTL_STATUS:-0}}"',
    # The system's own, too old.
    "python3.14": "exit 127",
    "python3.13": f"""
if [ "$1" = -c ]; then exit 0; fi
echo "python $*" >> "${TOLD}"
mkdir -p "$3/bin"
cp "$STAND_INS/venv-python" "$3/bin/python"
""",
    "venv-python": f"""
echo "pip $*" >> "${TOLD}"
if [ -n "${{PIP_STATUS:-}}" ]; then exit "$PIP_STATUS"; fi
cp "$STAND_INS/gatelight" "$(dirname "$0")/gatelight"
""",
    "gatelight": f"""
echo "gatelight $*" >> "${TOLD}"
case "$1 ${{2:-}}" in
    "try-own-files ") exit "${{TRIED:-0}}" ;;
    "status ") [ -f "$HOME/runs" ] || exit 3 ;;
    "stop ") rm "$HOME/runs" ;;
    "relay status") [ -f "$HOME/relays" ] || exit 3 ;;
    "relay stop") rm "$HOME/relays"; echo "Relay “paper” has ended." ;;
    "autostart on")
        mkdir -p "$HOME/Library/LaunchAgents"
        echo "<string>$(readlink "$0")</string>" > "$HOME/Library/LaunchAgents/gatelight.plist" ;;
esac
""",
}


class Mac:
    """A user's home on a made-up Mac."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "Jörg’s Müller & Söhne"
        self.home.mkdir()
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.told = folder / "told"
        for name, text in STAND_INS.items():
            (self.tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.tools / name).chmod(0o755)
        self.base = self.home / "Library/Application Support/gatelight"
        self.entry = self.home / "Library/LaunchAgents/gatelight.plist"
        self.command = self.home / ".local/bin/gatelight"
        self.running = self.home / "runs"
        self.relaying = self.home / "relays"

    def run(self, *options: str, status: int = 0, told: Mapping[str, str] = MappingProxyType({})) -> str:
        """Run the script; returns what it said."""
        here = {"HOME": str(self.home), "PATH": f"{self.tools}:/usr/bin:/bin", TOLD: str(self.told)}
        done = subprocess.run(
            ["sh", str(SCRIPT), *options],
            env={**here, "STAND_INS": str(self.tools), **told},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def asked(self, program: str) -> list[str]:
        """What a stand-in was asked since the last time."""
        lines = self.told.read_text().splitlines() if self.told.exists() else []
        self.told.unlink(missing_ok=True)
        return [line.removeprefix(f"{program} ") for line in lines if line.startswith(f"{program} ")]

    def programs(self) -> list[Path]:
        return sorted(self.base.glob("program.*"))

    def files(self) -> set[str]:
        return {str(p.relative_to(self.home)) for p in self.home.rglob("*") if not p.is_dir() or p.is_symlink()}


@pytest.fixture
def mac(tmp_path: Path) -> Mac:
    return Mac(tmp_path)


def test_it_installs_and_starts_at_log_in_and_now(mac: Mac) -> None:
    said = mac.run()

    (program,) = mac.programs()
    assert mac.command.readlink() == program / "bin/gatelight"
    assert str(program) in mac.entry.read_text()
    assert mac.asked("launchctl") == [f"bootstrap gui/501 {mac.entry}"]
    assert f"Gatelight is installed as {mac.command}." in said
    assert mac.base.stat().st_mode & 0o77 == 0


def test_it_installs_the_locked_packages_and_then_this_checkout(mac: Mac) -> None:
    mac.run()

    (packages, itself) = mac.asked("pip")
    root = SCRIPT.parent.parent.parent
    assert packages.endswith(f"--require-hashes -r {root}/requirements.lock -r {root}/installer/remote.lock")
    assert itself.endswith(f"--no-deps --no-build-isolation {root}")


def test_without_the_start_at_log_in_launchd_hears_nothing(mac: Mac) -> None:
    said = mac.run("--no-autostart")

    assert mac.asked("launchctl") == []
    assert not mac.entry.exists()
    assert "Start it with: gatelight run" in said


def test_where_launchd_does_not_start_it_the_next_log_in_does(mac: Mac) -> None:
    assert "at your next log-in" in mac.run(told={"LAUNCHCTL_STATUS": "5"})
    assert mac.entry.exists()


def test_an_update_takes_the_place_of_what_runs(mac: Mac) -> None:
    mac.run()
    (before,) = mac.programs()
    mac.running.touch()
    mac.asked("")
    mac.run()

    (after,) = mac.programs()
    assert after != before
    assert mac.command.readlink() == after / "bin/gatelight"
    assert str(after) in mac.entry.read_text()
    assert not mac.running.exists()
    assert mac.asked("launchctl") == ["bootout gui/501/gatelight", f"bootstrap gui/501 {mac.entry}"]


def test_an_update_leaves_the_start_at_log_in_off(mac: Mac) -> None:
    mac.run("--no-autostart")
    mac.running.touch()
    mac.asked("")
    mac.run()

    assert not mac.entry.exists()
    until(lambda: "gatelight run --autostart" in mac.told.read_text().splitlines())
    assert mac.asked("launchctl") == []


def until(true: Callable[[], bool]) -> None:
    """Wait for what the script left running."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("broken", ["PIP_STATUS", "TRIED"])
def test_an_update_that_fails_changes_nothing(mac: Mac, broken: str) -> None:
    mac.run()
    mac.running.touch()
    before = mac.files()
    entry = mac.entry.read_text()
    mac.asked("")
    assert "is installed" not in mac.run(status=1, told={broken: "1"})

    assert mac.files() == before
    assert mac.entry.read_text() == entry
    assert mac.asked("launchctl") == []


def test_what_another_installation_made_stays(mac: Mac) -> None:
    mac.command.parent.mkdir(parents=True)
    mac.command.write_text("another")

    assert "is there already" in mac.run(status=1)
    assert mac.command.read_text() == "another"
    assert mac.programs() == []

    mac.entry.parent.mkdir(parents=True)
    mac.entry.write_text("<string>/Applications/Gatelight.app/Contents/MacOS/gatelight</string>")
    mac.run("--purge")
    assert mac.entry.exists()
    assert mac.command.read_text() == "another"
    assert mac.asked("launchctl") == []


def test_it_is_removed_and_what_the_user_made_stays(mac: Mac) -> None:
    mac.run()
    (mac.base / "config.toml").write_text("")
    mac.running.touch()
    mac.run("--uninstall")

    assert mac.files() == {"Library/Application Support/gatelight/config.toml"}


def test_a_relay_ends_where_the_program_is_removed_and_not_where_it_is_updated(mac: Mac) -> None:
    mac.run()
    mac.relaying.touch()
    updated = mac.run()
    went_on = mac.relaying.exists()
    removed = mac.run("--uninstall")

    assert went_on
    assert "has ended" not in updated
    assert "Relay “paper” has ended." in removed
    assert mac.files() == set()


def test_purge_leaves_nothing(mac: Mac) -> None:
    mac.run()
    (mac.base / "config.toml").write_text("")
    logs = mac.home / "Library/Logs/gatelight"
    logs.mkdir(parents=True)
    (logs / "gatelight.log").write_text("")
    mac.run("--purge")

    assert mac.files() == set()
    assert not mac.base.exists()


def test_it_is_removed_also_where_its_python_is_gone(mac: Mac) -> None:
    mac.run()
    (mac.programs()[0] / "bin/gatelight").unlink()
    mac.run("--uninstall")

    assert mac.files() == set()


def test_removing_what_is_not_there_is_no_failure(mac: Mac) -> None:
    mac.run("--uninstall")

    assert mac.files() == set()


@pytest.mark.parametrize(
    ("missing", "said"),
    [("sw_vers", "on a Mac; this is none"), ("python3.13", "Gatelight needs Python 3.11")],
)
def test_what_is_missing_is_said_before_anything_is_made(mac: Mac, missing: str, said: str) -> None:
    (mac.tools / missing).write_text("#!/bin/sh\nexit 127\n")
    for name in ("python3.12", "python3.11", "python3"):
        shutil.copy(mac.tools / "python3.14", mac.tools / name)

    assert said in mac.run(status=1)
    assert mac.files() == set()


def test_an_administrator_is_sent_away(mac: Mac) -> None:
    (mac.tools / "id").write_text("#!/bin/sh\necho 0\n")

    assert "without sudo" in mac.run(status=1)
    assert mac.files() == set()


def test_an_option_that_is_none_gets_the_list(mac: Mac) -> None:
    said = mac.run("--remove", status=2)

    assert "--uninstall" in said
    assert mac.files() == set()
