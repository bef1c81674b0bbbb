"""The configuration file: what can be read, and the sentence for everything that cannot."""

import dataclasses
import json
import os
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config import reading as config
from agent.config import showing
from agent.config import text as config_text
from agent.config.kinds import LONGEST_CONNECTION_NAME
from agent.config.reading import parse_settings
from agent.config.text import found_words, toml_text
from agent.core.settings import (
    CheckSettings,
    ConnectionSettings,
    Intent,
    MinimumSeverity,
    NotificationSettings,
    PageSettings,
    QuietHours,
    Settings,
    WantedApplication,
    WantedMode,
)
from agent.errors import ConfigError

FULL = """\
[[connections]]
name = "Paper Gateway"
application = "gateway"
trading_mode = "paper"
host = "127.0.0.1"
port = 4002
client_id = 77
auto_connect = false
intent = "data"
start_command = ["/opt/ibc/gatewaystart.sh", "-inline", ""]

[[connections]]
name = "Live"
port = "auto"
client_id = "auto"

[checks]
look_every = "2s"
heartbeat_every = "1.5m"
reply_timeout = "1s"
test_symbols = ["AAPL", "EUR.USD", "BRK B"]

[notifications]
desktop = false
minimum_severity = "error"
repeat_after = "never"
quiet_hours = ["22:00-07:00", "12:30 – 13:00", "00:00-24:00"]
remote = ["ntfy://topic", "mailto://a:b@example.org?to=c d"]

[page]
enabled = false
port = 65535
"""

FULL_SETTINGS = Settings(
    connections=(
        ConnectionSettings(
            name="Paper Gateway",
            application=WantedApplication.GATEWAY,
            trading_mode=WantedMode.PAPER,
            host="127.0.0.1",
            port=4002,
            client_id=77,
            auto_connect=False,
            intent=Intent.DATA,
            start_command=("/opt/ibc/gatewaystart.sh", "-inline", ""),
        ),
        ConnectionSettings(name="Live"),
    ),
    checks=CheckSettings(
        look_every=2.0, heartbeat_every=90.0, reply_timeout=1.0, test_symbols=("AAPL", "EUR.USD", "BRK B")
    ),
    notifications=NotificationSettings(
        desktop=False,
        minimum_severity=MinimumSeverity.ERROR,
        repeat_after=None,
        quiet_hours=(QuietHours(1320, 420), QuietHours(750, 780), QuietHours(0, 1440)),
        remote=("ntfy://topic", "mailto://a:b@example.org?to=c d"),
    ),
    page=PageSettings(enabled=False, port=65535),
)


def refusal(text: str) -> str:
    """The sentence for a text that cannot be used."""
    with pytest.raises(ConfigError) as refused:
        config.parse_settings(text, "config.toml")
    return str(refused.value)


def write(folder: Path, raw: bytes) -> Path:
    """A configuration file of these bytes."""
    path = folder / "config.toml"
    path.write_bytes(raw)
    return path


def test_every_key_of_a_full_file_arrives(tmp_path: Path) -> None:
    settings = config.load(write(tmp_path, FULL.encode()))

    assert settings == FULL_SETTINGS


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert config.load(None) == Settings()
    assert config.load(tmp_path / "config.toml", named=False) == Settings()
    assert config.load(tmp_path / "no" / "config.toml", named=False) == Settings()
    assert config.check(tmp_path / "config.toml", named=False) == []


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert config.load(write(tmp_path, b"")) == Settings()
    assert config.load(Path(os.devnull)) == Settings()


def test_a_file_that_the_user_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mine\.toml does not exist: create it, or leave out --config"):
        config.load(tmp_path / "mine.toml")


def test_a_folder_is_not_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder, but must be a TOML file"):
        config.load(tmp_path)


def test_a_file_below_a_file_cannot_be_read(tmp_path: Path) -> None:
    below = write(tmp_path, b"") / "config.toml"

    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(below)


