"""`gatelight` alone: it opens the page of the running agent, or says where it is."""

import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.commands import Place, paper_file, web_server
from tests.desktop_session import wait_until
from tests.faults.conftest import place
from tests.page.visiting import key_in

__all__ = ["place"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests of the commands are for POSIX")

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/enter\?token=[\w-]{43}")


@pytest.fixture
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desktop whose browser writes down what it is told to open."""
    told, opener = tmp_path / "told", tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$1" > "{told}.new" && mv "{told}.new" "{told}"\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":99")
    for name in ("SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    return told


def visit(address: str) -> str:
    """The page, as a browser gets it."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


def test_without_a_desktop_the_address_is_printed_and_how_to_reach_it(place: Place, no_desktop: None) -> None:
    with web_server() as port:
        place.config.write_text(paper_file(port))
        with place.agent():
            done = place.do()
            found = ADDRESS.fullmatch(done.out.strip())

            assert found is not None, done
            assert done.status == 0
            assert f"ssh -L {found[1]}:127.0.0.1:{found[1]}" in done.err
            assert key_in(visit(done.out.strip()))[0]
            with pytest.raises(urllib.error.HTTPError, match="403"):
                visit(done.out.strip())


def test_the_address_can_be_had_alone(place: Place, opened: Path) -> None:
    with web_server() as port:
        place.config.write_text(paper_file(port))
        with place.agent():
            done = place.do("--print-url")

    assert ADDRESS.fullmatch(done.out.strip())
    assert (done.status, done.err) == (0, "")
    assert not opened.exists()


def test_on_a_desktop_the_browser_is_opened(place: Place, opened: Path) -> None:
    with web_server() as port:
        place.config.write_text(paper_file(port))
        with place.agent():
            done = place.do()
            wait_until(opened.exists, "the browser")
            page = visit(opened.read_text().strip())

    assert (done.status, done.out, done.err) == (0, "", "")
    assert key_in(page)[0]


def test_where_the_browser_does_not_start_the_address_is_printed(place: Place, opened: Path) -> None:
    (opened.parent / "xdg-open").write_text("#!/bin/sh\nexit 4\n")
    with web_server() as port:
        place.config.write_text(paper_file(port))
        with place.agent():
            done = place.do()

    assert done.err.strip() == "No browser could be opened: open this address within a minute."
    assert ADDRESS.fullmatch(done.out.strip())


def test_where_the_page_is_switched_off_it_is_said_how_to_switch_it_on(place: Place) -> None:
    with web_server() as port:
        place.config.write_text(paper_file(port) + "\n[page]\nenabled = false\n")
        with place.agent():
            done = place.do()

    assert done.status == 2
    assert "page.enabled true" in done.sentence


def test_no_address_and_no_key_is_in_the_log(place: Place, no_desktop: None) -> None:
    with web_server() as port:
        place.config.write_text(paper_file(port))
        with place.agent():
            address = place.do("-v", "--print-url").out.strip()
            visit(address)
        log = (place.data / "log" / "gatelight.log").read_text()

    assert "the status page is served on port" in log
    assert address.split("=")[1] not in log
    assert "token" not in log
