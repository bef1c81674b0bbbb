import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.app.login_start import LogInStart
from agent.cli.autostart import autostart_words
from agent.platforms.autostart import entry as autostart
from agent.platforms.autostart.entry import AutostartError, LoginEntry, Off, On, Stale, SwitchedOff, state_of
from agent.platforms.autostart.linux import XdgAutostart, joined, split_exec
from agent.platforms.autostart.macos import MacAutostart
from agent.runtime.paths import Places, find_places
from tests.desktop_session import need

PROGRAM = (sys.executable, "-m", "agent")
ARGUMENTS = ("run", "--autostart")

awkward = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\n\r\t") | st.sampled_from("\"`$\\%' \t"),
    min_size=1,
    max_size=30,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


def places(folder: Path) -> Places:
    return find_places(None, folder / "data folder", environ={})


@given(st.lists(awkward, min_size=1, max_size=5))
def test_any_command_survives_the_desktop_entry(command: list[str]) -> None:
    assert split_exec(joined(command)) == tuple(command)


def test_the_entry_is_made_read_and_removed(home: Path) -> None:
    system = XdgAutostart()

    before = system.read()
    system.write((*PROGRAM, *ARGUMENTS), Path("/some where/icon.png"))
    there = system.read()
    system.remove()
    system.remove()

    assert (before, there, system.read()) == (None, LoginEntry((*PROGRAM, *ARGUMENTS)), None)
    assert system.where == str(home / ".config/autostart/gatelight.desktop")