def test_an_impossible_name_is_an_error_and_no_traceback() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(Path("a\0b"), named=False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_without_a_writer_does_not_hang_the_agent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ConfigError, match="is not a file"):
        config.load(tmp_path / "pipe")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_device_is_not_read_at_all() -> None:
    with pytest.raises(ConfigError, match="is not a file"):
        config.load(Path("/dev/zero"))


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        config.load(huge)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    raw = b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode()

    assert config.load(write(tmp_path, raw)) == FULL_SETTINGS


def test_other_encodings_are_named_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, b'# one\n[[connections]]\nname = "B\xfcro"\n')

    with pytest.raises(ConfigError, match=r"^config\.toml, line 3: the text is not UTF-8, but must be"):
        config.load(path)
    assert "line 1: the text is not UTF-8" in config.check(write(tmp_path, "page.port = 1".encode("utf-16")))[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[checks\n", "config.toml, line 1, column 8: this is not valid TOML: expected ']' at the end of a table"),
        ("a = 1\nb = \n", "config.toml, line 2, column 5: this is not valid TOML: invalid value"),
        ("a = [1,\n 2", "line 2 (the end of the file): this is not valid TOML: unclosed array"),
        (
            'a = 1\nb = "C:\\ibc\\x"\n',
            "line 2, column 10: this is not valid TOML: unescaped '\\' in a string; in a path",
        ),
        ("page.enabled = True\n", "true and false are written small"),
        ("page.port = 1\npage.port = 2\n", "cannot overwrite a value, as it stands there twice: leave out one of them"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("page.port = " + "9" * 5000, "this is not valid TOML"),
    ],
)
def test_invalid_toml_is_named_with_line_and_column(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("port = 70000", 'connections[1].port is 70000, but must be a number from 1 to 65535 or "auto"'),
        ("port = 0", "connections[1].port is 0, but must be a number from 1"),
        ("port = -1", "connections[1].port is -1, but"),
        ("port = true", "connections[1].port is true, but"),
        ("port = 4002.0", "connections[1].port is 4002.0, but"),
        ('port = "4002"', 'connections[1].port is "4002", but'),
        ('port = "Auto"', 'connections[1].port is "Auto", but'),
        ("port = 2026-11-22", "connections[1].port is the date or time 2026-11-22, but"),
        ("port = inf", "connections[1].port is inf, but"),
        ("client_id = 0", 'but must be a number from 1 to 2147483647 or "auto": client ID 0 would adopt manual orders'),
        ("client_id = 2147483648", "connections[1].client_id is 2147483648, but"),
        ('application = "TWS"', 'connections[1].application is "TWS", but must be "tws", "gateway" or "any"'),
        ("trading_mode = []", 'connections[1].trading_mode is an empty list, but must be "live", "paper" or "any"'),
        ('intent = "both"', 'but must be "trade" or "data"'),
        ("auto_connect = 1", "connections[1].auto_connect is 1, but must be true or false"),
        ('auto_connect = "yes"', 'connections[1].auto_connect is "yes", but must be true or false'),
        ('host = ""', 'connections[1].host is "", but must be a host name or an IP address'),
        ('host = "http://x"', "leave out the part up to ://"),
        ('host = "localhost:4002"', "leave out the port, which has a field of its own"),
        ('host = "300.1.1.1"', 'connections[1].host is "300.1.1.1", but'),
        ('host = "a b"', 'connections[1].host is "a b", but'),
        ('host = "-x"', 'connections[1].host is "-x", but'),
        ('host = "a..b"', 'connections[1].host is "a..b", but'),
        ("host = 127", "connections[1].host is 127, but"),
        ('start_command = "ibc.sh -x"', "connections[1].start_command is a text, but must be a list of texts"),
        ('start_command = ["a", 5]', "connections[1].start_command[2] is a number, but must be a text"),
        ('start_command = [" "]', "the first one is the program to start"),
        ('start_command = ["a\\u0000"]', "connections[1].start_command[1] is another text, but must be"),
    ],
)
def test_a_connection_that_cannot_be_is_refused_with_its_line(line: str, says: str) -> None:
    sentence = refusal(f'# remark\n[[connections]]\nname = "A"\n\n{line}\n')

    assert sentence.startswith("config.toml, line 5: connections[1].")
    assert says in sentence


