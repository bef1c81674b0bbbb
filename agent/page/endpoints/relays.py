"""Relays in Settings: each with its values and what it stands before; set up, judged before it is written, removed."""

import asyncio
import errno
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from agent.config.keys_outward import RELAYS_TABLE
from agent.config.kinds import ValueRefused
from agent.config.relays import TargetUnknown, relay_faults, target_of
from agent.core.relay_facts import spelled_target
from agent.core.settings import RelaySettings, Settings
from agent.errors import ConfigError
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.page.endpoints.settings_told import in_the_file, key_told, refusal_sentence
from agent.platforms.files import reason_of
from agent.platforms.listening import listen_alone

_NEEDED = ("name", "listen", "to")
"""What a new one needs; everything else has a usual value."""
_NEW = RelaySettings("", 0, "")


def relay_tables(settings: Settings) -> Iterable[Answer]:
    """Each relay of the file, and where it leads to."""
    connections = settings.connections
    for relay in settings.relays:
        told: Answer = {"name": RELAYS_TABLE.name, "entry": relay.name, "keys": list(_keys(settings, relay))}
        # A file with a fault in it is not used, and the page says so.
        try:
            target = target_of(relay, connections)
        except TargetUnknown:
            yield told
        else:
            yield {**told, "target": spelled_target(*target), "instead_of": target.port}


def new_relay(settings: Settings) -> list[Answer]:
    """The keys that a new one needs, with nothing typed yet."""
    return [{**one, "value": ""} for one in _keys(settings, _NEW) if one["name"] in _NEEDED]


def _keys(settings: Settings, relay: RelaySettings) -> Iterable[Answer]:
    for key in RELAYS_TABLE.keys:
        told = key_told(RELAYS_TABLE, key, getattr(relay, key.name))
        if key.name == "to":
            told["suggested"] = list(_leading_somewhere(settings))
        yield told


def _leading_somewhere(settings: Settings) -> Iterable[str]:
    """The connections to which a relay can lead."""
    for connection in settings.connections:
        try:
            target_of(replace(_NEW, to=connection.name), settings.connections)
        except TargetUnknown:
            continue
        yield connection.name


# ── judging ─────────────────────────────────────────────────────────────────────────────────────


async def judge_relay(backend: Backend, entry: str | None, values: Mapping[str, Any]) -> None:
    """Raise `Refused`, with a sentence for each value that cannot be used, if the relay of that name, or a new one,
    cannot have them."""
    settings = (await asyncio.to_thread(in_the_file, backend))[0]
    plain, wrong = _read(values)
    if not wrong:
        wrong = _together(settings, entry, plain)
    if not wrong and "listen" in plain:
        wrong = await _taken(backend, settings, entry, plain["listen"])
    if wrong:
        raise Refused(" ".join(wrong.values()), 422, fields=wrong)


def _read(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values as the settings hold them, and what is wrong with those that are none."""
    plain: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, value in values.items():
        key = RELAYS_TABLE.key(name)
        if key is None:
            continue
        typed: Any = value.strip() if isinstance(value, str) else value
        if isinstance(typed, str) and typed.isascii() and typed.isdecimal():
            typed = int(typed)
        elif typed in ("true", "false"):
            typed = typed == "true"
        try:
            # A name may be made of digits.
            plain[name] = key.kind.read(str(typed) if isinstance(value, str) and name in ("name", "to") else typed)
        except ValueRefused as refused:
            wrong[name] = refusal_sentence(key, value, refused)
    return plain, wrong


def _together(settings: Settings, entry: str | None, plain: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with values that can be used beside others: a name or a port that another relay has, a loop."""
    relays = list(settings.relays)
    place = next((n for n, one in enumerate(relays) if _same(one.name, entry)), None)
    if "name" in plain and any(_same(one.name, plain["name"]) for n, one in enumerate(relays) if n != place):
        return {"name": f"There is a relay “{plain['name']}” already: choose another name."}
    if place is None and entry is not None:
        # It was removed meanwhile, which is said as the file is changed.
        return {}
    if place is None:
        place = len(relays)
        relays.append(RelaySettings(**plain))
    else:
        relays[place] = replace(relays[place], **plain)
    wrong: dict[str, str] = {}
    for number, name, text in relay_faults(relays, settings.connections):
        if number == place:
            wrong[name] = _sentence(name, text)
        elif "listen" in plain:
            other = relays[number].name
            wrong["listen"] = (
                f"Port for programs: {plain['listen']} cannot be used, since relay “{other}” leads to it. "
                "It must be another port than TWS or IB Gateway listens on."
            )
    return wrong


def _same(name: str, other: str | None) -> bool:
    return other is not None and name.strip().casefold() == other.strip().casefold()


def _sentence(name: str, text: str) -> str:
    """What `relay_faults` says of a key, in the words of the page."""
    key = RELAYS_TABLE.key(name)
    assert key is not None
    found, _, must = text.partition(", but must be ")
    found, comma, leads = found.partition(", ")
    must = must.replace('"', "").replace("`", "")
    return f"{key.label}: “{found.strip(chr(34))}”{comma}{leads}{comma.strip()} cannot be used. It must be {must}."


async def _taken(backend: Backend, settings: Settings, entry: str | None, port: int) -> dict[str, str]:
    """Whether another program listens on a port that a relay does not have yet."""
    before = next((one.listen for one in settings.relays if _same(one.name, entry)), None)
    # A relay that was taken out of the file a moment ago may still have it.
    own = {relay["port"] for told in await backend.relays() for relay in told.get("relays", ())}
    if port == before or port in own:
        return {}
    fault = await asyncio.to_thread(_why_not, port)
    if fault is None:
        return {}
    return {"listen": f"Port for programs: {port} cannot be used, since {fault}. Choose another one, such as 5002."}


def _why_not(port: int) -> str | None:
    try:
        listen_alone("127.0.0.1", port).close()
    except OSError as refused:
        taken = refused.errno == errno.EADDRINUSE
        return "another program listens on it" if taken else f"the system refuses it ({reason_of(refused)})"
    return None


# ── changing ────────────────────────────────────────────────────────────────────────────────────


async def add_relay(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Write a new relay into the file; Gatelight starts it."""
    values = {name: text_field(asked, name) for name in _NEEDED}
    await judge_relay(backend, None, values)
    try:
        await asyncio.to_thread(_write, backend, values)
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    backend.config_changed()
    return {"done": True}


def _write(backend: Backend, values: Mapping[str, str]) -> None:
    # tomlkit takes a tenth of a second to import, and only this needs it.
    from agent.config.editing import add_entry

    add_entry(backend.config, RELAYS_TABLE, {name: value.strip() for name, value in values.items()})


async def remove_relay(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Take a relay out of the file: it takes no new connection then, and ends with its last one."""
    from agent.config.removing import remove_entry

    name = text_field(asked, "name")
    try:
        await asyncio.to_thread(remove_entry, backend.config, RELAYS_TABLE, name)
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    backend.config_changed()
    return {"done": True}


ENDPOINTS = (
    Endpoint("POST", "relays/add", add_relay, guarded=lambda _: True),
    Endpoint("POST", "relays/remove", remove_relay),
)
