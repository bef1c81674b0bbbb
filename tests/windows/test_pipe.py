"""The control channel's pipe on Windows: whose it is, who may use it, and what a client believes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.windows_desktop import WindowsDesktop
from tests.windows_python import windows_path

pytestmark = [pytest.mark.desktop, pytest.mark.timeout(300)]

SECURITY_SQOS_PRESENT, SECURITY_IDENTIFICATION = 0x0010_0000, 0x0001_0000
IMPERSONATION = 0x0002_0000


@pytest.fixture(scope="module")
def report(windows: WindowsDesktop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("pipe")
    status, output = windows.run("-m", "tests.windows.pipe_program", windows_path(folder))
    assert status == 0, output
    found: dict[str, Any] = json.loads(output[output.index("{") :])
    return found


def test_a_pipe_of_another_user_is_neither_asked_nor_believed(report: dict[str, Any]) -> None:
    assert "belongs to another user" in report["hostile"]["answer"]
    assert "127.0.0.1:1" not in report["hostile"]["answer"]
    assert report["hostile"]["heard"] == []


def test_an_agent_whose_pipe_was_made_by_another_user_says_so(report: dict[str, Any]) -> None:
    assert report["taken"].startswith("Another program on this computer holds the pipe")


def test_our_pipe_is_ours_and_open_to_nobody_else(report: dict[str, Any]) -> None:
    assert report["rights"] == {"ours": True, "rights": "O:USERD:P(A;;GA;;;USER)"}


def test_a_client_lets_nobody_act_as_its_user(report: dict[str, Any]) -> None:
    assert report["flags"] & SECURITY_SQOS_PRESENT
    assert report["flags"] & SECURITY_IDENTIFICATION
    assert not report["flags"] & IMPERSONATION


def test_many_clients_are_answered_and_the_pipe_can_be_offered_again(report: dict[str, Any]) -> None:
    assert report["conversation"]["answers"] == ["{'asked': {'command': 'page'}}"]
    assert "does not run" in report["conversation"]["gone"]
