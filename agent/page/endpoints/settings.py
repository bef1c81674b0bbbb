"""Settings: the keys of the configuration with what they hold, and changing one, judged by the same code as ever."""

import asyncio
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from typing import Any

from agent.config.address import value_address
from agent.config.key import Key, KeyTable
from agent.config.keys import CONNECTIONS, TABLES, UPDATES, is_guarded
from agent.config.keys_notices import TARGETS
from agent.config.kinds import QUIET_TIMES, ValueRefused
from agent.config.reading import load
from agent.config.text import LONGEST_FOUND, duration_text, parse_duration, toml_text, toml_value
from agent.core.settings import Settings
from agent.core.text import shortened
from agent.core.updates import Origin, why_not_asked
from agent.errors import ConfigError
from agent.page.backend import Answer, Backend, Endpoint, Refused, text_field
from agent.tws.privacy import MASK, redact

MOST_ENTRIES = 200
"""Entries of a list that is sent; real ones have a handful."""
_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_TAGS = secrets.token_bytes(16)
"""Makes the tags of masked values, so that a tag tells nothing about its value."""


async def read_settings(backend: Backend, _: Mapping[str, Any]) -> Answer:
    """Every key, in the order of the configuration, with its value in the file or its default.

    Hooks are left out: what runs on its own is written into the file.
    """
    settings, fault = await asyncio.to_thread(in_the_file, backend)
    answer: Answer = {"file": str(backend.config), "tables": list(_tables(settings, backend.origin))}
    if fault is not None:
        answer["fault"] = fault
    at_login = await asyncio.to_thread(backend.starts_at_login)
    if at_login is not None:
        answer["at_login"] = at_login
    return answer


def in_the_file(backend: Backend) -> tuple[Settings, str | None]:
    """What the file says; where it cannot be used, what is in force, and why."""
    try:
        return load(backend.config, named=backend.config_named and backend.config.exists()), None
    except ConfigError as error:
        return backend.settings, str(error)


def _tables(settings: Settings, origin: Origin) -> Iterable[Answer]:
    for table in TABLES.values():
        section = table.held_by(settings)
        if table in (CONNECTIONS, TARGETS):
            for entry in section:
                yield {"name": table.name, "entry": entry.name, "keys": [_key(table, k, entry) for k in table.keys]}
        elif not table.repeated:
            answer: Answer = {"name": table.name, "label": table.label}
            keys = table.keys
            if table is UPDATES and (note := why_not_asked(settings.updates, origin)):
                # A switch that does nothing is not shown, nor where nothing could be asked an address.
                answer["note"] = note
                keys = () if origin.manager else tuple(key for key in keys if key.advanced)
            yield {**answer, "keys": [_key(table, key, section) for key in keys]}


def _key(table: KeyTable, key: Key, section: Any) -> Answer:
    value = getattr(section, key.name)
    told: Answer = {"name": key.name, "label": key.label, "help": key.help, "example": key.example}
    told |= {"advanced": key.advanced, "control": _control(key), "value": _plain(key, value)}
    if key.words:
        told["choices"] = [{"value": v, "words": w} for v, w in zip(key.kind.choices, key.words, strict=True)]
    elif key.durations:
        told["choices"] = list(_durations(key, value))
    if key.empty:
        told["empty"] = key.empty
    if (default := table.default(key.name)) is not MISSING and key.durations:
        told["usual"] = _plain(key, default)
    return told


def _control(key: Key) -> str:
    """How the page lets the user enter it."""
    if key.kind is QUIET_TIMES:
        return "times"
    if key.kind.entry:
        return "lines"
    if key.words or key.durations:
        return "choice"
    return "switch" if key.kind.choices else "text"


def _durations(key: Key, value: float | None) -> Iterable[Answer]:
    """The durations that are offered, and the one in force where it is none of them; in order, "never" last."""
    texts = [text for text in key.durations if text != "never"]
    if value is not None and duration_text(value) not in texts:
        texts = sorted([*texts, duration_text(value)], key=parse_duration)
    for text in texts:
        yield {"value": text, "words": in_words(text)}
    if "never" in key.durations:
        yield {"value": "never", "words": "never"}


def in_words(duration: str) -> str:
    """A duration of the file in words: "5 seconds" for "5s"."""
    number, unit = duration[:-1], _UNITS[duration[-1]]
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


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
    try:
        place = value_address(address)
    except ConfigError:
        return texts
    table, key = place.table, place.key
    if not _may_be_masked(key) or not any(MASK in text for text in texts):
        return texts
    found = table.held_by(in_the_file(backend)[0])
    values = [getattr(section, key.name) for section in (found if table.repeated else (found,))]
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
    from agent.config.editing import ValueNotAllowed, set_value

    key = text_field(asked, "key")
    value = asked.get("value")
    if isinstance(value, list) and len(value) <= MOST_ENTRIES and all(isinstance(one, str) for one in value):
        entries = await asyncio.to_thread(_unmasked, backend, key, [one for one in value if one.strip()])
        written = toml_value(entries)
    elif isinstance(value, str):
        (written,) = await asyncio.to_thread(_unmasked, backend, key, [value])
    else:
        raise Refused("“value” must be a text, or a list of texts.")
    try:
        await asyncio.to_thread(_name_is_free, backend, key, value)
        await asyncio.to_thread(set_value, backend.config, key, written)
    except ValueNotAllowed as no:
        raise Refused(refusal_sentence(no.key, no.found, no.refused), 422) from None
    except ConfigError as error:
        raise Refused(str(error), 422) from None
    backend.config_changed()
    return {"done": True}


def refusal_sentence(key: Key, found: Any, refused: ValueRefused) -> str:
    """What is wrong with a value, in the words of the page: its label, what was typed, what is allowed."""
    allowed = key.kind.allowed
    if refused.item is not None and isinstance(found, list):
        found, allowed = found[refused.item], key.kind.entry
    allowed = allowed.replace(f" or {toml_text(key.empty)}", ", or nothing").replace('"', "")
    unsaid = "what was typed" if key.secret else ""
    typed = refused.found or unsaid or f"“{shortened(str(found), LONGEST_FOUND)}”"
    because = f" ({refused.because})" if refused.because else ""
    return f"{key.label}: {typed} cannot be used{because}. It must be {allowed}."


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
