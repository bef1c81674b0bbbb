"""Starting real programs: they live on their own, in the user's environment, and what cannot run is told in words."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.platforms.starting import child_environment, start

if sys.platform == "win32":
    pytest.skip("scripts with a shebang", allow_module_level=True)

BRIEF = 0.4
"""Seconds a started program is watched here."""

TELL = """#!{python}
import json, os, sys, time
seen = {{
    "pid": os.getpid(), "session": os.getsid(0), "cwd": os.getcwd(), "arguments": sys.argv[1:],
    "open": sorted(os.listdir("/proc/self/fd"))[:3] if sys.platform == "linux" else [],
    "output": [os.readlink(f"/proc/self/fd/{{n}}") for n in range(3)] if sys.platform == "linux" else [],
    "files": len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0,
    "environment": dict(os.environ),
}}
with open(sys.argv[1] + ".part", "w") as file:
    json.dump(seen, file)
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for programs; those that wrote down their process ID are ended."""
    yield tmp_path
    for told in tmp_path.glob("*.json"):
        os.kill(json.loads(told.read_text())["pid"], signal.SIGKILL)


def program(folder: Path, text: str, mode: int = 0o755, name: str = "ibgateway") -> str:
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_a_started_program_lives_on_its_own(folder: Path) -> None:
    told = folder / "told.json"
    own = os.open(folder, os.O_RDONLY)
    os.set_inheritable(own, True)
    trouble = start((program(folder, TELL.format(python=sys.executable)), str(told), "-inline"), 3.0 * BRIEF)
    os.close(own)
    seen = json.loads(told.read_text())

    assert trouble is None
    assert seen["session"] == seen["pid"] != os.getsid(0)
    assert seen["cwd"] == str(folder.resolve())
    assert seen["arguments"] == [str(told), "-inline"]
    if sys.platform == "linux":
        assert seen["output"] == ["/dev/null"] * 3
        assert seen["files"] == 4, "nothing of ours is open in it but what it opens itself"
    assert "VIRTUAL_ENV" not in seen["environment"]
    assert str(Path(sys.prefix, "bin")) not in seen["environment"]["PATH"].split(os.pathsep)


def test_a_launcher_that_hands_on_and_ends_well_has_done_it(folder: Path) -> None:
    assert start((program(folder, "#!/bin/sh\nexit 0\n"),), BRIEF) is None


def test_a_program_that_fails_at_once_is_told_with_its_status(folder: Path) -> None:
    path = program(folder, "#!/bin/sh\nexit 7\n")

    assert start((path,), 5.0) == f"{path} ended at once with status 7"


def test_a_program_of_the_system_is_found_by_name_and_runs_at_home() -> None:
    assert start(("true",), 5.0) is None
    assert start(("false",), 5.0) == "false ended at once with status 1"


def test_what_cannot_run_is_told_in_words(folder: Path) -> None:
    gone = str(folder / "gone" / "ibgateway")
    plain = program(folder, "#!/bin/sh\n", mode=0o644, name="not-executable")
    broken = program(folder, "\x7fELF no program at all", name="broken")
    lost = program(folder, "#!/no/such/interpreter\n", name="lost")

    assert start((gone,), BRIEF) == f"there is no program {gone}"
    assert start(("no-such-program-anywhere",), BRIEF) == "there is no program no-such-program-anywhere"
    assert start((str(folder),), BRIEF) == f"{folder} is a folder, not a program"
    assert start((plain,), BRIEF) == f"{plain} may not be executed (permission denied)"
    assert start((broken,), BRIEF) == f"the system cannot run {broken} (Exec format error)"
    assert start((lost,), BRIEF) == f"the system cannot run {lost} (No such file or directory)"


def test_a_home_folder_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")

    assert start(("~/ibc/gatewaystart.sh",), BRIEF) == "there is no program ~/ibc/gatewaystart.sh"
    assert start(("~nobody-here/tws.sh",), BRIEF) == "there is no program ~nobody-here/tws.sh"


def test_the_environment_is_the_users_without_ours(tmp_path: Path) -> None:
    ours = {
        "HOME": "/home/alice",
        "JAVA_HOME": "/opt/java",
        "VIRTUAL_ENV": str(tmp_path),
        "VIRTUAL_ENV_PROMPT": "(gatelight)",
        # Of the service manager, for the process that it has started.
        "NOTIFY_SOCKET": "/run/systemd/notify",
        "WATCHDOG_USEC": "60000000",
        "WATCHDOG_PID": "77",
        "PATH": os.pathsep.join((str(tmp_path / "bin"), "/usr/local/bin", "/usr/bin")),
    }

    assert child_environment(ours) == {
        "HOME": "/home/alice",
        "JAVA_HOME": "/opt/java",
        "PATH": os.pathsep.join(("/usr/local/bin", "/usr/bin")),
    }


def test_an_environment_that_is_the_users_already_stays_as_it_is() -> None:
    users = {"PATH": "/usr/bin", "LD_LIBRARY_PATH": "/opt/own/lib"}

    assert child_environment(users) == users
