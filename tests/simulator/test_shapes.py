from pathlib import Path, PurePosixPath

import pytest

from agent.simulator.settings_folder import PRETENDED_PASSWORD, IbcChoices
from agent.simulator.shapes import Look, Shape, compact, furnish, lay_out
from agent.tws.applications import ApplicationKind, TradingMode
from agent.tws.reset_windows import Region

HOME = Path("/home/trader")
GATEWAY, TWS = ApplicationKind.GATEWAY, ApplicationKind.TWS


@pytest.mark.parametrize(
    ("version", "number"), [("10.45", "1045"), ("10.9", "1009"), ("10.50.1", "1050"), ("978", "978")]
)
def test_folders_carry_the_version_without_its_point(version: str, number: str) -> None:
    assert compact(version) == number


def test_on_linux_ibs_own_launcher_runs_java_with_the_main_class_of_the_gateway() -> None:
    command = lay_out(HOME, Look(GATEWAY), "linux").disguise.command

    assert PurePosixPath(command[0]).name == "java"
    assert command[1] == "-Xmx768m"
    assert command[-1] == "install4j.ibgateway.GWClient"
    assert "-DinstallDir=/home/trader/Jts/ibgateway/1045/" in command
    assert "-DjtsConfigDir=/home/trader/Jts" in command


def test_on_linux_tws_names_its_product_and_ends_with_its_settings_folder() -> None:
    command = lay_out(HOME, Look(TWS), "linux").disguise.command

    assert command[-2:] == ["install4j.jclient.LoginFrame", "/home/trader/Jts"]
    assert "-DproductName=Trader Workstation" in command
    assert "-DinstallDir=/home/trader/Jts/1045/" in command


@pytest.mark.parametrize(("kind", "end"), [(GATEWAY, "Jts/ibgateway/1045/ibgateway.exe"), (TWS, "Jts/1045/tws.exe")])
def test_on_windows_only_the_program_file_tells_which_application_it_is(kind: ApplicationKind, end: str) -> None:
    disguise = lay_out(HOME, Look(kind), "win32").disguise

    assert disguise.executable.as_posix().endswith(end)
    assert not any("LoginFrame" in word or "GWClient" in word for word in disguise.command)


@pytest.mark.parametrize(("kind", "title"), [(GATEWAY, "IB Gateway 10.45"), (TWS, "Trader Workstation 10.45")])
def test_on_macos_the_bundle_carries_name_and_version(kind: ApplicationKind, title: str) -> None:
    executable = lay_out(HOME, Look(kind), "darwin").disguise.executable

    assert executable.as_posix().endswith(f"Applications/{title}/{title}.app/Contents/MacOS/JavaApplicationStub")


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize(("kind", "main"), [(GATEWAY, "ibcalpha.ibc.IbcGateway"), (TWS, "ibcalpha.ibc.IbcTws")])
def test_ibc_runs_its_own_main_class_with_its_configuration_and_the_mode(
    platform: str, kind: ApplicationKind, main: str
) -> None:
    layout = lay_out(HOME, Look(kind, TradingMode.LIVE, shape=Shape.IBC), platform)
    command = layout.disguise.command

    assert layout.disguise.executable.stem == "java"
    assert command[-3:] == [main, str(layout.ibc_config), "live"]
    assert command[command.index("-cp") + 1].endswith("IBC.jar")
    assert "-Dchannel=latest" in command


def test_ibc_may_have_been_given_the_password_as_an_argument() -> None:
    look = Look(shape=Shape.IBC, ibc=IbcChoices(password_on_command_line=True))

    assert PRETENDED_PASSWORD in lay_out(HOME, look, "linux").disguise.command


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_an_automatic_restart_is_marked_on_the_command_line(shape: Shape, platform: str) -> None:
    fresh = lay_out(HOME, Look(shape=shape), platform).disguise.command
    restarted = lay_out(HOME, Look(shape=shape, restarted=True), platform).disguise.command

    assert not any(word.startswith("-Drestart=") for word in fresh)
    assert sum(word.startswith("-Drestart=") for word in restarted) == 1


def test_a_container_names_its_program_folder_after_the_full_version() -> None:
    assert lay_out(HOME, Look(shape=Shape.CONTAINER), "linux").program.name == "10.45.1d"


@pytest.mark.parametrize("shape", list(Shape))
def test_python_ignores_every_option_before_the_module_name(shape: Shape) -> None:
    command = lay_out(HOME, Look(shape=shape), "linux").disguise.command

    assert all(word.startswith("-X") for word in command[1 : command.index("-m")])


def test_jts_ini_tells_mode_and_server_like_a_real_one(tmp_path: Path) -> None:
    look = Look(mode=TradingMode.LIVE, region=Region.EUROPE)
    layout = lay_out(tmp_path, look)
    furnish(layout, look)
    lines = (layout.settings / "jts.ini").read_text().splitlines()

    assert "tradingMode=l" in lines
    assert "Peer=zdc1.ibllc.com:4001" in lines
    assert "ApiOnly=true" in lines
    assert "UseSSL=true" in lines


def test_ibcs_configuration_tells_restart_time_and_command_port_and_holds_a_password(tmp_path: Path) -> None:
    look = Look(shape=Shape.IBC, ibc=IbcChoices("11:30 PM", 7462))
    layout = lay_out(tmp_path, look)
    furnish(layout, look)
    assert layout.ibc_config is not None
    lines = layout.ibc_config.read_text().splitlines()

    assert "AutoRestartTime=11:30 PM" in lines
    assert "CommandServerPort=7462" in lines
    assert f"IbPassword={PRETENDED_PASSWORD}" in lines


def test_the_restart_marker_lies_in_the_users_folder_only_after_a_restart(tmp_path: Path) -> None:
    for restarted in (True, False):
        look = Look(restarted=restarted)
        layout = lay_out(tmp_path, look)
        furnish(layout, look)

        assert [path.name for path in layout.settings.glob("*/autorestart")] == (["autorestart"] if restarted else [])
