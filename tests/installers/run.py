"""The packages, as a user gets them: `python3 tests/installers/run.py` builds them, installs them and uses them.

As root on Debian; installs what it needs and fails where that cannot be had. What needs the network is done first: the
tests themselves run where there is none. Further arguments go to pytest.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "installer")]

import build_image  # noqa: E402
import build_windows  # noqa: E402
from environment import prepare  # noqa: E402
from packaged import LOCKS, WORK, CannotBuild, call, need, version  # noqa: E402

from tests import apart, second_try  # noqa: E402
from tests.installers import windows_setups  # noqa: E402

MADE = "GATELIGHT_PACKAGES"
"""Names the folder with what was built, for the tests; without it they are not collected."""
LATER = "9.9.9"
"""The version of the package that the tests upgrade to."""
WHEELS = "wheels"
"""The folder in it with what the script for a Mac installs."""
SUITES = ("bookworm", "trixie")
NEEDED = (
    "appstream",
    "chromium",
    "dbus",
    "dbus-bin",
    "desktop-file-utils",
    "dunst",
    "fonts-dejavu-core",
    "imagemagick",
    "iproute2",
    "libnotify-bin",
    "lintian",
    "mmdebstrap",
    "msitools",
    "openbox",
    "pipx",
    "python3-venv",
    "shellcheck",
    "systemd",
    "util-linux",
    "xdotool",
    "xfce4-panel",
    "xvfb",
    "openssl",
    *build_windows.DEBIAN_PACKAGES,
)
"""Debian packages that the tests need; what a build needs it installs itself."""


def main(arguments: list[str]) -> int:
    """Build everything, then prove it; returns the exit status."""
    began = time.monotonic()
    if os.geteuid() != 0:
        print("This installs packages in systems of its own: run it as root.")
        return 1
    out = WORK / "tested"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    try:
        _step("Debian packages", lambda: need(*NEEDED))
        if not apart.possible():
            raise CannotBuild("this system does not let the tests have processes and a network of their own.")
        python = prepare("tests/requirements.lock")
        _step("clean systems", lambda: [build_image.base_system(suite) for suite in SUITES])
        _step("the .deb and the image", lambda: build_image.build(out))
        _step("the .deb of a later version", lambda: _later(out))
        _step("pipx install '.[remote]'", lambda: _pipx(out))
        _step("what install.sh fetches", lambda: _wheels(out))
        _step("setup.exe, in two versions", windows_setups.build)
    except CannotBuild as fault:
        print(f"\nFailed: {fault} ({time.monotonic() - began:.0f} s)", flush=True)
        return 1
    notes = WORK / "notes"
    shutil.rmtree(notes, ignore_errors=True)
    tests = [*second_try.noting([str(python), "-m", "pytest"], notes), *(arguments or ["tests/installers"])]
    # On CI a missing part is a failure, and here it always is.
    more = {MADE: str(out), "PYTHONPATH": str(ROOT), "CI": "true"}
    failed = subprocess.run(tests, cwd=ROOT, env=os.environ | more, check=False).returncode
    if failed and second_try.passes("packages", tests, notes, ROOT, more):
        failed = 0
    print(f"\n{'Failed' if failed else 'Every package works'} ({time.monotonic() - began:.0f} s)", flush=True)
    return failed


def _step(name: str, do: Callable[[], object]) -> None:
    print(f"\n── {name} ──", flush=True)
    began = time.monotonic()
    do()
    print(f"── {name}: done in {time.monotonic() - began:.0f} s", flush=True)


def _later(out: Path) -> None:
    """The same program with a higher version number."""
    with tempfile.TemporaryDirectory(prefix="gatelight-later-") as folder:
        copy = Path(folder)
        for name in ("agent", "icons", "installer"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (ROOT / "LICENSE", LOCKS[0]):
            shutil.copy(file, copy)
        stated = copy / "agent/__init__.py"
        stated.write_text(stated.read_text(encoding="utf-8").replace(version(), LATER), encoding="utf-8")
        (copy / "build").mkdir()
        (copy / "build/python").symlink_to(WORK / "python")
        call(sys.executable, copy / "installer/build.py", "linux", "--out", out)


def _pipx(out: Path) -> None:
    """Install the checkout as the README says, into folders whose names hold spaces and letters beyond ASCII."""
    home = out / "pipx Jörg Müller"
    places = {"PIPX_HOME": str(home / "venvs and more"), "PIPX_BIN_DIR": str(home / "bin"), "HOME": str(home)}
    home.mkdir()
    call("pipx", "install", "--python", "/usr/bin/python3", f"{ROOT}[remote]", **places)


def _wheels(out: Path) -> None:
    """Fetch what the script for a Mac installs, for Debian’s Python: its tests have no network."""
    fetched = out / WHEELS
    how = ("--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes", "--dest", fetched)
    python = WORK / "python/bin/python"
    call(python, "-m", "pip", "download", *how, "-r", LOCKS[0], "-r", LOCKS[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
