"""Settings: every key of the configuration with what it holds, and changing one, judged by the same code as ever."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from typing import Any

from agent.config import load, set_value
from agent.config_keys import CONNECTIONS, TABLES, Key, Table
from agent.config_text import toml_text
from agent.core.settings import Settings
from agent.errors import ConfigError
from agent.page.desk import Answer, Desk, Endpoint, Refused, text_of

MOST_ENTRIES = 200
"""Entries of a list that is sent; real ones have a handful."""


async def read(desk: Desk, _: Mapping[str, Any]) -> Answer:
    """Every key, in the order of the configuration, with its value in the file or its default."""
    path = desk.config
    fault = None
    try:
        settings = await asyncio.to_thread(load, path, named=desk.config_named and path.exists())
    except ConfigError as error:
        fault, settings = str(error), desk.settings
    answer: Answer = {"file": str(path), "tables": list(_tables(settings))}
    answer["connection_keys"] = [_key(CONNECTIONS, key, None) for key in CONNECTIONS.keys]
    if fault is not None:
        answer["fault"] = fault
    at_login = await asyncio.to_thread(desk.starts_at_login)
    if at_login is not None:
        answer["at_login"] = at_login
    return answer


def _tables(settings: Settings) -> Iterable[Answer]:
    for table in TABLES.values():
        section = getattr(settings, table.name)
        if table.repeated:
            for entry in section:
                yield {"name": table.name, "entry": entry.name, "keys": [_key(table, k, entry) for k in table.keys]}
        else:
            yield {"name": table.name, "keys": [_key(table, key, section) for key in table.keys]}


def _key(table: Table, key: Key, section: Any) -> Answer:
    default = table.default(key.name)
    value = getattr(section, key.name) if section is not None else None if default is MISSING else default
    told: Answer = {"name": key.name, "meaning": key.meaning, "allowed": key.kind.allowed}
    if key.kind.choices:
        told["choices"] = list(key.kind.choices)
    if key.kind.entry:
        told["list"] = True
    if section is not None or default is not MISSING:
        told["value"] = _plain(key, value)
    if default is not MISSING:
        told["default"] = _plain(key, default)
    return told


def _plain(key: Key, value: Any) -> Any:
    """A value as somebody types it: without the quotes of TOML; a list entry by entry."""
    if key.kind.entry:
        return [_unquoted(key.kind.write((one,))[1:-1]) for one in value]
    return _unquoted(key.kind.write(value))


def _unquoted(written: str) -> str:
    import tomllib

    read_back = tomllib.loads(f"value = {written}")["value"]
    return read_back if isinstance(read_back, str) else written


async def change(desk: Desk, asked: Mapping[str, Any]) -> Answer:
    """Change one value in the file; what cannot be used is said, and nothing is changed."""
    key = text_of(asked, "key")
    value = asked.get("value")
    if isinstance(value, list) and len(value) <= MOST_ENTRIES and all(isinstance(one, str) for one in value):
        written = "[" + ", ".join(toml_text(one) for one in value if one.strip()) + "]"
    elif isinstance(value, str):
        written = value
    else:
        raise Refused("“value” must be a text, or a list of texts.")
    try:
        await asyncio.to_thread(set_value, desk.config, key, written)
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    desk.config_changed()
    return {"done": True}


async def remove(desk: Desk, asked: Mapping[str, Any]) -> Answer:
    """Take a connection out of the file."""
    from agent.config_edit import remove_connection

    name = text_of(asked, "connection")
    try:
        await asyncio.to_thread(remove_connection, desk.config, name)
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    desk.config_changed()
    return {"done": True}


ENDPOINTS = (
    Endpoint("GET", "settings", read),
    Endpoint("POST", "settings", change),
    Endpoint("POST", "settings/remove", remove),
)
