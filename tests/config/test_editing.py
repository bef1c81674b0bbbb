"""Changing one value of the configuration file."""

import stat
import sys
import threading
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tomlkit

from agent.config.editing import add_entry, change_all, set_value
from agent.config.keys import is_guarded
from agent.config.keys_notices import TARGETS
from agent.config.reading import load
from agent.core.settings import CheckSettings, ConnectionSettings, QuietHours, Settings, TargetSettings
from agent.errors import ConfigError

REMARKED = """\
# My configuration
[checks]
# often enough
look_every   =   "5s"  # quick

# the page
[page]
port = 0

# first
[[connections]]
name = "A"
port = 4001 # live

[[connections]]
name = "IB v10.45"

# where to tell
[notifications]
desktop = true
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "config.toml"
    found.write_text(REMARKED, encoding="utf-8")
    return found


def test_only_the_value_changes_and_every_remark_stays(path: Path) -> None:
    set_value(path, "checks.look_every", "10s")

    assert path.read_text(encoding="utf-8") == REMARKED.replace('"5s"', '"10s"')


def test_a_new_key_goes_below_the_last_one_of_its_table(path: Path) -> None:
    set_value(path, "checks.heartbeat_every", "20s")

    assert '"5s"  # quick\nheartbeat_every = "20s"\n\n# the page' in path.read_text(encoding="utf-8")


def test_a_new_key_of_a_connection_goes_into_that_connection(path: Path) -> None:
    set_value(path, "connections.IB v10.45.port", "auto")
    set_value(path, "connections.a.client_id", "5")

    text = path.read_text(encoding="utf-8")
    assert 'name = "IB v10.45"\nport = "auto"\n\n# where to tell' in text
    assert "port = 4001 # live\nclient_id = 5\n\n[[connections]]" in text


@pytest.mark.parametrize(
    "key", ["connections.A.port", "connections.'A'.port", 'connections."a".port', "connections.1.port"]
)
def test_a_connection_is_addressed_by_name_or_number(path: Path, key: str) -> None:
    set_value(path, key, "4002")

    assert load(path).connections[0].port == 4002
    assert "port = 4002 # live" in path.read_text(encoding="utf-8")


def test_a_name_with_dots_needs_no_quotes_but_may_have_them(path: Path) -> None:
    set_value(path, "connections.IB v10.45.port", "1")
    set_value(path, 'connections."IB v10.45".host', "::1")
    set_value(path, "connections[2].intent", "data")

    found = load(path).connections[1]
    assert (found.port, found.host, found.intent) == (1, "::1", "data")


def test_a_connection_called_by_a_number_is_found_by_its_name(path: Path) -> None:
    set_value(path, "connections.1.name", "2")
    set_value(path, "connections.2.port", "7")
    set_value(path, "connections[2].port", "8")

    assert [connection.port for connection in load(path).connections] == [7, 8]


def test_file_and_folder_are_made_when_missing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "config.toml"

    set_value(path, "connections.Paper Gateway.port", "4002")
    set_value(path, "checks.look_every", "10s")

    assert load(path) == Settings(
        connections=(ConnectionSettings("Paper Gateway", port=4002),), checks=CheckSettings(look_every=10.0)
    )
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_another_connection_begins_with_its_name(path: Path) -> None:
    with pytest.raises(ConfigError, match=r'There is no connection "B", known are: "A", "IB v10.45"; a new one begins'):
        set_value(path, "connections.B.port", "1")
    with pytest.raises(ConfigError, match=r'name: `gatelight config set "connections\.My bot\.name" "My bot"`'):
        set_value(path, "connections.My bot.port", "1")

    set_value(path, "connections.B.name", "B")
    set_value(path, "connections.B.port", "1")

    assert [connection.name for connection in load(path).connections] == ["A", "IB v10.45", "B"]
    assert "\n\n# where to tell\n[notifications]\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("key", "text", "toml"),
    [
        ("connections.A.start_command", "/opt/ibc/start it.sh", 'start_command = ["/opt/ibc/start it.sh"]'),
        ("connections.A.start_command", '["a", "b c"]', 'start_command = ["a", "b c"]'),
        ("connections.A.start_command", "", "start_command = []"),
        ("connections.A.name", "4002", 'name = "4002"'),
        ("connections.A.name", '"Quoted"', 'name = "Quoted"'),
        ("connections.A.port", "auto", 'port = "auto" # live'),
        ("checks.test_symbols", "EUR.USD", 'test_symbols = ["EUR.USD"]'),
        ("notifications.desktop", "false", "desktop = false"),
        ("notifications.repeat_after", "never", 'repeat_after = "never"'),
        ("notifications.quiet_hours", "22:00-07:00", 'quiet_hours = ["22:00-07:00"]'),
    ],
)
def test_values_are_written_as_people_type_them(path: Path, key: str, text: str, toml: str) -> None:
    set_value(path, key, text)

    assert f"\n{toml}" in path.read_text(encoding="utf-8")
    load(path)


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("connections.A.port", "70000", "connections.A.port is 70000, but must be a number from 1 to 65535"),
        ("connections.A.client_id", "0", "client ID 0 would adopt manual orders"),
        ("connections.A.name", "ib V10.45", "but must differ from the one in line"),
        ("connections.A.name", "", "connections.A.name is"),
        ("checks.look_every", "5", "checks.look_every is 5, but must be a duration"),
        ("notifications.desktop", "on", 'notifications.desktop is "on", but must be true or false'),
        ("notifications.quiet_hours", '["22:00-07:00", "x"]', 'notifications.quiet_hours[2] is "x", but must be'),
        ("page.port", "0\nenabled = false", "page.port is"),
        ("page.prt", "1", "prt is not a key of page: it must be one of enabled, port"),
        ("page", "1", "is not a key of the configuration"),
        ("nothing.port", "1", "is not a key of the configuration: write for example checks.look_every"),
        ("page.x.port", "1", "write for example page.port"),
        ("connections.port", "1", "write for example connections.Paper Gateway.port"),
        ("connections.7.port", "1", 'There is no connection "7"'),
        ("connections[0].port", "1", 'There is no connection "0"'),
    ],
)
def test_what_cannot_be_used_is_refused_and_changes_nothing(path: Path, key: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        set_value(path, key, text)

    assert says in str(refused.value)
    assert path.read_text(encoding="utf-8") == REMARKED


def test_a_file_that_is_broken_already_is_left_alone(path: Path) -> None:
    path.write_text("[page\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"^config\.toml, line 1, column 6: this is not valid TOML"):
        set_value(path, "page.port", "1")
    assert path.read_text(encoding="utf-8") == "[page\n"


def test_the_one_wrong_value_of_a_file_can_be_put_right(path: Path) -> None:
    path.write_text("[page]\nport = 70000 # oops\n", encoding="utf-8")

    set_value(path, "page.port", "7000")

    assert path.read_text(encoding="utf-8") == "[page]\nport = 7000 # oops\n"


@pytest.mark.parametrize(
    "layout",
    [
        'connections = [{ name = "A", port = 1 }, {name = "B"}]\n',
        'connections = [\n  { name = "A" }, # first\n  { name = "B" },\n]\n',
        'checks.look_every = "3s"\n[[connections]]\nname = "A"\n[page]\n[[connections]]\nname = "B"\n',
        '"connections" = [{ "name" = "A" }, { name = "B" }]\n[ "page" ]\n',
        '[[connections]]\nname = "A"\n\n\n[[connections]]\nname = "B"',
        'page = { port = 1 }\n[[connections]]\nname = "A"\n[[connections]]\nname = "B" # end',
        'page.port = 1\r\n[[connections]]\r\nname = "A"\r\n[[connections]]\r\nname = "B"\r\n',
    ],
)
def test_every_layout_can_be_changed_without_touching_the_rest(path: Path, layout: str) -> None:
    for key, text, where, value in [
        ("connections.B.port", "4002", ("connections", 1, "port"), 4002),
        ("connections.A.client_id", "9", ("connections", 0, "client_id"), 9),
        ("page.enabled", "false", ("page", "enabled"), False),
        ("checks.reply_timeout", "2s", ("checks", "reply_timeout"), "2s"),
        ("notifications.remote", "ntfy://x", ("notifications", "remote"), ["ntfy://x"]),
        ("connections.C.name", "C", ("connections", 2, "name"), "C"),
    ]:
        path.write_bytes(layout.encode())
        wanted: Any = tomllib.loads(layout)

        set_value(path, key, text)

        inner = wanted.setdefault(where[0], {})
        if where == ("connections", 2, "name"):
            inner.append({})
        for step in where[1:-1]:
            inner = inner[step]
        inner[where[-1]] = value
        assert tomllib.loads(path.read_bytes().decode()) == wanted
        assert all(comment in path.read_text(encoding="utf-8") for comment in ("# first", "# end") if comment in layout)


def test_a_change_that_would_damage_something_else_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = tomlkit.dumps
    monkeypatch.setattr(tomlkit, "dumps", lambda document: dumps(document).replace("4001", "4009"))

    with pytest.raises(ConfigError, match=r"line 4: the file is laid out .* write look_every = \"9s\" there by hand"):
        set_value(path, "checks.look_every", "9s")
    assert path.read_text(encoding="utf-8") == REMARKED


def test_common_layouts_can_be_changed(path: Path) -> None:
    for layout in ('connections = [{ name = "A", port = 1 }]\n', "connections = []\n", "[page]\nport = 1", ""):
        path.write_text(layout, encoding="utf-8")
        set_value(path, "connections.A.port", "4002")
        set_value(path, "notifications.quiet_hours", "01:00-02:00")

        settings = load(path)
        assert settings.connections == (ConnectionSettings("A", port=4002),)
        assert settings.notifications.quiet_hours == (QuietHours(60, 120),)


def test_windows_line_ends_and_byte_order_mark_stay(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf# top\r\n[page]\r\nport = 1\r\n\r\n[checks]\r\nlook_every = "5s"\r\n')

    set_value(path, "page.enabled", "false")

    assert path.read_bytes() == (
        b'\xef\xbb\xbf# top\r\n[page]\r\nport = 1\r\nenabled = false\r\n\r\n[checks]\r\nlook_every = "5s"\r\n'
    )


@pytest.mark.skipif(sys.platform == "win32", reason="permissions as POSIX has them")
def test_permissions_and_symbolic_links_stay(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)

    set_value(link, "page.port", "5")

    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert load(path).page.port == 5


def test_a_device_is_never_replaced_by_a_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the path were /dev/null, which a test had better not try.
    monkeypatch.setattr("agent.config.editing.stat", SimpleNamespace(S_ISREG=lambda mode: False))
    before = path.read_text()

    with pytest.raises(ConfigError, match="is not a file that can be changed"):
        set_value(path, "page.port", "5")

    assert path.read_text() == before


def test_a_read_only_file_is_left_alone(path: Path) -> None:
    path.chmod(0o444)

    with pytest.raises(ConfigError, match="is read-only, so nothing was changed"):
        set_value(path, "page.port", "5")
    assert path.read_text(encoding="utf-8") == REMARKED
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_one_sentence(path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        set_value(path / "config.toml", "page.port", "5")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        set_value(Path("/proc/self/config.toml"), "page.port", "5")


def test_setting_what_is_already_so_does_not_touch_the_file(path: Path) -> None:
    before = path.stat()

    set_value(path, "checks.look_every", "5s")

    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


def test_a_reader_never_meets_half_a_file(path: Path) -> None:
    broken: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                load(path)
            except ConfigError as error:
                broken.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for port in range(1, 60):
            set_value(path, "page.port", str(port))
    finally:
        done.set()
        reader.join()

    assert broken == []
    assert load(path).page.port == 59


# ── several at once ─────────────────────────────────────────────────────────────────────────────


def test_several_changes_are_made_together(path: Path) -> None:
    change_all(path, (("connections.A.port", "4002"), ("connections.A.application", "gateway")))

    text = path.read_text(encoding="utf-8")
    assert "port = 4002 # live" in text
    assert (load(path).connections[0].port, load(path).connections[0].application.value) == (4002, "gateway")


@pytest.mark.parametrize(
    "second", [("connections.A.application", "bloomberg"), ("connections.C.port", "1"), ("connections.A.nonsense", "1")]
)
def test_of_several_changes_all_are_made_or_none(path: Path, second: tuple[str, str]) -> None:
    with pytest.raises(ConfigError):
        change_all(path, (("connections.A.port", "4002"), second))

    assert path.read_text(encoding="utf-8") == REMARKED


def test_only_the_whole_must_be_usable_not_each_step(path: Path) -> None:
    change_all(path, (("connections.1.name", "IB v10.45"), ("connections.2.name", "A")))

    assert [c.name for c in load(path).connections] == ["IB v10.45", "A"]


def test_nothing_is_made_that_was_not_to_be_made(path: Path) -> None:
    with pytest.raises(ConfigError, match="not there any more"):
        change_all(path.with_name("gone.toml"), (("connections.A.port", "1"),), making=False)
    assert not path.with_name("gone.toml").exists()

    path.write_text("[page]\nport = 0\n")
    with pytest.raises(ConfigError, match='holds no connection "A" any more'):
        change_all(path, (("connections.A.port", "1"),), making=False)
    assert path.read_text() == "[page]\nport = 0\n"


def test_a_hook_is_changed_by_its_name_and_its_program_is_guarded(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('# mine\n[[hooks]]\nname = "my bot"\ncommand = ["/x"]  # restarts it\n')

    set_value(path, "hooks.my bot.limit", "10s")
    set_value(path, "hooks[1].on", "app-frozen")

    assert path.read_text().startswith('# mine\n[[hooks]]\nname = "my bot"\ncommand = ["/x"]  # restarts it\n')
    assert (load(path).hooks[0].limit, load(path).hooks[0].on) == (10.0, ("app-frozen",))
    assert is_guarded("hooks.my bot.command")
    assert not is_guarded("hooks.my bot.limit")
    with pytest.raises(
        ConfigError, match=r'There is no hook "other", known are: "my bot"; a new one begins with its command'
    ):
        set_value(path, "hooks.other.limit", "10s")


LAYOUTS = {
    "no file": "",
    "no table": "[page]\nport = 0\n",
    "a table": "# mine\n[notifications]\ndesktop = true  # yes\n\n# the page\n[page]\nport = 0\n",
    "dotted keys": "notifications.desktop = true\n",
    "an empty list": "[notifications]\ntargets = []\n",
    "entries apart": '[notifications]\n[page]\nport = 0\n[[notifications.targets]]\nname = "A"\nurl = "ntfy://a"\n',
    "a list of tables": '[notifications]\ntargets = [{name = "A", url = "ntfy://a"}]\n',
}


@pytest.mark.parametrize("before", LAYOUTS.values(), ids=LAYOUTS)
def test_an_entry_within_another_table_is_added_and_changed(before: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    add_entry(path, TARGETS, {"name": "My phone", "url": "ntfy://topic"})
    set_value(path, "notifications.targets.my phone.after", "15m")
    shown = set_value(path, "notifications.targets.Mail.url", "mailto://me:secret@example.com")
    set_value(path, "notifications.targets.Mail.quiet_hours", "22:00-07:00")
    set_value(path, "notifications.repeat_after", "never")
    targets = load(path).notifications.targets

    assert [t for t in targets if t.name != "A"] == [
        TargetSettings("My phone", "ntfy://topic", after=900.0),
        TargetSettings("Mail", "mailto://me:secret@example.com", quiet_hours=(QuietHours(1320, 420),)),
    ]
    assert (shown.before, shown.after) == (None, '"mailto://•••"')
    assert all(line in path.read_text() for line in before.splitlines() if line.startswith("#"))


def test_a_new_entry_begins_with_what_it_cannot_be_without(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    set_value(path, "notifications.targets.Phone.url", "keyring:phone")
    with pytest.raises(
        ConfigError, match=r"a new one begins with its url: `gatelight config set notifications\.targets"
    ):
        set_value(path, "notifications.targets.Mail.after", "15m")
    with pytest.raises(ConfigError, match=r"write for example notifications\.targets\.NAME\.url"):
        set_value(path, "notifications.targets.url", "ntfy://x")

    assert load(path).notifications.targets == (TargetSettings("Phone", "keyring:phone"),)
