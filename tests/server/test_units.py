"""The units that are shipped, judged by systemd’s own tools."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.server.test_systemd import SYSTEM, USER

OK = 5.0
"""From here on the judge no longer says OK."""
NEEDED = (
    # Each would keep Gatelight from what it is there for: other programs, their sockets, files of TWS, the API.
    *("PrivateNetwork=", "PrivateUsers=", "ProtectProc=", "ProtectHome=", "ProcSubset=", "IPAddressDeny="),
    *("RestrictAddressFamilies=~AF_(INET|INET6)", "RestrictAddressFamilies=~AF_UNIX"),
    "RestrictAddressFamilies=~AF_NETLINK",
    # There is no other root to give to it; `ProtectClock=` allows to read the clock.
    *("RootDirectory=/RootImage=", "DeviceAllow="),
)

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def unit_at(folder: Path, unit: Path) -> Path:
    """A unit whose program is there."""
    made = folder / "gatelight.service"
    made.write_text(unit.read_text(encoding="utf-8").replace("/usr/bin/gatelight", "/bin/true"), encoding="utf-8")
    return made


def judged(folder: Path, *words: str | Path) -> str:
    command = ["systemd-analyze", "--no-pager", *map(str, words)]
    done = subprocess.run(
        command,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(("unit", "more"), [(SYSTEM, ()), (USER, ("--user",))], ids=["system", "user"])
def test_systemd_finds_no_fault(unit: Path, more: tuple[str, ...], tmp_path: Path) -> None:
    assert judged(tmp_path, "--man=no", *more, "verify", unit_at(tmp_path, unit)) == ""


def test_the_unit_for_a_server_leaves_open_only_what_gatelight_needs(tmp_path: Path) -> None:
    told = judged(tmp_path, "security", "--offline=true", unit_at(tmp_path, SYSTEM))
    overall = re.search(r"Overall exposure level for \S+: ([\d.]+) (\w+)", told)

    assert overall is not None, told
    assert overall[2] == "OK"
    assert float(overall[1]) < OK
    assert {line.split()[1] for line in told.splitlines() if line.startswith("✗")} <= set(NEEDED)


def test_both_tell_systemd_of_themselves() -> None:
    for unit in (SYSTEM, USER):
        lines = unit.read_text(encoding="utf-8").splitlines()
        for line in ("Type=notify", "WatchdogSec=60", "Restart=on-failure", "RestartPreventExitStatus=2 3"):
            assert line in lines, unit.name