@pytest.mark.parametrize(
    ("table", "line", "says"),
    [
        ("checks", 'look_every = "0.5s"', 'checks.look_every is "0.5s", but must be a duration from "1s"'),
        ("checks", "look_every = 5", "checks.look_every is 5, but must be a duration"),
        ("checks", 'look_every = "5"', 'checks.look_every is "5", but'),
        ("checks", 'look_every = "5 min"', 'checks.look_every is "5 min", but'),
        ("checks", 'look_every = "-5s"', 'checks.look_every is "-5s", but'),
        ("checks", 'look_every = "never"', 'checks.look_every is "never", but'),
        ("checks", 'look_every = "999999999d"', "checks.look_every is"),
        ("checks", 'heartbeat_every = "1s"', 'checks.heartbeat_every is "1s", but must be a duration from "2s"'),
        ("checks", 'reply_timeout = "0s"', 'checks.reply_timeout is "0s", but must be a duration from "1s"'),
        ("checks", 'test_symbols = "AAPL"', 'checks.test_symbols is "AAPL", but must be a list of symbols'),
        ("checks", 'test_symbols = ["AAPL", ""]', 'checks.test_symbols[2] is "", but must be a symbol'),
        ("notifications", 'repeat_after = "soon"', 'such as "30m" or "never"'),
        ("notifications", "repeat_after = false", "notifications.repeat_after is false, but"),
        ("notifications", 'minimum_severity = "warn"', 'but must be "info", "warning" or "error"'),
        ("notifications", 'quiet_hours = "22:00-07:00"', "but must be a list of times of the day"),
        ("notifications", 'quiet_hours = ["24:00-07:00"]', "notifications.quiet_hours[1] is"),
        ("notifications", 'quiet_hours = ["10:00-24:01"]', "notifications.quiet_hours[1] is"),
        ("notifications", 'quiet_hours = ["10:60-11:00"]', "notifications.quiet_hours[1] is"),
        ("notifications", 'quiet_hours = ["22-7"]', "but must be times of the day"),
        ("notifications", 'quiet_hours = ["07:00-07:00"]', "it ends when it begins"),
        ("notifications", "desktop = 0", "notifications.desktop is 0, but must be true or false"),
        ("page", "port = 65536", "page.port is 65536, but must be a number from 0 to 65535"),
        ("page", 'port = "auto"', 'page.port is "auto", but must be a number from 0 to 65535'),
        ("page", "port = false", "page.port is false, but"),
        ("page", "enabled = {}", "page.enabled is a table, but must be true or false"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_line(table: str, line: str, says: str) -> None:
    sentence = refusal(f"[{table}]\n{line}\n")

    assert sentence.startswith("config.toml, line 2: ")
    assert says in sentence


def test_a_token_in_a_bad_address_is_not_repeated() -> None:
    sentence = refusal('[notifications]\nremote = ["ntfy://ok",\n  "tgram:/s3cret/token"]\n')

    assert sentence.startswith("config.toml, line 3: notifications.remote[2] is a text without ://")
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[checks]\nlook_evry = '5s'", "line 2: checks.look_evry is not known (did you mean look_every?), but must be"),
        ("[checks]\nLOOK_EVERY = '5s'", "(did you mean look_every?)"),
        ("heartbeat_every = '5s'", "line 1: heartbeat_every is not known (did you mean checks.heartbeat_every?)"),
        ("[check]\n", "line 1: check is not known (did you mean checks?), but must be one of connections, checks"),
        ("[page]\nxyzzy = 1", "page.xyzzy is not known, but must be one of enabled, port"),
        ('[page]\n"a\\nb" = 1', r'page."a\nb" is not known'),
        ("[[connections]]\nname='A'\nimplicit = true", "connections[1].implicit is not known"),
        ("[[connections]]\nname='A'\n[[connections.x]]\n", "line 3: connections[1].x is not known"),
    ],
)
def test_an_unknown_key_comes_with_the_nearest_known_one(text: str, says: str) -> None:
    assert says in refusal(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("checks = 3", "line 1: checks is 3, but must be a table, headed [checks]"),
        ("[[checks]]", "checks is a list, but must be a table, headed [checks]"),
        ("\n[connections]\nname = 'A'", "line 2: connections is a table, but must be a list of tables, each headed [["),
        ("connections = ['A']", 'connections[1] is "A", but must be a table, headed [[connections]]'),
    ],
)
def test_a_table_of_the_wrong_shape_is_named(text: str, says: str) -> None:
    assert says in refusal(text)


