"""Opening a file or an address: with the user's own program, and only where the user can see it."""

import sys
from pathlib import Path

import pytest

from agent.platforms.opening import has_browser, open_address, open_path
from tests.desktop_session import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the openers of the other systems are their own")


@pytest.mark.parametrize(
    ("environ", "seen"),
    [
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": ":0", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}, False),
        ({"DISPLAY": ":0", "SSH_TTY": "/dev/pts/0"}, False),
    ],
)
def test_a_browser_is_one_that_the_user_can_see(environ: dict[str, str], seen: bool) -> None:
    assert has_browser(environ) is seen


def test_the_opener_gets_what_is_to_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/$(basename "$1").new"\n'
                      f'mv "{tmp_path}/$(basename "$1").new" "{tmp_path}/$(basename "$1").told"\n')  # fmt: skip
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    open_address("http://127.0.0.1:4711/enter")
    open_path(tmp_path / "steps.html")
    told = [tmp_path / "enter.told", tmp_path / "steps.html.told"]
    wait_until(lambda: all(file.exists() for file in told), "the opener")

    assert told[0].read_text() == "http://127.0.0.1:4711/enter\n"
    assert told[1].read_text() == f"{tmp_path}/steps.html\n"


def test_without_an_opener_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OSError, match="xdg-open"):
        open_address("http://127.0.0.1:4711/")
