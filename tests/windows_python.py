"""A real Windows Python under Wine, with the packages of program and tests: made once, kept in `.desktop`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "installer")] if str(ROOT / "installer") not in sys.path else []

from windows.wine_python import WindowsPython, windows_path, wine  # noqa: E402

__all__ = ["FOLDER", "ROOT", "environment", "prepare", "python", "windows_path"]

LOCK = ROOT / "tests/windows/requirements.lock"
FOLDER = ROOT / ".desktop" / "windows"

DESKTOP = "1000x560"
"""Pixels of the Windows desktop on the virtual screen."""

_EXPLORER = r"HKCU\Software\Wine\Explorer"
_OF_TESTS = frozenset(
    {
        *("colorama", "hypothesis", "ibapi-latest", "iniconfig", "pluggy", "protobuf", "pygments", "pytest"),
        *("pytest-asyncio", "pytest-timeout", "sortedcontainers"),
    }
)
"""Packages that the tests need which run on Windows."""

_WINDOWS = WindowsPython(
    FOLDER,
    {ROOT / "requirements.lock": None, ROOT / "tests/requirements.lock": _OF_TESTS, LOCK: {"numpy"}},
    (ROOT,),
    at_start="tests.windows.wine_gaps",
)


def environment() -> dict[str, str]:
    """What Wine needs to be told; without a screen it must not ask for one."""
    return _WINDOWS.environment()


def python() -> Path:
    """The interpreter."""
    return _WINDOWS.python


def prepare() -> None:
    """Make what is missing; quick when nothing is."""
    _WINDOWS.prepare()
    show_on_a_desktop(_WINDOWS.prefix)


def show_on_a_desktop(prefix: Path, user: int | None = None) -> None:
    """Give a Windows a desktop of its own with a taskbar, which every program is shown on."""
    if (prefix / "desktop").exists():
        return
    for value in (
        (_EXPLORER, "/v", "Desktop", "/d", "shell"),
        (rf"{_EXPLORER}\Desktops", "/v", "shell", "/d", DESKTOP),
    ):
        wine(prefix, "wine", "reg", "add", *value, "/f", user=user)
    (prefix / "desktop").touch()


if __name__ == "__main__":
    prepare()