@pytest.mark.parametrize("name", ['""', '"  "', '"a\\tb"', f'"{"x" * (LONGEST_CONNECTION_NAME + 1)}"', "7"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    assert f"connections[1].name is {name[:6]}" in refusal(f"[[connections]]\nname = {name}\n")


def test_a_connection_needs_a_name() -> None:
    sentence = refusal('[[connections]]\nname = "A"\n[[connections]]\nport = 1\n')

    assert sentence.startswith("config.toml, line 3: connections[2].name is missing, but must be")


def test_two_connections_cannot_have_one_name() -> None:
    sentence = refusal('[[connections]]\nname = "Paper"\n\n[[connections]]\nport = 1\nname = " paper "\n')

    assert sentence == 'config.toml, line 6: connections[2].name is " paper ", but must differ from the one in line 2'


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "::1", "[fe80::1]", "ib_gateway", "tws.example.org", "büro.example", "host.x."]
)
def test_hosts_as_people_write_them_are_accepted(host: str) -> None:
    (connection,) = config.parse_settings(f'[[connections]]\nname = "A"\nhost = "{host}"', "config.toml").connections

    assert connection.host == host.strip("[]")


def test_a_check_lists_every_error_in_the_order_of_the_lines(tmp_path: Path) -> None:
    path = write(tmp_path, b"[page]\nport = -1\nx = 1\n[checks]\nlook_every = 5\n[[connections]]\nclient_id = 0\n")

    places = [sentence.split(": ")[0] + " " + sentence.split()[3] for sentence in config.check(path)]

    assert places == [
        "config.toml, line 2 page.port",
        "config.toml, line 3 page.x",
        "config.toml, line 5 checks.look_every",
        "config.toml, line 6 connections[1].name",
        "config.toml, line 7 connections[1].client_id",
    ]


def test_a_check_of_a_good_file_is_silent_and_of_a_broken_one_says_it_once(tmp_path: Path) -> None:
    assert config.check(write(tmp_path, FULL.encode())) == []
    assert len(config.check(write(tmp_path, b"="))) == 1
    assert len(config.check(tmp_path / "none.toml")) == 1


def test_what_is_shown_can_be_loaded_again() -> None:
    plain = dataclasses.replace(FULL_SETTINGS.notifications, remote=())
    settings = dataclasses.replace(FULL_SETTINGS, notifications=plain)

    assert config.parse_settings(showing.show(settings), "shown") == settings
    assert config.parse_settings(showing.show(Settings()), "shown") == Settings()


def test_connections_that_no_file_names_are_not_shown() -> None:
    shown = showing.show(Settings(connections=(ConnectionSettings("Found", implicit=True), ConnectionSettings("Mine"))))

    assert "Found" not in shown
    assert "Mine" in shown


NAMES = (
    st.text(min_size=1, max_size=LONGEST_CONNECTION_NAME)
    .map(str.strip)
    .filter(lambda text: text and text.isprintable())
)
ARGUMENTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
DURATIONS = st.one_of(st.integers(2, 600).map(float), st.integers(20, 6000).map(lambda tenths: tenths / 10))


