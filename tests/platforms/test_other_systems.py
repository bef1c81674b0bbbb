"""macOS and Windows, as far as files and recorded addresses can show them on any system."""

from pathlib import Path

import pytest

from agent.platforms import current
from agent.platforms.interfaces import leads_out
from agent.platforms.macos import MacOs
from agent.platforms.windows import Windows
from agent.tws.applications import ApplicationKind


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def test_windows_finds_both_applications_and_the_exe_that_ibc_renamed(tmp_path: Path) -> None:
    for name in ("Jts/1045/tws.exe", "Jts/ibgateway/1044/ibgateway1.exe", "IBKR/ibgateway/1040/ibgateway.exe"):
        touch(tmp_path / name)
    touch(tmp_path / "Jts/1030/uninstall.exe")
    found = {(i.kind, i.version) for i in Windows(tmp_path).installations()}

    assert found == {
        (ApplicationKind.TWS, "10.45"),
        (ApplicationKind.GATEWAY, "10.44"),
        (ApplicationKind.GATEWAY, "10.40"),
    }


def test_windows_starts_the_exe_itself_but_not_the_one_that_ibc_renamed(tmp_path: Path) -> None:
    for name in ("Jts/1045/tws.exe", "Jts/1045/tws1.exe", "Jts/ibgateway/1044/ibgateway1.exe"):
        touch(tmp_path / name)
    found = {i.kind: i.command for i in Windows(tmp_path).installations()}

    assert found == {ApplicationKind.TWS: (str(tmp_path / "Jts/1045/tws.exe"),), ApplicationKind.GATEWAY: ()}


def test_macos_opens_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "home/Applications/IB Gateway 10.45/IB Gateway 10.45.app"
    bundle.mkdir(parents=True)
    (found,) = MacOs(tmp_path, tmp_path / "home").installations()

    assert found.command == ("/usr/bin/open", str(bundle))


def test_windows_finds_a_tws_that_updates_itself(tmp_path: Path) -> None:
    touch(tmp_path / "Jts/tws.exe")
    (found,) = Windows(tmp_path).installations()

    assert (found.kind, found.version) == (ApplicationKind.TWS, None)


def test_macos_finds_bundles_and_no_uninstaller(tmp_path: Path) -> None:
    for name in (
        "home/Applications/IB Gateway 10.45/IB Gateway 10.45.app",
        "home/Applications/IB Gateway 10.45/IB Gateway 10.45 Uninstaller.app",
        "Applications/Trader Workstation.app",
        "Applications/Safari.app",
    ):
        (tmp_path / name).mkdir(parents=True)
    found = {(i.kind, i.version) for i in MacOs(tmp_path, tmp_path / "home").installations()}

    assert found == {(ApplicationKind.GATEWAY, "10.45"), (ApplicationKind.TWS, None)}


def test_folders_that_do_not_exist_hold_nothing(tmp_path: Path) -> None:
    assert Windows(tmp_path / "x").installations() == ()
    assert MacOs(tmp_path / "x", tmp_path / "y").installations() == ()


def test_settings_are_in_the_folder_named_jts(tmp_path: Path) -> None:
    assert Windows(tmp_path).settings_roots() == (tmp_path / "Jts",)
    assert MacOs(tmp_path, tmp_path / "home").settings_roots() == (tmp_path / "home/Jts",)


@pytest.mark.parametrize(
    ("addresses", "up", "out"),
    [
        ({"lo0": ["127.0.0.1", "::1"], "en0": ["192.168.1.7", "a4:83:e7:00:00:00"]}, {"lo0", "en0"}, True),
        ({"lo0": ["127.0.0.1"], "en0": ["192.168.1.7"]}, {"lo0"}, False),
        ({"lo0": ["127.0.0.1"], "en0": ["fe80::1%en0", "169.254.7.7"]}, {"lo0", "en0"}, False),
        ({"Ethernet": ["2001:db8::7"], "Loopback Pseudo-Interface 1": ["::1"]}, {"Ethernet"}, True),
        ({}, set(), False),
    ],
    ids=["macOS on the air", "switched off", "no address given", "Windows with IPv6", "nothing"],
)
def test_an_interface_leads_out_when_it_is_up_and_has_an_address(
    addresses: dict[str, list[str]], up: set[str], out: bool
) -> None:
    assert leads_out(addresses, frozenset(up)) is out


def test_this_machine_has_a_platform_that_answers() -> None:
    platform = current()

    assert isinstance(platform.has_route(), bool)
    assert platform.settings_roots()
    platform.installations()
    platform.surroundings()
