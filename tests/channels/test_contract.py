"""What is promised of every channel: file, list and keys agree, and what is secret about it is shown nowhere."""

import asyncio
import inspect
import logging
import socket
import sys
import threading
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module, resources
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from agent.app.agent_host import AgentHost
from agent.app.channels import CHANNELS, Channels, notices_on
from agent.app.world import first_state
from agent.channels import Chain, Channel, ChannelHost, ChannelKind, Delivery, NotDelivered, Place
from agent.config import editing, showing
from agent.config import reading as config
from agent.config.key import Key, KeyTable
from agent.config.keys import TABLES, is_guarded, secrets_of
from agent.config.keys_notices import NOTIFICATIONS
from agent.config.kinds import ValueRefused
from agent.config.text import toml_text
from agent.core.clock import Moment
from agent.core.events import Reconfigured
from agent.core.problem import Severity
from agent.core.settings import NotificationSettings, Settings
from agent.core.shown.display import Notice
from agent.core.state_machine.intake import take_in
from agent.errors import ConfigError
from agent.page import backend
from agent.page.endpoints import settings as configuring
from agent.runtime.logs import private_here, set_up_logs
from agent.runtime.paths import find_places
from agent.tws.outside import json_bytes
from tests.app.test_agent_host import Terminal
from tests.page.made_up_backend import MadeUpBackend

SHARED_MODULES = {"__init__", "remote", "remote_sender", "service_answer", "texts"}
"""Modules of `agent.channels` that are not a channel themselves."""
ALWAYS_ON = {"listener", "log"}
"""Channels that leave nothing to switch on or off: the program's own."""
OF_NO_CHANNEL = {"minimum_severity", "repeat_after", "quiet_hours", "remote"}
"""Keys of [notifications] that say when there is a notice, and the targets, which are told beside the channels."""

HOST = ChannelHost(balloon=lambda *_: True, on_notice=lambda _: None)
"""Has all that a channel may need."""
FILES = sorted(
    {f.name.removesuffix(".py") for f in resources.files("agent.channels").iterdir() if f.name.endswith(".py")}
    - SHARED_MODULES
)
TOKEN = "T0K3N"
VALUES: tuple[Any, ...] = (
    [f"https://{TOKEN}.invalid/{TOKEN}?{TOKEN}"],
    f"https://{TOKEN}.invalid/{TOKEN}?{TOKEN}",
    [f"{TOKEN}@{TOKEN}.invalid"],
    f"{TOKEN}@{TOKEN}.invalid",
    [f"first {TOKEN}"],
    f"first {TOKEN}",
    f"{TOKEN}-of-more-than-16",
    [TOKEN],
    TOKEN,
)
"""A secret key is tried with the first of these that it takes, and with the others for what it refuses."""
REFUSED = (*VALUES, *([value] for value in VALUES), {"x": TOKEN}, [{"x": TOKEN}])
FIELDS = typing.get_type_hints(NotificationSettings)
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
    values = {key.name: value_of(key) for key in keys_of(kind)}
    return NotificationSettings(**{name: value if on else type(value)() for name, value in values.items()})


def keys_of(kind: ChannelKind) -> list[Key]:
    """Its keys, which must be declared."""
    for name in kind.keys:
        assert NOTIFICATIONS.key(name) is not None, f"agent/config/keys.py: declare a Key {name} in NOTIFICATIONS"
    return [key for key in NOTIFICATIONS.keys if key.name in kind.keys]


def holds_text(field: Any) -> bool:
    """Whether a field of the settings holds texts of the user's own, by its type."""
    return field is str or any(map(holds_text, typing.get_args(field)))


def value_of(key: Key) -> Any:
    """A value as the settings hold it: on, one that it has already, or an address."""
    if key.kind.choices == ("true", "false"):
        return True
    return key.kind.read(taken_by(key)) if holds_text(FIELDS[key.name]) else NOTIFICATIONS.default(key.name)


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
    assert len(CHANNELS) == len(FILES), "agent/app/channels.py: CHANNELS lists one CHANNEL of each file, once"


