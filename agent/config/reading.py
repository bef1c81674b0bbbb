"""Reads the configuration file: from TOML to `Settings`, with each error one sentence of file, line, key and remedy."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.config.key import Key, KeyTable
from agent.config.keys import CONNECTIONS, TABLES, inner_tables, secrets_of
from agent.config.keys_outward import RELAYS_TABLE
from agent.config.kinds import ValueRefused
from agent.config.lines import KeyPath
from agent.config.relays import relay_faults
from agent.config.sources import INCLUDE, ConfigFault, FilePlace, Sources, one_source, read_sources, sources_of
from agent.config.text import found_words, key_words, kind_words
from agent.core.settings import Settings
from agent.errors import ConfigError


def load(path: Path | None, *, named: bool = True) -> Settings:
    """The settings of a file and of those that it includes; the defaults for None.

    `named`: the user named the file, so it must exist. The file at the default place may be missing.
    """
    if path is None or (not named and not _exists(path)):
        return Settings()
    return settings_from(sources_of(path))


def load_or_go_without(path: Path, *, named: bool) -> tuple[Settings, str | None]:
    """The settings of a file; the defaults, and the error, where it cannot be used: at log-in no terminal shows it."""
    try:
        return load(path, named=named), None
    except ConfigError as error:
        return Settings(), str(error)


def check(path: Path, *, named: bool = True) -> list[str]:
    """Every error of a file and of those that it includes, one sentence each, file by file in the order of lines."""
    if not named and not _exists(path):
        return []
    try:
        sources, unread = read_sources(path, {})
    except ConfigError as error:
        return [str(error)]
    _, faults = judge_document(sources)
    return [*unread, *map(sources.sentence, faults)]


def parse_settings(text: str, name: str) -> Settings:
    """The settings of a text that includes nothing; `name` is the file's name in errors."""
    return settings_from(one_source(text, name))


def settings_from(sources: Sources) -> Settings:
    """The settings of these files; ConfigError with the first fault."""
    settings, faults = judge_document(sources)
    if faults:
        raise ConfigError(sources.sentence(faults[0]))
    return settings


def judge_document(sources: Sources) -> tuple[Settings, list[ConfigFault]]:
    """The settings of parsed files, and every fault in them; with any fault the settings are the defaults."""
    faults: list[ConfigFault] = list(sources.faults)
    values: dict[str, Any] = {}
    for name, found in sources.document.items():
        declared = TABLES.get(name)
        if declared is None:
            faults.append(ConfigFault(sources.place((name,)), _unknown("", name, None)))
        elif declared.repeated:
            values[name] = _entries(declared, found, sources, faults)
        elif isinstance(found, dict):
            values[name] = _section(declared, found, (name,), name, sources, faults)
        else:
            text = f"{name} is {found_words(found)}, but must be a table, headed [{name}]"
            faults.append(ConfigFault(sources.place((name,)), text))
    if not faults:
        for index, key, text in relay_faults(values.get(RELAYS_TABLE.name, ()), values.get(CONNECTIONS.name, ())):
            shown = f"{RELAYS_TABLE.name}[{index + 1}].{key}"
            faults.append(ConfigFault(sources.place((RELAYS_TABLE.name, index, key)), f"{shown} is {text}"))
    faults.sort()
    if faults:
        return Settings(), faults
    settings = Settings(**values)
    return replace(settings, secrets=secrets_of(settings)), faults


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        # It counts as present: reading it gives the reason.
        return True
    return True


def _entries(declared: KeyTable, found: object, sources: Sources, faults: list[ConfigFault]) -> tuple[Any, ...]:
    """The settings of a repeated table, without those that have faults, which are added to `faults`."""
    name, entries = declared.name, []
    if not isinstance(found, list):
        text = f"{name} is {found_words(found)}, but must be a list of tables, each headed [[{name}]]"
        faults.append(ConfigFault(sources.place(declared.path), text))
        return ()
    for index, entry in enumerate(found):
        path: KeyPath = (*declared.path, index)
        shown = f"{name}[{index + 1}]"
        if isinstance(entry, dict):
            entries.append(_section(declared, entry, path, shown, sources, faults))
        else:
            text = f"{shown} is {found_words(entry)}, but must be a table, headed [[{name}]]"
            faults.append(ConfigFault(sources.place(path), text))
    faults += _doubles(declared, found, sources)
    return tuple(settings for settings in entries if settings is not None)


def _section(
    declared: KeyTable, found: dict[str, Any], path: KeyPath, shown: str, sources: Sources, faults: list[ConfigFault]
) -> Any:
    """The settings of one table; None where it has faults, which are added to `faults`."""
    values: dict[str, Any] = {}
    before = len(faults)
    inner = inner_tables(declared)
    for name, value in found.items():
        key = declared.key(name)
        if name in inner:
            values[name] = _entries(inner[name], value, sources, faults)
            continue
        if key is None:
            faults.append(ConfigFault(sources.place((*path, name)), _unknown(f"{shown}.", name, declared)))
            continue
        try:
            values[name] = key.kind.read(value)
        except ValueRefused as refused:
            item = () if refused.item is None else (refused.item,)
            text = refusal(f"{shown}.{name}", key, value, refused)
            faults.append(ConfigFault(sources.place((*path, name, *item)), text))
    faults += [
        ConfigFault(sources.place(path), f"{shown}.{key.name} is missing, but must be {key.kind.allowed}")
        for key in declared.required()
        if key.name not in found
    ]
    if len(faults) != before:
        return None
    settings = declared.settings(**values)
    if (odd := declared.together(settings)) is not None:
        name, allowed = odd
        value = found_words(found.get(name, declared.default(name)))
        faults.append(ConfigFault(sources.place((*path, name)), f"{shown}.{name} is {value}, but must be {allowed}"))
    return settings


def refusal(shown: str, key: Key, value: object, refused: ValueRefused) -> str:
    """The sentence, without its full stop, about a value that a key does not take."""
    if refused.item is not None and isinstance(value, list):
        shown, value = f"{shown}[{refused.item + 1}]", value[refused.item]
        kind = key.kind.entry
    else:
        kind = key.kind.allowed
    because = f": {refused.because}" if refused.because else ""
    found = refused.found or (kind_words(value) if key.secret else found_words(value))
    return f"{shown} is {found}, but must be {kind}{because}"


def _unknown(prefix: str, name: str, declared: KeyTable | None) -> str:
    known = [*(key.name for key in declared.keys), *inner_tables(declared)] if declared else _outer_tables()
    elsewhere = [f"{t.name}.{key.name}" for t in TABLES.values() for key in t.keys if key.name == name]
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1) or get_close_matches(name.lower(), known, n=1) or elsewhere[:1]
    suggestion = f" (did you mean {near[0]}?)" if near else ""
    return f"{prefix}{key_words(name)} is not known{suggestion}, but must be one of {', '.join(known)}"


def _outer_tables() -> list[str]:
    return [*(table.name for table in TABLES.values() if len(table.path) == 1), INCLUDE]


def _doubles(table: KeyTable, found: list[Any], sources: Sources) -> Iterable[ConfigFault]:
    seen: dict[str, FilePlace] = {}
    for index, entry in enumerate(found):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            continue
        place = sources.place((*table.path, index, "name"))
        same = name.strip().casefold()
        if same in seen:
            text = f"{table.name}[{index + 1}].name is {found_words(name)}, but must differ from the one in"
            yield ConfigFault(place, f"{text} {sources.elsewhere(seen[same], place)}")
        else:
            seen[same] = place