@given(
    name=NAMES,
    arguments=st.lists(ARGUMENTS, max_size=4).map(tuple).filter(lambda all: not all or all[0].strip()),
    seconds=DURATIONS,
    port=st.integers(0, 65535),
)
def test_any_settings_survive_being_shown(name: str, arguments: tuple[str, ...], seconds: float, port: int) -> None:
    settings = Settings(
        connections=(ConnectionSettings(name, start_command=arguments, port=port or "auto"),),
        checks=CheckSettings(look_every=seconds, heartbeat_every=seconds),
        notifications=NotificationSettings(repeat_after=seconds),
        page=PageSettings(port=port),
    )

    assert config.parse_settings(showing.show(settings), "shown") == settings


@given(st.one_of(st.text(), st.text("[]=.\"'\n #connetis1", max_size=30)))
def test_no_text_makes_anything_but_settings_or_one_sentence(text: str) -> None:
    try:
        config.parse_settings(text, "config.toml")
        sentence = "config.toml"
    except ConfigError as error:
        sentence = str(error)

    assert sentence.startswith("config.toml")
    assert "\n" not in sentence


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_as_a_toml_string(text: str) -> None:
    assert tomllib.loads(f"a = {toml_text(text)}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "seconds"), [("5s", 5.0), ("1.5s", 1.5), ("30m", 1800.0), ("2h", 7200.0), ("1d", 86400.0), (" 5 s ", 5.0)]
)
def test_durations_are_understood(text: str, seconds: float) -> None:
    assert config_text.parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "5x", "5S", "-5s", "1h30m", "1e3s", "٥s ", "5s5s", "never"])
def test_other_durations_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as"):
        config_text.parse_duration(text)


def test_durations_are_written_in_their_largest_whole_unit() -> None:
    assert [config_text.duration_text(s) for s in (5.0, 90.0, 1800.0, 7200.0, 86400.0, 1.5, 0.0)] == [
        "5s",
        "90s",
        "30m",
        "2h",
        "1d",
        "1.5s",
        "0s",
    ]


def test_a_long_value_is_repeated_in_part() -> None:
    assert len(found_words("x" * 500)) < 80
    assert len(found_words(10**4000)) < 80
    assert len(found_words(1 << 100_000)) < 80


def test_the_table_is_markdown_with_four_columns_and_the_defaults() -> None:
    rows = showing.table().splitlines()

    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
    assert any(row.startswith('| `checks.look_every` | `"5s"` |') for row in rows)
    assert any(row.startswith('| `notifications.repeat_after` | `"30m"` |') for row in rows)
    assert any(row.startswith("| `connections[n].name` | must be given |") for row in rows)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.20", "::ffff:192.0.2.1"])
def test_metrics_are_open_to_others_with_a_token_alone(address: str) -> None:
    open_to_others = f'[metrics]\nport = 9464\naddress = "{address}"\n'
    allowed = 'must be loopback, such as "127.0.0.1", while metrics.token is empty'

    with pytest.raises(ConfigError, match=rf'^c.toml, line 3: metrics.address is "{address}", but {allowed}$'):
        parse_settings(open_to_others, "c.toml")
    assert parse_settings(f'{open_to_others}token = "0123456789abcdef"\n', "c.toml").metrics.address


@pytest.mark.parametrize("token", ["short", "with a space in it, and long", "line\nbreak0123456789", "x" * 201])
def test_a_token_that_can_be_guessed_or_is_none_is_refused_unseen(token: str) -> None:
    with pytest.raises(
        ConfigError, match=r"metrics\.token is another text, but must be empty, or a text of 16"
    ) as refused:
        parse_settings(f"[metrics]\ntoken = {json.dumps(token)}\n", "c.toml")
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('name = "a"', "hooks[1].command is missing, but must be a list of texts, the program first"),
        ('name = "a"\ncommand = []', "hooks[1].command is an empty list, but must be a list of texts"),
        ('name = "a"\ncommand = ["x"]\non = []', "hooks[1].on is an empty list, but must be a list of codes"),
        (
            'name = "a"\ncommand = ["x"]\non = ["frozen"]',
            'hooks[1].on[1] is "frozen", but must be the code of a problem',
        ),
        (
            'name = "a"\ncommand = ["x"]\nlimit = "2h"',
            'hooks[1].limit is "2h", but must be a duration from "1s" to "1h"',
        ),
        ('name = "a"\ncommand = "x y"', "hooks[1].command is a text, but must be a list of texts, the program first"),
        (
            'name = "a"\ncommand = ["x"]\n[[hooks]]\nname = "A"\ncommand = ["y"]',
            'hooks[2].name is "A", but must differ',
        ),
    ],
)
def test_a_hook_that_would_not_do_what_is_meant_is_an_error(lines: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(expected)):
        parse_settings(f"[[hooks]]\n{lines}\n", "c.toml")


