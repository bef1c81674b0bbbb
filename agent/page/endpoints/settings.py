"""Settings: every key of the configuration with what it holds, and changing one, judged by the same code as ever."""

import asyncio
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from typing import Any

from agent.config.keys import CONNECTIONS, TABLES, Key, KeyTable, is_guarded
from agent.config.reading import load
from agent.config.text import toml_text
from agent.core.settings import Settings
from agent.errors import ConfigError
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.tws.privacy import MASK, redact

MOST_ENTRIES = 200
"""Entries of a list that is sent; real ones have a handful."""
_TAGS = secrets.token_bytes(16)
"""Makes the tags of masked values, so that a tag tells nothing about its value."""


async def read_settings(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """Every key, in the order of the configuration, with its value in the file or its default."""
    settings, fault = await asyncio.to_thread(_settings, backend)
    answer: Answer = {"file": str(backend.config), "tables": list(_tables(settings))}
    answer["connection_keys"] = [_key(CONNECTIONS, key, None) for key in CONNECTIONS.keys]
    if fault is not None:
        answer["fault"] = fault
    at_login = await asyncio.to_thread(backend.starts_at_login)
    if at_login is not None:
        answer["at_login"] = at_login
    return answer


def _settings(backend: Backend) -> tuple[Settings, str | None]:
    """What the file says; where it cannot be used, what is in force, and why."""
    try:
        return load(backend.config, named=backend.config_named and backend.config.exists()), None
    except ConfigError as error:
        return backend.settings, str(error)


def _tables(settings: Settings) -> Iterable[Answer]:
    for table in TABLES.values():
        section = getattr(settings, table.name)
        if table.repeated:
            for entry in section:
                yield {"name": table.name, "entry": entry.name, "keys": [_key(table, k, entry) for k in table.keys]}
        else:
            yield {"name": table.name, "keys": [_key(table, key, section) for key in table.keys]}


def _key(table: KeyTable, key: Key, section: Any) -> Answer:
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
    """A value as it is typed: without the quotes of TOML; a list entry by entry. What is secret in it is masked."""
    if key.kind.entry:
        return [_masked(key, one) for one in _entries(key, value)]
    return _masked(key, _unquoted(key.kind.write(value)))


def _entries(key: Key, value: Any) -> list[str]:
    return [_unquoted(key.kind.write((one,))[1:-1]) for one in value]


def _masked(key: Key, text: str) -> str:
    """A text as it may be shown: where something is masked, with a tag that stands for the whole text."""
    if not _may_be_masked(key) or not text:
        return text
    shown = key.shown(text) if key.secret else redact(text)
    if MASK not in shown:
        return text
    return shown + hmac.new(_TAGS, text.encode(errors="surrogatepass"), "sha256").hexdigest()[:8]


def _may_be_masked(key: Key) -> bool:
    """A list may hold arguments of a program, and a password among them."""
    return key.secret or bool(key.kind.entry)


def _unmasked(backend: Backend, address: str, texts: list[str]) -> list[str]:
    """Texts that come back: a masked one becomes what that very key holds. Raises `Refused` where it holds none."""
    table, name = TABLES.get(re.split(r"[.\[]", address.strip())[0]), address.rpartition(".")[2].strip()
    key = table.key(name) if table is not None else None
    if table is None or key is None or not _may_be_masked(key) or not any(MASK in text for text in texts):
        return texts
    found = getattr(_settings(backend)[0], table.name)
    values = [getattr(section, name) for section in (found if table.repeated else (found,))]
    held = [t for v in values for t in (_entries(key, v) if key.kind.entry else [_unquoted(key.kind.write(v))])]
    whole = {_masked(key, text): text for text in held}
    for text in texts:
        if MASK in text and text not in whole:
            raise Refused(f"“{text}” stands for a value that is not there any more: type the whole value.", 422)
    return [whole.get(text, text) for text in texts]


def _unquoted(written: str) -> str:
    import tomllib

    read_back = tomllib.loads(f"value = {written}")["value"]
    return read_back if isinstance(read_back, str) else written


async def change(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Change one value in the file; what cannot be used is said, and nothing is changed."""
    # tomlkit takes a tenth of a second to import, and only this needs it.
    from agent.config.editing import set_value

    key = text_field(asked, "key")
    value = asked.get("value")
    if isinstance(value, list) and len(value) <= MOST_ENTRIES and all(isinstance(one, str) for one in value):
        entries = await asyncio.to_thread(_unmasked, backend, key, [one for one in value if one.strip()])
        written = "[" + ", ".join(toml_text(one) for one in entries) + "]"
    elif isinstance(value, str):
        (written,) = await asyncio.to_thread(_unmasked, backend, key, [value])
    else:
        raise Refused("“value” must be a text, or a list of texts.")
    try:
        await asyncio.to_thread(set_value, backend.config, key, written)
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    backend.config_changed()
    return {"done": True}


async def remove(backend: Backend, asked: Mapping[str, Any]) -> Answer:
    """Take a connection out of the file."""
    from agent.config.editing import remove_connection

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
    Endpoint("POST", "settings/remove", remove),
)
