"""What is promised of every channel: file, list and keys agree, and what is secret about it is shown nowhere."""

import asyncio
import inspect
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module, resources
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from agent.app.agent_host import AgentHost
from agent.app.channels import CHANNELS, Channels, notices_on
from agent.app.world import first_state
from agent.channels import Channel, ChannelHost, ChannelKind, Place
from agent.config import editing, showing
from agent.config import reading as config
from agent.config.keys import NOTIFICATIONS, TABLES, Key, KeyTable, ValueRefused, is_guarded
from agent.config.text import toml_text
from agent.core.clock import Moment
from agent.core.events import Reconfigured
from agent.core.settings import NotificationSettings, Settings
from agent.core.state_machine.intake import take_in
from agent.errors import ConfigError
from agent.page import backend
from agent.page.endpoints import settings as configuring
from agent.runtime.logs import private_here, set_up_logs
from agent.runtime.paths import find_places
from agent.tws.outside import json_bytes
from tests.app.test_agent_host import Terminal
from tests.page.made_up_backend import MadeUpBackend

SHARED_MODULES = {"__init__", "remote_sender", "texts"}
"""Modules of `agent.channels` that are not a channel themselves."""
ALWAYS_ON = {"listener", "log"}
"""Channels that leave nothing to switch on or off: the program's own."""

HOST = ChannelHost(balloon=lambda *_: True, on_notice=lambda _: None)
"""Has all that a channel may need."""
FILES = sorted(
    {f.name.removesuffix(".py") for f in resources.files("agent.channels").iterdir() if f.name.endswith(".py")}
    - SHARED_MODULES
)
TOKEN = "T0K3N"
VALUES: tuple[Any, ...] = (
    [f"https://{TOKEN}.example/{TOKEN}?{TOKEN}"],
    f"https://{TOKEN}.example/{TOKEN}?{TOKEN}",
    [f"first {TOKEN}"],
    f"first {TOKEN}",
    [TOKEN],
    TOKEN,
)
"""A secret key is tried with the first of these that it takes, and with the others for what it refuses."""
REFUSED = (*VALUES, *([value] for value in VALUES), {"x": TOKEN}, [{"x": TOKEN}])
SECRET = [(table, key) for table in TABLES.values() for key in table.keys if key.secret]
EVERY_SECRET = pytest.mark.parametrize(("table", "key"), SECRET, ids=lambda one: one.name)


def kind_of(file: str) -> ChannelKind:
    kind = getattr(import_module(f"agent.channels.{file}"), "CHANNEL", None)
    assert isinstance(kind, ChannelKind), (
        f"agent/channels/{file}.py declares no `CHANNEL = ChannelKind(…)` (what several channels share is named in "
        "SHARED_MODULES)"
    )
    return kind


def chosen(kind: ChannelKind, on: bool) -> NotificationSettings:
    """Settings in which all its keys are on, or off."""
    keys = [key for name in kind.keys if (key := NOTIFICATIONS.key(name)) is not None]
    return NotificationSettings(**{key.name: value_of(key) if on else type(value_of(key))() for key in keys})


def value_of(key: Key) -> Any:
    """A value as the settings hold it, of a key that switches something on or holds an address."""
    return True if key.kind.choices == ("true", "false") else key.kind.read(taken_by(key))


def taken_by(key: Key) -> Any:
    """A value of `VALUES`, as TOML holds it."""
    for value in VALUES:
        with suppress(ValueRefused):
            key.kind.read(value)
            return value
    pytest.fail(f"the key {key.name} takes none of VALUES: add one that it takes, with {TOKEN} in it")


def written(value: Any) -> str:
    match value:
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{name} = {written(one)}" for name, one in value.items()) + "}"
        case _:
            return toml_text(value)


def in_file(table: KeyTable, key: Key, value: Any) -> str:
    if table.repeated:
        return f'[[{table.name}]]\nname = "Paper"\n{key.name} = {written(value)}\n'
    return f"[{table.name}]\n{key.name} = {written(value)}\n"


def address_of(table: KeyTable, key: Key) -> str:
    return f"{table.name}.Paper.{key.name}" if table.repeated else f"{table.name}.{key.name}"