@pytest.mark.parametrize("file", FILES)
def test_a_channel_that_reaches_the_user_has_a_key_to_switch_it_on(file: str) -> None:
    kind = kind_of(file)

    assert bool(kind.keys) is (file not in ALWAYS_ON), (
        f"agent/channels/{file}.py: name the keys of [notifications] that switch it on, in keys of its CHANNEL"
    )
    assert len(keys_of(kind)) == len(kind.keys)


def test_a_key_of_a_channel_that_is_no_setting_is_refused_with_its_place() -> None:
    with pytest.raises(TypeError, match=r"agent/core/settings\.py: give NotificationSettings a field pigeon"):
        ChannelKind(lambda _, __: None, Place.ALWAYS, keys=("remote", "pigeon"))


@pytest.mark.parametrize("key", NOTIFICATIONS.keys, ids=lambda key: key.name)
def test_every_key_of_the_notices_belongs_to_a_channel_or_to_all(key: Key) -> None:
    named = {name for kind in CHANNELS for name in kind.keys}

    assert (key.name in named) is not (key.name in OF_NO_CHANNEL), (
        f"notifications.{key.name}: add it to keys of the CHANNEL that it is for (agent/channels), so that a change of "
        "it makes that channel anew; one of no channel is named in OF_NO_CHANNEL (tests/channels/test_contract.py)"
    )


@pytest.mark.parametrize("file", FILES)
def test_its_place_fits_whom_it_reaches(file: str) -> None:
    kind = kind_of(file)

    if any(holds_text(FIELDS[key.name]) for key in keys_of(kind)):
        assert kind.place is Place.ALWAYS, (
            f"agent/channels/{file}.py: it reaches the user away from the computer, so it is told every notice, "
            "whatever the desktop did with it: Place.ALWAYS"
        )
    else:
        assert (kind.place is Place.DESKTOP) is (file not in ALWAYS_ON), (
            f"agent/channels/{file}.py: Place.DESKTOP is for what shows notices on this computer, and for that alone"
        )


@pytest.mark.parametrize("key", NOTIFICATIONS.keys, ids=lambda key: key.name)
def test_a_text_of_the_notices_is_secret_and_changed_by_the_user_alone(key: Key) -> None:
    """An address, a token, a user name, a header: what is sent elsewhere, and with which rights."""
    if holds_text(FIELDS[key.name]):
        assert key.secret, f"agent/config/keys.py: declare notifications.{key.name} with secret=True"
        assert key.guarded, f"agent/config/keys.py: declare notifications.{key.name} with guarded=True"
        assert is_guarded(f"notifications.{key.name}")


@pytest.mark.parametrize("file", FILES)
def test_it_obeys_the_protocol(file: str) -> None:
    channel = kind_of(file).make(chosen(kind_of(file), True), HOST)

    assert channel is not None, f"agent/channels/{file}.py: CHANNEL makes no channel, though all it may need is there"
    assert channel.name, f"agent/channels/{file}.py: its name is what people call it"
    assert list(inspect.signature(channel.announce).parameters) == ["notice"]
    assert list(inspect.signature(channel.withdraw).parameters) == ["key"]
    ways = (channel.announce, channel.withdraw, getattr(channel, "close", channel.withdraw))
    assert all(inspect.iscoroutinefunction(way) for way in ways)
    assert not channel.name.endswith(".")
    assert TOKEN not in channel.name


def test_no_two_have_one_name() -> None:
    names = [c.name for kind in CHANNELS if (c := kind.make(chosen(kind, True), HOST)) is not None]

    assert len(set(names)) == len(names)


# ── what it says of a notice ────────────────────────────────────────────────────────────────────


