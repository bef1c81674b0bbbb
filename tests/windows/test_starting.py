"""Starting programs on Windows, by the program's own code."""

import json
from pathlib import Path

import pytest

from tests.windows_desktop import WindowsDesktop
from tests.windows_python import ROOT, windows_path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(300)]


def test_a_program_is_started_on_its_own_and_failures_are_told(windows: WindowsDesktop, tmp_path: Path) -> None:
    script = windows_path(ROOT / "tests/windows/start_program.py")
    status, output = windows.run(script, windows_path(tmp_path / "told"))
    report = json.loads(output.splitlines()[-1])

    assert status == 0
    assert report["fails"].endswith("python.exe ended at once with status 7")
    assert report["missing"] == "there is no program C:\\Jts\\1045\\tws.exe"
    assert report["folder_given"] == "C:\\windows is a folder, not a program"
    assert (report["lives"], report["folder"]) == (None, True)
