"""The way from a checkout to the command `gatelight`."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import start

from agent.simulator import disguise

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0
ENVIRONMENT = """
from pathlib import Path

def prepare(lock):
    assert lock == "requirements.lock"

def script(name):
    return Path(__file__).with_name(name)
"""
COMMAND = '#!/bin/sh\necho "$$ $*"\nexec sleep 60\n'


@pytest.mark.skipif(os.name != "posix", reason="a process takes the place of another on POSIX alone")
def test_who_ends_it_ends_the_command_itself(tmp_path: Path) -> None:
    shutil.copy(ROOT / "installer/run.py", tmp_path)
    (tmp_path / "environment.py").write_text(ENVIRONMENT)
    (tmp_path / "gatelight").write_text(COMMAND)
    (tmp_path / "gatelight").chmod(0o755)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py"), "run", "--no-tray"], stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout is not None
        told = started.stdout.readline().split()
        started.send_signal(signal.SIGTERM)
        status = started.wait(PATIENCE)

    assert told == [str(started.pid), "run", "--no-tray"]
    assert status == -signal.SIGTERM


@pytest.mark.parametrize(
    ("given", "users"),
    [
        (
            {"LD_LIBRARY_PATH": "/usr/lib/gatelight", "LD_LIBRARY_PATH_ORIG": "/opt/own"},
            {"LD_LIBRARY_PATH": "/opt/own"},
        ),
        ({"LD_LIBRARY_PATH": "/usr/lib/gatelight"}, {}),
        (
            {"_PYI_ARCHIVE_FILE": "gatelight", "_PYI_PARENT_PROCESS_LEVEL": "1", "HOME": "/home/alice"},
            {"HOME": "/home/alice"},
        ),
        ({"GATELIGHT_PART": "1", "GATELIGHT_CONFIG": "mine.toml"}, {"GATELIGHT_CONFIG": "mine.toml"}),
    ],
)
def test_the_children_of_a_packaged_program_get_the_users_environment(
    given: dict[str, str], users: dict[str, str]
) -> None:
    start.restore(given)

    assert given == users


def test_a_part_of_the_simulator_is_asked_for_by_one_name() -> None:
    assert start.PART == disguise.PART