def test_the_folder_of_the_desktop_is_used_where_it_is_named(tmp_path: Path) -> None:
    named = XdgAutostart({"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "c")})
    relative = XdgAutostart({"HOME": str(tmp_path), "XDG_CONFIG_HOME": "c"})

    assert named.where == str(tmp_path / "c/autostart/gatelight.desktop")
    assert relative.where == str(tmp_path / ".config/autostart/gatelight.desktop")


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_user_switched_off_in_the_desktop_counts_as_off(home: Path, line: str) -> None:
    system = XdgAutostart()
    system.write((*PROGRAM, *ARGUMENTS), None)
    file = Path(system.where)
    file.write_text(file.read_text().replace("X-GNOME-Autostart-enabled=true", line))
    entry = LogInStart(places(home), system, PROGRAM)

    assert isinstance(entry.state(), SwitchedOff)
    assert entry.shown() is False


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    (home / ".config").write_text("")

    with pytest.raises(AutostartError, match=r"gatelight\.desktop cannot be written"):
        XdgAutostart().write(PROGRAM, None)


def test_the_desktop_accepts_the_entry(home: Path) -> None:
    need("desktop-file-validate")
    system = XdgAutostart()
    system.write(("/opt/my programs/gate$light", "100%", 'a "b" `c` \\d', *ARGUMENTS), Path("/some/icon.png"))

    done = subprocess.run(["desktop-file-validate", system.where], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_session_starts_the_entry_with_its_arguments_as_they_were(home: Path) -> None:
    need("dex")
    folder = home / "my program's"
    folder.mkdir()
    started = folder / "started 100%"
    script = folder / "gate light"
    script.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done > "$GATELIGHT_TEST.new"\n'
                      'mv "$GATELIGHT_TEST.new" "$GATELIGHT_TEST"\n')  # fmt: skip
    script.chmod(0o755)
    entry = LogInStart(places(home), XdgAutostart(), (str(script),))
    entry.switch(True)

    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "GATELIGHT_TEST": str(started)}
    subprocess.run(["dex", "-a", "-e", "TEST"], env=environment, check=True, timeout=20, capture_output=True)
    for _ in range(100):
        if started.exists():
            break
        subprocess.run(["sleep", "0.05"], check=True)

    assert started.read_text().splitlines() == ["run", "--autostart", "--data-dir", str(home / "data folder")]


def test_a_launch_agent_is_made_read_and_removed(tmp_path: Path) -> None:
    system = MacAutostart(tmp_path)

    system.write((*PROGRAM, *ARGUMENTS), None)
    entry = system.read()
    wishes = plistlib.loads((tmp_path / "Library/LaunchAgents/gatelight.plist").read_bytes())
    system.remove()

    assert entry == LoginEntry((*PROGRAM, *ARGUMENTS))
    assert wishes["Label"] == "gatelight"
    assert wishes["RunAtLoad"] is True
    assert wishes["LimitLoadToSessionType"] == "Aqua"
    assert system.read() is None


@pytest.mark.parametrize("content", [b"nonsense", plistlib.dumps({"Label": "x"}), plistlib.dumps([1])])
def test_a_launch_agent_that_is_not_ours_any_more_is_no_crash(tmp_path: Path, content: bytes) -> None:
    system = MacAutostart(tmp_path)
    file = Path(system.where)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    entry = LogInStart(places(tmp_path), system, PROGRAM)

    if content == b"nonsense":
        with pytest.raises(AutostartError, match="cannot be read"):
            entry.state()
    else:
        assert isinstance(entry.state(), Stale)


def test_an_entry_is_judged_by_what_it_starts(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()

    assert state_of(None, PROGRAM, ARGUMENTS) == Off()
    assert state_of(LoginEntry((*PROGRAM, *ARGUMENTS)), PROGRAM, ARGUMENTS) == On()
    assert state_of(LoginEntry((*PROGRAM, *ARGUMENTS), switched_off=True), PROGRAM, ARGUMENTS) == SwitchedOff()
    assert state_of(LoginEntry(("/gone", *ARGUMENTS)), PROGRAM, ARGUMENTS) == Stale(
        "/gone", gone=True, same_arguments=True
    )
    assert state_of(LoginEntry((str(other), "run")), PROGRAM, ARGUMENTS) == Stale(
        str(other), gone=False, same_arguments=False
    )
    assert state_of(LoginEntry(()), PROGRAM, ARGUMENTS) == Stale("", gone=True, same_arguments=False)


def test_a_moved_installation_is_repaired_at_the_next_start(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    system = XdgAutostart()
    LogInStart(places(home), system, ("/old/place/gatelight",)).switch(True)
    entry = LogInStart(places(home), system, PROGRAM)

    before = entry.state()
    entry.repair()

    assert autostart_words(before, system.where).startswith("stale: what would be started at log-in is gone")
    assert entry.state() == On()
    assert "start at log-in repaired: it started /old/place/gatelight, which is gone" in caplog.messages


def test_an_entry_for_other_folders_or_another_installation_is_left_alone(home: Path) -> None:
    system = XdgAutostart()
    LogInStart(places(home / "elsewhere"), system, ("/old/place/gatelight",)).switch(True)
    elsewhere = system.read()
    LogInStart(places(home), system, PROGRAM).repair()
    untouched = system.read()
    alive = shutil.which("true") or ""
    LogInStart(places(home), system, (alive,)).switch(True)
    LogInStart(places(home), system, PROGRAM).repair()

    assert untouched == elsewhere
    assert isinstance(LogInStart(places(home), system, (alive,)).state(), On)


def test_repair_makes_no_entry_where_there_is_none_and_none_that_was_switched_off(home: Path) -> None:
    entry = LogInStart(places(home), XdgAutostart(), PROGRAM)

    entry.repair()

    assert entry.state() == Off()


def test_an_entry_that_cannot_be_read_stops_nothing(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    system = XdgAutostart()
    Path(system.where).mkdir(parents=True)
    entry = LogInStart(places(home), system, PROGRAM)

    entry.repair()

    assert entry.shown() is None
    assert "cannot be read" in caplog.text


def test_the_start_script_of_this_installation_is_what_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python3"
    monkeypatch.setattr(sys, "executable", str(python))
    without = autostart.program_of_this_installation()
    (tmp_path / "gatelight").touch()
    with_script = autostart.program_of_this_installation()
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert without == (str(python), "-m", "agent")
    assert with_script == (str(tmp_path / "gatelight"),)
    assert autostart.program_of_this_installation() == (str(python),)
    (tmp_path / "gatelightw.exe").touch()
    assert autostart.program_of_this_installation() == (str(tmp_path / "gatelightw.exe"),)


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "agent", "autostart", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)


def test_the_command_switches_on_and_off_and_tells(home: Path) -> None:
    told = [run(home, what).stdout.split(":")[0] for what in ("status", "on", "status", "off", "status")]

    assert told == ["off", "on", "on", "off", "off"]


def test_the_command_says_in_a_sentence_what_is_in_the_way(home: Path) -> None:
    (home / ".config").write_text("")

    done = run(home, "on")

    assert done.returncode == 1
    assert done.stderr.startswith("Start at log-in: ")
    assert "Traceback" not in done.stderr


def test_a_start_with_a_configuration_that_cannot_be_used_is_refused_while_somebody_reads_it(home: Path) -> None:
    missing = run(home, "on", "--config", str(home / "none.toml"))
    (home / "bad.toml").write_text("[checks]\nlook_every = 5\n")
    bad = run(home, "on", "--config", str(home / "bad.toml"))

    assert (missing.returncode, bad.returncode) == (2, 2)
    assert "does not exist" in missing.stderr
    assert "bad.toml, line 2" in bad.stderr
    assert run(home, "status").stdout.startswith("off")
