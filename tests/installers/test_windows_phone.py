"""Notices on a phone from the packaged program for Windows, whose address is in the Credential Manager."""

import os
from collections.abc import Iterator

import pytest
import third_party
from packaged import parts_of, version
from windows.wine_python import windows_path

from tests.channels.receivers import http_receiver
from tests.installers.windows_home import WindowsHome, until, windows_home
from tests.installers.windows_setups import TESTED, USER

pytestmark = pytest.mark.timeout(600)

PORT = 4002
SETTINGS = """
[[notifications.targets]]
name = "My phone"
url = "keyring:phone"
"""


@pytest.fixture
def home() -> Iterator[WindowsHome]:
    with windows_home() as made:
        yield made


def test_a_problem_is_told_on_the_phone(home: WindowsHome) -> None:
    assert home.setup(version()) == 0
    program = home.programs / "gatelight.exe"
    with http_receiver() as phone:
        kept = home.run("cmd", "/c", f"echo {phone.url}| {windows_path(program)} config secret phone")
        home.data.mkdir(parents=True, exist_ok=True)
        (home.data / "config.toml").write_text(SETTINGS, encoding="utf-8")
        for place in (home.data, home.data / "config.toml"):
            os.chown(place, USER, USER)
        gateway = home.start(program, "simulate", "--port", str(PORT))
        home.start(home.programs / "gatelightw.exe", "run")
        until(lambda: home.status().get("overall") == "connected", "a connection to the simulated IB Gateway")
        gateway.kill()
        until(lambda: phone.came, "the end of IB Gateway on the phone")
        target = home.status()["targets"]
        home.gatelight("stop")
    settings = (home.data / "config.toml").read_text(encoding="utf-8")

    assert kept[0] == 0, kept[1]
    assert "the Credential Manager of Windows" in kept[1]
    assert phone.url not in settings
    assert "IB Gateway" in phone.came[0]["title"]
    assert target


def test_what_sends_has_its_licence() -> None:
    named = {part.name for part in third_party.from_list(parts_of(TESTED / "gatelight"))}

    assert {"apprise", "requests", "certifi", "segno", "keyring", "pywin32-ctypes"} <= named
    assert not {"cryptography", "PyYAML", "Markdown", "click"} & named