@pytest.mark.parametrize(
    "url",
    [
        "hc-ping.com/x",
        "ftp://hc-ping.com/x",
        "https://",
        "https://user:pw@h/x",
        "https://h:0/x",
        "https://h/a b",
        "https://h/#x",
    ],
)
def test_what_is_no_address_to_ping_is_refused_unseen(url: str) -> None:
    with pytest.raises(ConfigError, match=r"ping\.url is another text, but must be empty, or an http or https address"):
        parse_settings(f"[ping]\nurl = {json.dumps(url)}\n", "c.toml")


@pytest.mark.parametrize(
    ("lines", "line", "expected"),
    [
        ('name = "a"', 1, "notifications.targets[1].url is missing, but must be an Apprise URL"),
        ('url = "ntfy://x"', 1, "notifications.targets[1].name is missing, but must be a text of 1 to 40"),
        ('name = "a"\nurl = "hunter2"', 3, "notifications.targets[1].url is a text without ://, but must be"),
        ('name = "a"\nurl = "keyring:"', 3, "notifications.targets[1].url is another text, but must be an Apprise URL"),
        ('name = "a"\nurl = "keyring:ntfys://hunter2"', 3, "notifications.targets[1].url is another text, but must"),
        (
            'name = "a"\nurl = "ntfy://x"\nafter = "2d"',
            4,
            'notifications.targets[1].after is "2d", but must be a duration from "0s" to "1d", such as "15m"',
        ),
        ('name = "a"\nurl = "ntfy://x"\nquiet = []', 4, "notifications.targets[1].quiet is not known (did you mean"),
        (
            'name = "a"\nurl = "ntfy://x"\n[[notifications.targets]]\nname = "A"\nurl = "ntfy://y"',
            5,
            'notifications.targets[2].name is "A", but must differ from the one in line 2',
        ),
    ],
)
def test_a_target_that_could_not_be_told_is_an_error(lines: str, line: int, expected: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"c.toml, line {line}: {expected}")) as refused:
        parse_settings(f"[[notifications.targets]]\n{lines}\n", "c.toml")
    assert "hunter2" not in str(refused.value)


def test_a_table_that_is_no_list_of_targets_is_an_error() -> None:
    expected = "c.toml, line 2: notifications.targets is true, but must be a list of tables, each headed"
    with pytest.raises(ConfigError, match=re.escape(expected)):
        parse_settings("[notifications]\ntargets = true\n", "c.toml")


def test_a_name_in_the_key_store_is_no_secret_and_an_address_is() -> None:
    stored = '[[notifications.targets]]\nname = "a"\nurl = "keyring:phone"\n'
    settings = parse_settings(f'{stored}[[notifications.targets]]\nname = "b"\nurl = "ntfy://hunter2"\n', "c.toml")
    shown = showing.show(settings)

    assert settings.secrets == ("ntfy://hunter2",)
    assert 'url = "keyring:phone"' in shown
    assert 'url = "ntfy://•••"' in shown
    assert parse_settings(stored, "c.toml").secrets == ()


@pytest.mark.parametrize(
    ("name", "why"), [("x" * 41, "it has 41 characters"), ("a\u200db", "it has a character that cannot be seen")]
)
def test_a_name_that_is_refused_is_told_why(name: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"that no other connection has: {why}"):
        parse_settings(f'[[connections]]\nname = "{name}"\n', "config.toml")