# ── files, list and declarations ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", FILES)
def test_every_file_is_a_channel_that_is_listed_once(file: str) -> None:
    assert CHANNELS.count(kind_of(file)) == 1, f"list {file}.CHANNEL in `CHANNELS` (agent/app/channels.py), once"


def test_every_channel_that_is_listed_has_a_file_of_its_own() -> None:
    assert len(CHANNELS) == len(FILES)


@pytest.mark.parametrize("file", FILES)
def test_a_channel_that_reaches_the_user_has_a_key_to_switch_it_on(file: str) -> None:
    kind = kind_of(file)

    assert bool(kind.keys) is (file not in ALWAYS_ON), f"{file}: name the keys of [notifications] that switch it on"
    for name in kind.keys:
        assert NOTIFICATIONS.key(name) is not None, f"{name} of {file} is no key of NOTIFICATIONS (config_keys)"
        assert hasattr(NotificationSettings(), name), f"{name} of {file} is no field of NotificationSettings"


@pytest.mark.parametrize("file", FILES)
def test_an_address_of_a_channel_is_secret_and_changed_by_the_user_alone(file: str) -> None:
    for key in (key for name in kind_of(file).keys if (key := NOTIFICATIONS.key(name)) is not None):
        if key.kind.choices != ("true", "false"):
            assert key.secret, f"notifications.{key.name}: declare it with secret=True (config_keys)"
            assert key.guarded, f"notifications.{key.name}: declare it with guarded=True (config_keys)"
            assert is_guarded(f"notifications.{key.name}")


def test_every_secret_of_the_notices_belongs_to_a_channel() -> None:
    used = {name for kind in CHANNELS for name in kind.keys}

    assert {key.name for key in NOTIFICATIONS.keys if key.secret} <= used


@pytest.mark.parametrize("file", FILES)
def test_it_obeys_the_protocol(file: str) -> None:
    channel = kind_of(file).make(chosen(kind_of(file), True), HOST)

    assert channel is not None
    assert channel.name
    assert list(inspect.signature(channel.announce).parameters) == ["notice"]
    assert list(inspect.signature(channel.withdraw).parameters) == ["key"]
    ways = (channel.announce, channel.withdraw, getattr(channel, "close", channel.withdraw))
    assert all(inspect.iscoroutinefunction(way) for way in ways)
    assert not channel.name.endswith(".")
    assert TOKEN not in channel.name


def test_no_two_have_one_name() -> None:
    names = [c.name for kind in CHANNELS if (c := kind.make(chosen(kind, True), HOST)) is not None]

    assert len(set(names)) == len(names)


# ── what is made of the list ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "on"), [(file, on) for file, on in product(FILES, (True, False)) if file not in ALWAYS_ON]
)
def test_notices_are_on_as_soon_as_one_channel_is_switched_on(file: str, on: bool) -> None:
    off = {name: value for kind in CHANNELS for name, value in fields_of(kind, False).items()}
    settings = NotificationSettings(**{**off, **fields_of(kind_of(file), on)})

    assert notices_on(settings) is on
    assert bool(Channels(HOST).in_turn(settings).name) is on


def fields_of(kind: ChannelKind, on: bool) -> dict[str, Any]:
    return {name: getattr(chosen(kind, on), name) for name in kind.keys}


def names_of(host: ChannelHost, settings: NotificationSettings) -> tuple[list[str], list[str]]:
    chain = Channels(host).chain(settings)
    return [c.name for c in chain._channels], [c.name for c in chain._always]


def test_the_desktop_is_tried_in_order_and_all_else_told_besides() -> None:
    on_desktop, always = names_of(ChannelHost(on_notice=lambda _: None), NotificationSettings(remote=("ntfy://x",)))

    assert on_desktop == ["desktop notifications with buttons", "desktop notifications"]
    assert sorted(always) == ["listener", "log", "remote notices"]


@pytest.mark.parametrize(
    ("host", "settings"),
    [(ChannelHost(desktop=False), NotificationSettings()), (ChannelHost(), NotificationSettings(desktop=False))],
)
def test_without_a_desktop_channel_the_log_has_to_take_it(host: ChannelHost, settings: NotificationSettings) -> None:
    assert names_of(host, settings) == (["log"], [])


