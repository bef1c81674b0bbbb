"""What is promised of every key: settings, declaration and the README agree, and a default is one of its values."""

import tomllib
from dataclasses import MISSING, fields

import pytest

from agent.config.keys import TABLES, Key, KeyTable
from agent.config.kinds import ValueRefused, flag
from agent.config.showing import table as table_of_readme
from agent.core.settings import PageSettings, Settings

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


def test_a_key_that_is_no_field_of_the_settings_is_refused_with_its_place() -> None:
    with pytest.raises(TypeError, match=r"agent/core/settings\.py: give PageSettings a field colour"):
        KeyTable("page", PageSettings, (Key("colour", flag(), "whether it has any"),))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_field_of_the_settings_is_a_key(table: KeyTable) -> None:
    without = fields_of(table.settings) - {key.name for key in table.keys}

    assert not without, (
        f"agent/config/keys.py: declare a Key for {sorted(without)} in [{table.name}] "
        f"(what no file holds is named in NOT_OF_THE_FILE, tests/config/test_keys.py)"
    )


def test_a_part_of_the_settings_is_a_table() -> None:
    assert fields_of(Settings) == set(TABLES), "agent/config/keys.py: TABLES and the fields of Settings differ"


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
def test_its_meaning_is_a_phrase_for_the_readme(table: KeyTable, key: Key) -> None:
    assert key.meaning, f"agent/config/keys.py: say what {table.name}.{key.name} means"
    assert not key.meaning.endswith("."), f"agent/config/keys.py: {table.name}.{key.name} means a phrase, no full stop"
    assert f".{key.name}`" in table_of_readme()