OFFLINE = pytest.mark.skipif(sys.platform != "linux", reason="the desktop of other systems cannot be taken away")
ON_THE_LOOP = {"time.sleep", "socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "urllib.Request"}
"""What holds up the agent when a channel does it on its loop, by the name of the audit event."""


@OFFLINE
@pytest.mark.parametrize("file", [file for file in FILES if file not in ALWAYS_ON])
async def test_what_cannot_arrive_is_not_said_to_be_delivered(
    file: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No session bus, no icon, no such host: the channel must say so, in words that hold no secret."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    host = ChannelHost(balloon=lambda *_: False, on_notice=lambda _: None)
    kind, settings = kind_of(file), chosen(kind_of(file), True)
    channel = kind.make(settings, host)
    assert channel is not None
    with blocking_calls() as blocked:
        tried = await Chain([], [channel], [TOKEN]).try_all(Notice("key", Severity.ERROR, "Title", "Text"))

    assert tried.taken == (), f"agent/channels/{file}.py: say `Delivered` only of a notice that is known to be taken"
    assert blocked == [], f"agent/channels/{file}.py blocks the loop: do it in a thread or a process of its own"
    assert TOKEN.lower() not in f"{tried} {caplog.text}".lower()


@OFFLINE
@pytest.mark.parametrize("file", [file for file in FILES if file not in ALWAYS_ON])
async def test_no_reason_holds_a_secret_of_its_keys(file: str) -> None:
    kind = kind_of(file)
    settings = chosen(kind, True)
    said = f"{settings!r} was refused: {TOKEN}"

    class Talkative:
        name = "talkative"

        async def announce(self, _: Notice) -> Delivery:
            return NotDelivered(said)

        async def withdraw(self, key: str) -> bool:
            raise AssertionError

    channels = Channels(HOST)
    channels._made[(kind, *(getattr(settings, key) for key in kind.keys))] = Talkative()
    told = await channels.to_the_user(settings).try_all(Notice("key", Severity.ERROR, "Title", "Text"))
    secrets = secrets_of(Settings(notifications=settings))

    assert not [reason for reason in told.refused if secrets and TOKEN in reason]


@contextmanager
def blocking_calls() -> Iterator[list[str]]:
    """What is called on this thread, meanwhile, that waits for something outside."""
    found: list[str] = []
    listening, here = True, threading.get_ident()

    def hear(event: str, args: tuple[Any, ...]) -> None:
        # A hook stays for good.
        if listening and event in ON_THE_LOOP and threading.get_ident() == here and not _returns_at_once(event, args):
            found.append(event)

    sys.addaudithook(hear)
    try:
        yield found
    finally:
        listening = False


def _returns_at_once(event: str, args: tuple[Any, ...]) -> bool:
    if event != "socket.connect":
        return False
    used: socket.socket = args[0]
    return used.family == socket.AF_UNIX or used.gettimeout() == 0


# ── what is made of the list ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "on"), [(file, on) for file, on in product(FILES, (True, False)) if file not in ALWAYS_ON]
)
def test_notices_are_on_as_soon_as_one_channel_is_switched_on(file: str, on: bool) -> None:
    off = {name: value for kind in CHANNELS for name, value in fields_of(kind, False).items()}
    settings = NotificationSettings(**{**off, **fields_of(kind_of(file), on)})

    assert notices_on(settings) is on
    chain = Channels(HOST).to_the_user(settings)
    assert bool(chain._channels or chain._always) is on


def fields_of(kind: ChannelKind, on: bool) -> dict[str, Any]:
    return {name: getattr(chosen(kind, on), name) for name in kind.keys}


def names_of(host: ChannelHost, settings: NotificationSettings) -> tuple[list[str], list[str]]:
    chain = Channels(host).chain(settings)
    return [c.name for c in chain._channels], [c.name for c in chain._always]


def test_the_desktop_is_tried_in_order_and_all_else_told_besides() -> None:
    on_desktop, always = names_of(ChannelHost(on_notice=lambda _: None), NotificationSettings(remote=("ntfy://x",)))

    assert on_desktop == ["desktop notifications with buttons", "desktop notifications"]
    assert sorted(always) == ["listener", "log"]


def test_without_a_desktop_channel_the_log_has_to_take_it() -> None:
    assert names_of(ChannelHost(), NotificationSettings(desktop=False)) == (["log"], [])


async def test_a_channel_stays_the_same_while_its_keys_do_and_is_closed_at_the_end() -> None:
    closed: list[Channel] = []

    class Open:
        name = "open"

        async def announce(self, _: Any) -> Any:
            raise AssertionError

        async def withdraw(self, key: str) -> bool:
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
    asyncio.run(AgentHost(places, Settings(), Terminal(), keep_private=heard.append)._configuration.read())

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
