"""What of a lock file is installed for Windows; runs on every system."""

from pathlib import Path

from windows.wine_python import for_windows

ROOT = Path(__file__).resolve().parents[2]
LOCK = """# made by a tool
everywhere==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
linux-only==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:bb
windows-only==4!3.0 ; sys_platform == 'win32' \\
    --hash=sha256:cc
old==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:dd
new==2.0 ; python_full_version >= '3.12' \\
    --hash=sha256:ee
"""


def test_conditions_are_those_of_windows_and_are_not_left_to_pip() -> None:
    assert for_windows(LOCK) == {
        "everywhere": "everywhere==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\n",
        "windows-only": "windows-only==4!3.0 \\\n    --hash=sha256:cc\n",
        "old": "old==1.0 \\\n    --hash=sha256:dd\n",
    }


def test_only_what_is_named_is_taken() -> None:
    assert list(for_windows(LOCK, {"old", "linux-only"})) == ["old"]


def test_the_program_has_its_notices_and_no_numpy_there() -> None:
    found = for_windows((ROOT / "requirements.lock").read_text(encoding="utf-8"))

    assert "winrt-windows-ui-notifications" in found
    assert {"numpy", "dbus-fast", "python-xlib"}.isdisjoint(found)
