"""Whose a connection over loopback is, by the program's own code on Windows."""

import json

import pytest

from tests.windows_desktop import WindowsDesktop
from tests.windows_python import ROOT, windows_path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(300)]


def test_the_process_of_a_connection_and_its_user_are_found(windows: WindowsDesktop) -> None:
    status, output = windows.run(windows_path(ROOT / "tests/windows/peer_program.py"))

    assert status == 0, output
    report = json.loads(output.splitlines()[-1])
    (named,) = report.pop("named")
    # Wine may name no process for a socket, as Windows does for one that has gone: that is a no.
    assert report.pop("ours") is (named != 0)
    assert report == {
        "peer is the client": True,
        "found": True,
        "another user's": False,
        "not there": False,
        "our process": True,
        "no process": False,
    }
