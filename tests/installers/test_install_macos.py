"""`installer/macos/install.sh` with a real Python, and a stand-in for launchd. None of it ran on a Mac."""

import json
import os
import plistlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaged import ROOT

from tests.installers.clean_system import is_there, until
from tests.installers.run import WHEELS

SCRIPT = ROOT / "installer/macos/install.sh"
LAUNCHD = """#!/usr/bin/python3
import contextlib, os, plistlib, signal, subprocess, sys
kept = os.environ["HOME"] + "/launchd"
if sys.argv[1] == "bootstrap":
    wishes = plistlib.load(open(sys.argv[3], "rb"))
    null = subprocess.DEVNULL
    started = subprocess.Popen(wishes["ProgramArguments"], stdin=null, stdout=null, stderr=null, start_new_session=True)
    open(kept, "w").write(str(started.pid))
else:
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(open(kept).read()), signal.SIGTERM)
    os.unlink(kept)
"""
ON_A_MAC = """
try:
    from agent.platforms.autostart import current, macos
except ImportError:
    pass
else:
    current.current_autostart = macos.MacAutostart
"""


class Mac:
    """A home of a user, and the tools of a Mac."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.home = folder / "Jörg Müller & Söhne"
        library = self.home / "Library"
        tools, starting = folder / "tools", folder / "starting"
        for made in (self.home, tools, starting):
            made.mkdir()
        for name, text in {
            "sw_vers": "#!/bin/sh\necho 14.5\n",
            # The tests run as root.
            "id": "#!/bin/sh\necho 501\n",
            "launchctl": LAUNCHD,
        }.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        (starting / "sitecustomize.py").write_text(ON_A_MAC)
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{tools}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(starting),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            # Where macOS has them.
            "XDG_DATA_HOME": str(library / "Application Support"),
            "XDG_CONFIG_HOME": str(library / "Application Support"),
            "XDG_STATE_HOME": str(library / "Logs"),
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        self.entry = library / "LaunchAgents/gatelight.plist"
        self.command = self.home / ".local/bin/gatelight"

    def do(self, *command: object, status: int | None = 0) -> str:
        done = subprocess.run(
            [*map(str, command)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert status in (done.returncode, None), done.stdout + done.stderr
        return done.stdout

    def agent(self) -> dict[str, Any]:
        """What the agent says of itself; empty while none answers."""
        said = self.do(self.command, "status", "--json", status=None)
        return dict(json.loads(said)["agent"]) if said.strip() else {}

    def files(self) -> set[str]:
        return {str(p.relative_to(self.home)) for p in self.home.rglob("*") if not p.is_dir() or p.is_symlink()}


@pytest.fixture
def mac(tmp_path: Path, made: Path) -> Iterator[Mac]:
    user = Mac(tmp_path, made / WHEELS)
    yield user
    started = user.home / "launchd"
    if started.exists() and is_there(pid := int(started.read_text())):
        os.kill(pid, signal.SIGKILL)


def test_the_script_is_well_written() -> None:
    subprocess.run(["shellcheck", str(SCRIPT)], check=True, timeout=60)


def test_installed_updated_and_removed(mac: Mac) -> None:
    said = mac.do("sh", SCRIPT)
    wishes = plistlib.loads(mac.entry.read_bytes())
    first = until(mac.agent, "the agent that launchd started")

    assert "Gatelight is installed" in said
    assert "on: Gatelight starts at log-in" in said
    assert wishes["ProgramArguments"][1:] == ["run", "--autostart"]
    assert mac.do(mac.command, "autostart", "status").startswith("on:")

    mac.do("sh", SCRIPT)
    second = until(mac.agent, "the agent after the update")
    (program,) = mac.command.parents[2].glob("Library/Application Support/gatelight/program.*")

    assert second["pid"] != first["pid"]
    assert not is_there(first["pid"])
    assert mac.command.readlink() == program / "bin/gatelight"
    assert plistlib.loads(mac.entry.read_bytes())["ProgramArguments"][0] == str(program / "bin/gatelight")

    mac.do("sh", SCRIPT, "--uninstall")
    until(lambda: not is_there(second["pid"]), "the end of the agent")
    left = mac.files()

    assert left
    assert all(name.startswith(("Library/Application Support/gatelight/", "Library/Logs/gatelight/")) for name in left)
    assert [name for name in left if "program." in name] == []

    mac.do("sh", SCRIPT, "--purge")
    assert mac.files() == set()
