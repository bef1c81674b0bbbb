"""Settings: the keys of the configuration with what they hold, and changing one, judged by the same code as ever."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from agent.config.address import value_address
from agent.config.keys import CONNECTIONS, TABLES, UPDATES, is_guarded
from agent.config.keys_notices import TARGETS
from agent.config.keys_outward import RELAYS_TABLE
from agent.config.text import toml_value
from agent.core.settings import Settings
from agent.core.updates import Origin, why_not_asked
from agent.errors import ConfigError
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.page.endpoints.relays import judge_relay, new_relay, relay_tables
from agent.page.endpoints.settings_told import (
    entries_typed,
    in_the_file,
    key_told,
    masked_text,
    may_be_masked,
    refusal_sentence,
    unquoted,
)
from agent.tws.privacy import MASK

MOST_ENTRIES = 200
"""Entries of a list that is sent; real ones have a handful."""


async def read_settings(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """Every key, in the order of the configuration, with its value in the file or its default.

    Hooks are left out: what runs on its own is written into the file.
    """
    settings, fault = await asyncio.to_thread(in_the_file, backend)
    answer: Answer = {"file": str(backend.config), "tables": list(_tables(settings, backend.origin))}
    answer["new_relay"] = new_relay(settings)
    if fault is not None:
        answer["fault"] = fault
    at_login = await asyncio.to_thread(backend.starts_at_login)
    if at_login is not None:
        answer["at_login"] = at_login
    return answer


def _tables(settings: Settings, origin: Origin) -> Iterable[Answer]:
    for table in TABLES.values():
        section = table.held_by(settings)
        if table in (CONNECTIONS, TARGETS):
            for entry in section:
                yield {
                    "name": table.name,
                    "entry": entry.name,
                    "keys": [key_told(table, k, getattr(entry, k.name)) for k in table.keys],
                }
        elif table is RELAYS_TABLE:
            yield from relay_tables(settings)
        elif not table.repeated:
            answer: Answer = {"name": table.name, "label": table.label}
            shown = table.keys
            if table is UPDATES and (note := why_not_asked(settings.updates, origin)):
                # A switch that does nothing is not shown, nor where nothing could be asked an address.
                answer["note"] = note
                shown = () if origin.manager else tuple(key for key in shown if key.advanced)
            yield {**answer, "keys": [key_told(table, key, getattr(section, key.name)) for key in shown]}


def _unmasked(backend: Backend, address: str, texts: list[str]) -> list[str]:
    """Texts that come back: a masked one becomes what that very key holds. Raises `Refused` where it holds none."""
    try:
        place = value_address(address)
    except ConfigError:
        return texts
    table, key = place.table, place.key
    if not may_be_masked(key) or not any(MASK in text for text in texts):
        return texts
    found = table.held_by(in_the_file(backend)[0])
    values = [getattr(section, key.name) for section in (found if table.repeated else (found,))]
    held = [t for v in values for t in (entries_typed(key, v) if key.kind.entry else [unquoted(key.kind.write(v))])]
    whole = {masked_text(key, text): text for text in held}
    for text in texts:
        if MASK in text and text not in whole:
            raise Refused(f"“{text}” stands for a value that is not there any more: type the whole value.", 422)
    return [whole.get(text, text) for text in texts]


async def change(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Change one value in the file; what cannot be used is said, and nothing is changed."""
    # tomlkit takes a tenth of a second to import, and only this needs it.
    from agent.config.editing import ValueNotAllowed, set_value

    key = text_field(asked, "key")
    value = asked.get("value")
    if isinstance(value, list) and len(value) <= MOST_ENTRIES and all(isinstance(one, str) for one in value):
        typed: list[str] | str = await asyncio.to_thread(_unmasked, backend, key, [one for one in value if one.strip()])
        written = toml_value(typed)
    elif isinstance(value, str):
        (written,) = await asyncio.to_thread(_unmasked, backend, key, [value])
        typed = written
    else:
        raise Refused("“value” must be a text, or a list of texts.")
    try:
        await asyncio.to_thread(_name_is_free, backend, key, value)
        place = value_address(key)
        if place.table is RELAYS_TABLE:
            await judge_relay(backend, place.entry, {place.key.name: typed})
        await asyncio.to_thread(set_value, backend.config, key, written)
    except ValueNotAllowed as no:
        raise Refused(refusal_sentence(no.key, no.found, no.refused), 422) from None
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    backend.config_changed()
    return {"done": True}


def _name_is_free(backend: Backend, address: str, name: Any) -> None:
    """Raises `Refused` where a connection would get the name of another one."""
    table, _, rest = address.strip().partition(".")
    entry, _, key = rest.rpartition(".")
    if table != CONNECTIONS.name or key.strip() != "name" or not isinstance(name, str):
        return
    names = [one.name.casefold() for one in in_the_file(backend)[0].connections]
    if name.strip().casefold() in names and name.strip().casefold() != entry.strip().casefold():
        raise Refused(f"There is a connection “{name.strip()}” already: choose another name.", 422)


async def add(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Write a new connection into the file, with nothing but its name."""
    from agent.config.editing import ValueNotAllowed, add_connection

    name = text_field(asked, "connection")
    try:
        await asyncio.to_thread(_name_is_free, backend, f"{CONNECTIONS.name}..name", name)
        await asyncio.to_thread(add_connection, backend.config, name)
    except ValueNotAllowed as no:
        raise Refused(refusal_sentence(no.key, no.found, no.refused), 422) from None
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    backend.config_changed()
    return {"done": True}


async def remove(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Take a connection out of the file."""
    from agent.config.removing import remove_connection

    name = text_field(asked, "connection")
    try:
        await asyncio.to_thread(remove_connection, backend.config, name)
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    backend.config_changed()
    return {"done": True}


ENDPOINTS = (
    Endpoint("GET", "settings", read_settings),
    Endpoint("POST", "settings", change, guarded=lambda asked: is_guarded(str(asked.get("key", "")))),
    Endpoint("POST", "settings/add", add),
    Endpoint("POST", "settings/remove", remove),
)
