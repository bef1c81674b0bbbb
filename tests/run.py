"""The one test command, `python3 tests/run.py`: format, lint, strict types, import direction, every test, real desktop.

Installs what it needs: Python packages into `.venv`, Debian packages with apt where it may. On a machine where a part
it is there to prove cannot be had it fails in CI (`CI=true`) and says so elsewhere.
Further arguments go to pytest: `python3 tests/run.py tests/core -k ledger` runs just that.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "installer")]

from environment import prepare, script  # noqa: E402

from tests import apart, second_try  # noqa: E402

DEBIAN_PACKAGES = {
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus",
    "dbus-launch": "dbus-x11",
    "openbox": "openbox",
    "xfce4-panel": "xfce4-panel",
    "dunst": "dunst",
    "notify-send": "libnotify-bin",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "xprop": "x11-utils",
    "desktop-file-validate": "desktop-file-utils",
    "dex": "dex",
    "chromium": "chromium",
    "wine": "wine",
    "wineserver": "wine64",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nft": "nftables",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "systemd-analyze": "systemd",
    "curl": "curl",
}
"""What the tests of desktop, network, metrics and services need: a command, and the package that brings it."""

PARTS = {
    "screen and page": ("windows", "desktop", "page"),
    "attacks, sessions and the simulator": ("attacks", "channels", "session", "simulator"),
    "faults, days and the core": ("faults", "journeys", "runtime", "core", "problems"),
}
"""Rooms of the parts that run at the same time, beside one of all that is not named here."""
REST = "the rest"


def main(arguments: list[str]) -> int:
    """Run everything, or pytest with the given arguments; returns the exit status."""
    began = time.monotonic()
    _debian()
    python = prepare("tests/requirements.lock")
    if arguments:
        return _run("tests", python, "-m", "pytest", *arguments)
    steps: tuple[tuple[str, tuple[str | Path, ...]], ...] = (
        ("format", (script("ruff"), "format", "--check", ".")),
        ("lint", (script("ruff"), "check", ".")),
        ("types", (script("mypy"),)),
        ("imports", (script("lint-imports"), "--no-logo")),
    )
    failed = [name for name, command in steps if _run(name, *command)]
    if shutil.which("wine") and _run("Windows", python, "-m", "tests.windows_python"):
        # Made here because the tests may run where there is no network to fetch it from.
        failed.append("Windows")
    with tempfile.TemporaryDirectory() as kept:
        parts = _parts(python, Path(kept))
        failed += [
            part
            for part in apart.run(parts, ROOT)
            if not second_try.passes(part, parts[part], _notes(Path(kept), part), ROOT)
        ]
    took = time.monotonic() - began
    if failed:
        print(f"\nFailed: {', '.join(failed)} ({took:.0f} s)", flush=True)
        return 1
    print(f"\nEverything passed ({took:.0f} s)", flush=True)
    return 0


def _parts(python: Path, kept: Path) -> dict[str, list[str]]:
    """The tests in parts that take about as long; the last has all rooms, and all files, that no other has.

    Each part notes in a folder of its own in `kept` which of its tests failed.
    """
    named = {part: [f"tests/{room}" for room in rooms] for part, rooms in PARTS.items()}
    elsewhere = [f"--ignore={room}" for rooms in named.values() for room in rooms]
    of_part = {**named, REST: ["tests", *elsewhere]}
    pytest = [str(python), "-m", "pytest"]
    return {
        name: [*second_try.noting(pytest, _notes(kept, name)), *rooms]
        for name, rooms in ((f"tests: {part}", rooms) for part, rooms in of_part.items())
    }


def _notes(kept: Path, part: str) -> Path:
    return kept / part.replace(" ", "-")


def _run(name: str, *command: str | Path) -> int:
    print(f"\n── {name} ──", flush=True)
    began = time.monotonic()
    status = subprocess.run([str(c) for c in command], cwd=ROOT, check=False).returncode
    print(
        f"── {name}: {'passed' if status == 0 else f'FAILED ({status})'} in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return status


def _debian() -> None:
    """Install the programs that are missing, where this machine is a Debian and we may."""
    missing = sorted({package for command, package in DEBIAN_PACKAGES.items() if shutil.which(command) is None})
    if not missing or sys.platform != "linux":
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        print(f"Missing for some tests: {' '.join(missing)} (not root, or no Debian: install them)", flush=True)
        return
    print(f"Installing {' '.join(missing)} …", flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        done = subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            sys.exit(f"`{' '.join(command[:2])}` failed: see the lines above.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
