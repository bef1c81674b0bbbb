"""Windows of processes, and bringing one to the front, by the program's own code on Windows."""

import json

import pytest

from tests.windows_desktop import WindowsDesktop
from tests.windows_python import ROOT, windows_path

pytestmark = pytest.mark.desktop


def test_a_minimised_window_comes_to_the_front(windows: WindowsDesktop) -> None:
    status, output = windows.run(windows_path(ROOT / "tests/windows/window_program.py"), "front")
    report = json.loads(output.splitlines()[-1])

    assert status == 0
    assert report == {
        "found": [0, 1],
        "still": [0, 1],
        "trouble": None,
        "in_front": True,
        "gone": "it has no window any more",
    }
