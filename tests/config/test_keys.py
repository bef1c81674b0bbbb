"""What is promised of every key: settings, declaration and its words agree, and a default is one of its values."""

import tomllib
from dataclasses import MISSING, fields, replace

import pytest

from agent.config.key import Key, KeyTable
from agent.config.keys import TABLES, for_others, inner_tables
from agent.config.kinds import QUIET_TIMES, ValueRefused, flag
from agent.config.showing import table as table_of_keys
from agent.config.text import duration_text
from agent.core.settings import ConnectionSettings, NotificationSettings, PageSettings, Settings

NOT_OF_THE_FILE = {
    "ConnectionSettings.implicit",
    "ConnectionSettings.pinned_pid",
    "ConnectionSettings.here",
    "Settings.secrets",
}
"""Fields of the settings that no file holds."""
KEYS = [(table, key) for table in TABLES.values() for key in table.keys]
EVERY = pytest.mark.parametrize(("table", "key"), KEYS, ids=lambda one: one.name)


def fields_of(settings: type) -> set[str]:
    return {one.name for one in fields(settings) if f"{settings.__name__}.{one.name}" not in NOT_OF_THE_FILE}


def test_for_others_there_is_neither_a_secret_nor_a_command() -> None:
    remote = ("ntfys://me:pw@push.example.com/topic", "justatoken")
    started = ConnectionSettings(name="Paper", start_command=("/home/me/start.sh", "--pw", "hunter2"), port=4002)
    settings = Settings(
        (started, ConnectionSettings("Live")), notifications=NotificationSettings(remote=remote), secrets=remote
    )
    shown = for_others(settings)

    assert shown.notifications.remote == ("ntfys://•••", "•••")
    assert shown.connections == (replace(started, start_command=("•••",) * 3), settings.connections[1])
    assert shown.secrets == ()
    assert for_others(Settings()) == Settings()
    hidden = {f"{table.name}.{key.name}" for table, key in KEYS if key.secret or key.guarded}
    assert {"connections.start_command", "notifications.remote"} <= hidden


def test_a_key_that_is_no_field_of_the_settings_is_refused_with_its_place() -> None:
    with pytest.raises(TypeError, match=r"agent/core/settings\.py: give PageSettings a field colour"):
        KeyTable("page", "Page", PageSettings, (Key("colour", flag(), "whether it has any", "Colour", "Any."),))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_field_of_the_settings_is_a_key(table: KeyTable) -> None:
    without = fields_of(table.settings) - {key.name for key in table.keys} - set(inner_tables(table))

    assert not without, (
        f"agent/config/keys.py: declare a Key for {sorted(without)} in [{table.name}] "
        f"(what no file holds is named in NOT_OF_THE_FILE, tests/config/test_keys.py)"
    )


def test_a_part_of_the_settings_is_a_table() -> None:
    outer = {table.name for table in TABLES.values() if len(table.path) == 1}
    assert fields_of(Settings) == outer, "agent/config/keys.py: TABLES and the fields of Settings differ"


@EVERY
def test_the_default_is_a_value_of_its_key(table: KeyTable, key: Key) -> None:
    default = table.default(key.name)
    if default is MISSING:
        return
    where = f"agent/core/settings.py: the default of {table.settings.__name__}.{key.name}, {default!r},"
    try:
        again = key.kind.read(tomllib.loads(f"value = {key.kind.write(default)}")["value"])
    except ValueRefused:
        pytest.fail(f"{where} is refused by its own key: it must be {key.kind.allowed}")
    except (ValueError, TypeError, AttributeError) as fault:
        pytest.fail(f"{where} cannot be written by its own key ({fault}): the field and the kind of the key disagree")
    assert again == default, f"{where} is {again!r} once it is written and read again"


@EVERY
def test_its_meaning_is_a_phrase_for_the_table(table: KeyTable, key: Key) -> None:
    assert key.meaning, f"agent/config/keys.py: say what {table.name}.{key.name} means"
    assert not key.meaning.endswith("."), f"agent/config/keys.py: {table.name}.{key.name} means a phrase, no full stop"
    assert f".{key.name}`" in table_of_keys()


@EVERY
def test_the_page_has_a_users_words_for_it(table: KeyTable, key: Key) -> None:
    where = f"agent/config/keys.py: {table.name}.{key.name}"
    texts = (key.label, key.help, *key.words)

    assert key.label[:1].isupper(), f"{where} needs a label"
    assert key.help.endswith("."), f"{where} needs a help in whole sentences"
    for word in ("'", '"', "_", "TOML", "[", "auto:"):
        assert not any(word in text for text in texts), f"{where} has {word} in a sentence for users"
    if key.kind.choices and key.kind.choices != flag().choices:
        assert len(key.words) == len(key.kind.choices), f"{where} needs words for {key.kind.choices}"


@EVERY
def test_what_the_page_offers_is_allowed(table: KeyTable, key: Key) -> None:
    for text in key.durations:
        key.kind.read(text)
    if key.example:
        lines = key.example.split("\n")
        key.kind.read(lines if key.kind.entry else int(lines[0]) if lines[0].isdecimal() else lines[0])
    if key.empty:
        key.kind.read(int(key.empty) if key.empty.isdecimal() else key.empty)
    if key.durations:
        assert duration_text(table.default(key.name)) in key.durations
    free = not key.kind.choices and not key.durations and key.kind is not QUIET_TIMES
    assert bool(key.example) == free, f"agent/config/keys.py: {table.name}.{key.name} is typed, so it needs an example"
