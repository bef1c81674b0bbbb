"""Words that several problems share."""

import pytest

from agent.core.facts import Known, Listener, SettingsHints
from agent.problems.shared.words import (
    host_of,
    last_mode,
    listening,
    owner_of,
    sentence,
    started_at,
    without_folders,
)
from agent.tws.applications import TradingMode
from tests.problems.scene import connection, facts, foreign, gateway, relay


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/jane doe/.config/a.toml, line 3", "a.toml, line 3"),
        (r"in C:\Users\Jane Doe\a.toml: bad", "in a.toml: bad"),
        ("'/root/x.toml' cannot be read", "'x.toml' cannot be read"),
        ("~/x/y.toml is missing", "y.toml is missing"),
        ("either/or, 1/2 and TWS/IB Gateway", "either/or, 1/2 and TWS/IB Gateway"),
        ("port {port}\nis\tfree", "port (port) is free"),
    ],
)
def test_only_file_names_are_left_of_paths(text: str, shown: str) -> None:
    assert without_folders(text) == shown


def test_an_owner_is_named_as_well_as_the_system_allows() -> None:
    assert owner_of(relay()) == "docker-proxy (pid 771)"
    assert owner_of(foreign(pid=None)) == "mailserver"
    assert owner_of(Listener(4002, pid=5)) == "a program (pid 5)"
    assert owner_of(Listener(4002)) == owner_of(None) == "a program that this system does not name"


def test_a_long_host_is_shortened_and_an_ipv6_address_is_not() -> None:
    address = "2001:0db8:85a3:0000:0000:8a2e:0370:7334"

    assert host_of(facts(wants=connection(host=address))) == address
    assert len(host_of(facts(wants=connection(host="h" * 300)))) == 40


def test_every_port_is_named() -> None:
    assert listening(gateway(ports=(4001, 4002))) == "IB Gateway 10.45 (pid 3117) listens on 4001 and 4002"
    assert listening(gateway(ports=())) == "IB Gateway 10.45 (pid 3117) listens on no API port"


def test_the_last_mode_is_told_only_when_known() -> None:
    assert last_mode(gateway()) == ()
    assert last_mode(gateway(hints=Known(SettingsHints()))) == ()
    assert last_mode(gateway(hints=Known(SettingsHints(trading_mode=TradingMode.LIVE)))) == (
        "jts.ini: live was selected last on the log-in screen",
    )


def test_a_start_is_told_in_local_time() -> None:
    assert started_at(facts(), gateway(age=3661.0)) == "12:58"


def test_a_sentence_begins_with_a_capital_and_keeps_the_rest() -> None:
    assert sentence("a program of TWS") == "A program of TWS"
    assert sentence("") == ""
