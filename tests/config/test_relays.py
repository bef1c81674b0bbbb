"""Relays in the configuration: where they lead to, and the sentence for what cannot be meant."""

from pathlib import Path

import pytest

from agent.config.editing import set_value
from agent.config.reading import parse_settings
from agent.config.relays import target_of
from agent.config.showing import show
from agent.core.settings import RelaySettings
from agent.errors import ConfigError

CONNECTIONS = """\
[[connections]]
name = "Paper Gateway"
application = "gateway"
trading_mode = "paper"

[[connections]]
name = "Anything"

[[connections]]
name = "Far"
host = "trading-pc.example"
port = 7496
"""


def relay(**keys: object) -> str:
    given = {"name": '"One"', "listen": 5002, "to": '"127.0.0.1:4002"'} | keys
    return "[[relays]]\n" + "".join(f"{name} = {value}\n" for name, value in given.items())


@pytest.mark.parametrize(
    ("to", "target"),
    [
        ("127.0.0.1:4002", ("127.0.0.1", 4002)),
        ("localhost:4002", ("127.0.0.1", 4002)),
        ("[fd00::7]:7497", ("fd00::7", 7497)),
        ("trading-pc.example:7497", ("trading-pc.example", 7497)),
        (" paper gateway ", ("127.0.0.1", 4002)),
        ("Far", ("trading-pc.example", 7496)),
    ],
)
def test_where_it_leads_to(to: str, target: tuple[str, int]) -> None:
    settings = parse_settings(CONNECTIONS + relay(to=f'"{to}"'), "config.toml")

    assert target_of(settings.relays[0], settings.connections) == target


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            relay(to='"Anything"'),
            'line 16: relays[1].to is "Anything", but must be a connection with a port: give that one a port, '
            "or an application and a trading mode, which have a usual one",
        ),
        (
            relay(to='"Gone"'),
            'relays[1].to is "Gone", but must be a host and a port, such as "127.0.0.1:4002", or a connection’s name: '
            '"Paper Gateway", "Anything", "Far"',
        ),
        (relay(to='"a b:4002"'), 'must be a host name or an IP address, such as "127.0.0.1", with a port'),
        (relay(to='"127.0.0.1:99999"'), 'must be a host and a port, such as "127.0.0.1:4002"'),
        (relay(listen=0), "relays[1].listen is 0, but must be a number from 1 to 65535"),
        (relay(allow='["everyone"]'), "relays[1].allow[1] is"),
        (
            relay(to='"127.0.0.1:5002"'),
            'relays[1].to is "127.0.0.1:5002", which leads to itself, but must be where TWS or IB Gateway listens',
        ),
        (
            relay(to='"localhost:5003"') + relay(name='"Two"', listen=5003),
            'relays[1].to is "localhost:5003", which leads to relay “Two”, but must be where TWS or IB Gateway listens',
        ),
        (
            relay() + relay(name='"Two"'),
            "relays[2].listen is 5002, but must be a port that no other relay has: “One” has it",
        ),
        (relay() + relay(name='" one"', listen=5003), 'relays[2].name is " one", but must differ from the one in line'),
        (relay(name='"Status"'), "but must be another name: `relay status` is a command"),
        ("[[relays]]\nname = 'x'\n", "relays[1].listen is missing"),
    ],
)
def test_what_cannot_be_meant_is_told_with_line_and_key(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as told:
        parse_settings(CONNECTIONS + text, "config.toml")

    assert sentence in str(told.value)


def test_a_relay_is_shown_and_changed_as_any_other_key(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONNECTIONS + relay())
    set_value(file, "relays.One.listen", "5010")
    set_value(file, "relays[1].allow", "172.17.0.0/16")

    settings = parse_settings(file.read_text(), file.name)
    assert settings.relays == (RelaySettings("One", 5010, "127.0.0.1:4002", ("172.17.0.0/16",)),)
    assert parse_settings(show(settings), "shown").relays == settings.relays


def test_a_relay_that_is_not_there_is_written_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(relay())

    with pytest.raises(ConfigError, match=r'There is no relay "Two", known are: "One"; a new one is written into'):
        set_value(file, "relays.Two.listen", "5003")
