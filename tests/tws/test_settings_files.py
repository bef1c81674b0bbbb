"""Reading jts.ini, IBC's config.ini and IBC's log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tws.applications import TradingMode
from agent.tws.reset_windows import Region
from agent.tws.settings_files import (
    IbcConfig,
    JtsIni,
    minutes_of,
    read_ibc_config,
    read_jts_ini,
    region_of_server,
    sections,
)

CURRENT_GATEWAY = """[IBGateway]
WriteDebug=false
TrustedIPs=127.0.0.1
RemoteHostOrderRouting=ndc1.ibllc.com
RemotePortOrderRouting=4001
ApiOnly=true
LocalServerPort=4000

[Logon]
useRemoteSettings=false
TimeZone=Etc/UTC
tradingMode=p
Locale=en
UseSSL=true
s3store=true
ibkrBranding=pro

[u:diieodccxyz]
AutoRestart=1
"""

OLD_GATEWAY = """[IBGateway]
MainWindow.Height=550
ApiOnly=false
[Logon]
UserNameToDirectory=xyz;:[],djgblkjyvm
tradingMode=l
SupportsSSL=gdc1.ibllc.com:4000,true,20170813,false
UseSSL=false
[ns]
darykq=1
[Communication]
Internal=false
LocalPort=0
Peer=zdc1_hb1.ibllc.com:4001
Region=us
"""

IBC_CONFIG = """# IBC configuration
IbLoginId=alice123
IbPassword=s3cret=Tr4ding
FIX=no
TradingMode=paper
AutoRestartTime=11:45 PM
AutoLogoffTime=
CommandServerPort=7462
ControlFrom=192.168.1.5
IbDir=C:\\\\Jts\\\\paper
"""


def test_a_current_gateway_tells_mode_region_and_api() -> None:
    assert read_jts_ini(CURRENT_GATEWAY) == JtsIni(TradingMode.PAPER, Region.AMERICA, api_only=True, use_ssl=True)


def test_the_last_server_decides_the_region_not_the_word_region() -> None:
    assert read_jts_ini(OLD_GATEWAY) == JtsIni(TradingMode.LIVE, Region.EUROPE, api_only=False, use_ssl=False)


def test_a_file_without_a_known_key_tells_nothing() -> None:
    assert read_jts_ini("[IBGateway]\nReadOnlyApi=true\nSocketPort=4002\n") == JtsIni()


def test_values_keep_colons_semicolons_and_further_equals_signs() -> None:
    found = sections("\ufeff[u:abc;d]\r\n key = a:b;c=d \r\n; no=comment\nnonsense\n")

    assert found["u:abc;d"] == {"key": "a:b;c=d"}


@pytest.mark.parametrize(
    ("server", "region"),
    [
        ("ndc1.ibllc.com:4001", Region.AMERICA),
        ("cdc1_hb1.ibllc.com", Region.AMERICA),
        ("ZDC1.ibllc.com:4000", Region.EUROPE),
        ("hdc1_hb1.ibllc.com:4001", Region.ASIA),
        ("mcgw1_hb1.ibllc.com.cn:4001", Region.ASIA),
        ("ndc1.example.com:4001", None),
        ("xdc9.ibllc.com:4001", None),
        ("", None),
    ],
)
def test_only_servers_of_ib_have_a_region(server: str, region: Region | None) -> None:
    assert region_of_server(server) == region


def test_ibc_tells_mode_times_and_command_server() -> None:
    assert read_ibc_config(IBC_CONFIG) == IbcConfig(
        TradingMode.PAPER,
        auto_restart_time=23 * 60 + 45,
        auto_logoff_time=None,
        command_server_port=7462,
        settings_folder="C:\\Jts\\paper",
    )


def test_the_password_is_not_kept() -> None:
    found = repr(read_ibc_config(IBC_CONFIG))

    assert "s3cret" not in found
    assert "alice123" not in found


@pytest.mark.parametrize("port", ["0", "", "70000", "-1", "²", "no", pytest.param("1" * 5000, id="endless")])
def test_a_command_server_that_is_off_or_impossible_has_no_port(port: str) -> None:
    assert read_ibc_config(f"CommandServerPort={port}").command_server_port is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("11:45 PM", 1425),
        ("11:45PM", 1425),
        ("12:00 AM", 0),
        ("12:30 pm", 750),
        ("08:05", 485),
        ("23:59", 1439),
        ("24:00", None),
        ("13:00 PM", None),
        ("00:30 AM", None),
        ("10:60", None),
        ("soon", None),
        ("", None),
    ],
)
def test_times_of_day_are_read_in_both_notations(text: str, minutes: int | None) -> None:
    assert minutes_of(text) == minutes


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(read_jts_ini(text), JtsIni)
    assert isinstance(read_ibc_config(text), IbcConfig)


@given(st.integers(0, 1439))
def test_every_minute_of_the_day_comes_back(minute: int) -> None:
    hour = minute // 60
    twelve = f"{(hour - 1) % 12 + 1}:{minute % 60:02} {'AM' if hour < 12 else 'PM'}"

    assert minutes_of(twelve) == minutes_of(f"{hour:02}:{minute % 60:02}") == minute


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("22:00", (None, 1320)),
        ("Friday 22:00", (4, 1320)),
        ("sunday  7:05", (6, 425)),
        ("", (None, None)),
        ("Freitag 22:00", (None, None)),
        ("Friday", (None, None)),
        ("25:00", (None, None)),
    ],
)
def test_when_ibc_closes_the_application(value: str, told: tuple[int | None, int | None]) -> None:
    found = read_ibc_config(f"ClosedownAt={value}\nIbPassword=s3cret\n")

    assert (found.closes_on, found.closes_at) == told


def test_a_log_off_or_restart_time_in_jts_ini_is_read_whatever_its_section() -> None:
    found = read_jts_ini("[Logon]\nAutoLogoffTime=23:45\n[IBGateway]\nautoRestartTime=11:50 PM\n")

    assert (found.auto_logoff_time, found.auto_restart_time) == (1425, 1430)
    assert read_jts_ini("[Logon]\nautoLogoffTime=soon\n").auto_logoff_time is None