async def test_a_channel_stays_the_same_while_its_keys_do_and_is_closed_at_the_end() -> None:
    closed: list[Channel] = []

    class Open:
        name = "open"

        async def announce(self, _: Any) -> Any:
            raise AssertionError

        async def withdraw(self, key: str) -> None:
            raise AssertionError

        async def close(self) -> None:
            closed.append(self)

    kind = ChannelKind(lambda _, __: Open(), Place.ALWAYS, keys=("remote",))
    channels = Channels(ChannelHost())
    one, same = (channels._of(kind, NotificationSettings(remote=("a",), repeat_after=s)) for s in (60.0, 90.0))
    other = channels._of(kind, NotificationSettings(remote=("b",)))
    await channels.close()

    assert one[0] is same[0]
    assert other[0] is not one[0]
    assert closed == [*one, *other]


# ── secrets ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_there_are_secrets_to_keep() -> None:
    assert ("notifications", "remote") in [(table.name, key.name) for table, key in SECRET]


@EVERY_SECRET
def test_a_secret_is_masked_in_the_log_and_in_what_the_agent_has_heard(
    table: KeyTable, key: Key, file: Path, tmp_path: Path
) -> None:
    settings = config.parse_settings(in_file(table, key, taken_by(key)), "config.toml")
    whole = [taken_by(key)] if isinstance(taken_by(key), str) else taken_by(key)
    now = Moment(1.0, 1.0)
    first = first_state(settings, now).private
    later, _ = take_in(first_state(Settings(), now), Reconfigured(settings), now)
    with set_up_logs(tmp_path / "log", private=private_here(settings.secrets)):
        logging.getLogger("agent").warning("a library said: %s; %r", " ".join(whole), settings)

    assert settings.secrets == tuple(whole)
    assert set(first.words) == set(later.private.words) == set(whole)
    assert TOKEN not in (tmp_path / "log").read_text()
    assert TOKEN not in repr(Settings(secrets=(TOKEN,)))


@EVERY_SECRET
def test_a_secret_that_comes_later_is_masked_before_anything_is_logged_of_it(
    table: KeyTable, key: Key, file: Path, tmp_path: Path
) -> None:
    heard: list[Settings] = []
    file.write_text(in_file(table, key, taken_by(key)))
    places = find_places(file, tmp_path / "data", environ={})
    asyncio.run(AgentHost(places, Settings(), Terminal(), keep_private=heard.append)._read_again())

    assert [TOKEN in " ".join(settings.secrets) for settings in heard] == [True]


@EVERY_SECRET
def test_a_secret_is_masked_on_the_page_and_in_its_json(table: KeyTable, key: Key, file: Path) -> None:
    file.write_text(in_file(table, key, taken_by(key)))
    answer = asyncio.run(configuring.read_settings(MadeUpBackend(config=file), {}))

    assert TOKEN not in json_bytes(answer).decode()
    assert "•••" in json_bytes(answer).decode()


@EVERY_SECRET
def test_a_secret_is_masked_in_what_config_show_prints(table: KeyTable, key: Key) -> None:
    shown = showing.show(config.parse_settings(in_file(table, key, taken_by(key)), "config.toml"))

    assert TOKEN not in shown
    assert "•••" in shown


@EVERY_SECRET
def test_a_secret_is_not_repeated_by_what_refuses_it(table: KeyTable, key: Key, file: Path) -> None:
    for value in REFUSED:
        file.write_text(in_file(table, key, value))
        assert TOKEN not in " ".join(config.check(file))
        for before in BEFORE:
            for way in (set_in_terminal, set_on_page):
                file.write_text(before)
                assert TOKEN not in said_by(way, address_of(table, key), value, file)


BEFORE = ("", "notifications = {}\n", "notifications = 1\n", "notifications.x = 1\n", "[[connections]]\n")
"""Files that a secret is written into: of some layouts a value cannot be put safely."""


def set_in_terminal(address: str, value: Any, file: Path) -> None:
    editing.set_value(file, address, written(value))


def set_on_page(address: str, value: Any, file: Path) -> None:
    asyncio.run(configuring.change(MadeUpBackend(config=file), {"key": address, "value": value}))


def said_by(way: Callable[[str, Any, Path], None], address: str, value: Any, file: Path) -> str:
    """What is said where a value is refused; empty where it is taken."""
    try:
        way(address, value, file)
    except (ConfigError, backend.Refused) as refused:
        return str(refused)
    return ""
