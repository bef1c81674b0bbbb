"""Reads the configuration file: from TOML to `Settings`, with each error one sentence of file, line, key and remedy."""

import codecs
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.config.key import Key, KeyTable
from agent.config.keys import CONNECTIONS, TABLES, inner_tables, secrets_of
from agent.config.keys_outward import RELAYS_TABLE
from agent.config.kinds import ValueRefused
from agent.config.lines import KeyPath, Lines
from agent.config.relays import relay_faults
from agent.config.text import found_words, key_words, kind_words
from agent.core.settings import Settings
from agent.errors import ConfigError
from agent.platforms.files import NotRegular, TooLarge, read_file, reason_of

LARGEST_FILE = 1 << 20
"""Bytes; a usual configuration has a few kilobytes."""
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\s*$")


@dataclass(frozen=True, slots=True, order=True)
class ConfigFault:
    """One fault of a configuration."""

    line: int
    text: str
    """The key, the value found and what is allowed, without file and line."""

    def sentence(self, name: str) -> str:
        """The whole sentence, for the file of this name."""
        return f"{name}, line {self.line}: {self.text}"


def load(path: Path | None, *, named: bool = True) -> Settings:
    """The settings of a file; the defaults for None.

    `named`: the user named the file, so it must exist. The file at the default place may be missing.
    """
    if path is None or (not named and not _exists(path)):
        return Settings()
    return parse_settings(read_text(path), path.name)


def load_or_go_without(path: Path, *, named: bool) -> tuple[Settings, str | None]:
    """The settings of a file; the defaults, and the error, where it cannot be used: at log-in no terminal shows it."""
    try:
        return load(path, named=named), None
    except ConfigError as error:
        return Settings(), str(error)


def check(path: Path, *, named: bool = True) -> list[str]:
    """Every error of a file, one sentence each, in the order of lines; empty for a usable file."""
    if not named and not _exists(path):
        return []
    try:
        text = read_text(path)
        _, faults = judge_document(_toml(text, path.name), Lines(text))
    except ConfigError as error:
        return [str(error)]
    return [fault.sentence(path.name) for fault in faults]


def parse_settings(text: str, name: str) -> Settings:
    """The settings of a text; `name` is the file's name in errors."""
    settings, faults = judge_document(_toml(text, name), Lines(text))
    if faults:
        raise ConfigError(faults[0].sentence(name))
    return settings


def read_text(path: Path) -> str:
    """The text of a configuration file, without a byte order mark; ConfigError where it cannot be read as UTF-8."""
    if str(path) == os.devnull:
        return ""
    try:
        if path.is_dir():
            raise ConfigError(f"{path} is a folder, but must be a TOML file: name the file in it.")
        raw = read_file(path, LARGEST_FILE)
    except TooLarge:
        raise ConfigError(f"{path} is larger than 1 MiB, but must be a TOML file of a few kilobytes.") from None
    except NotRegular:
        raise ConfigError(f"{path} is not a file, but must be a TOML file.") from None
    except FileNotFoundError:
        raise ConfigError(
            f"The configuration file {path} does not exist: create it, or leave out --config and GATELIGHT_CONFIG."
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The configuration file {path} cannot be read ({reason_of(error)}): allow reading it."
        ) from None
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path.name}, line {line}: the text is not UTF-8, but must be: save the file with the encoding UTF-8."
        ) from None


def judge_document(document: dict[str, Any], lines: Lines) -> tuple[Settings, list[ConfigFault]]:
    """The settings of a parsed file, and every fault in it; with any fault the settings are the defaults."""
    faults: list[ConfigFault] = []
    values: dict[str, Any] = {}
    for name, found in document.items():
        declared = TABLES.get(name)
        if declared is None:
            faults.append(ConfigFault(lines.line((name,)), _unknown("", name, None)))
        elif declared.repeated:
            values[name] = _entries(declared, found, lines, faults)
        elif isinstance(found, dict):
            values[name] = _section(declared, found, (name,), name, lines, faults)
        else:
            text = f"{name} is {found_words(found)}, but must be a table, headed [{name}]"
            faults.append(ConfigFault(lines.line((name,)), text))
    if not faults:
        for index, key, text in relay_faults(values.get(RELAYS_TABLE.name, ()), values.get(CONNECTIONS.name, ())):
            shown = f"{RELAYS_TABLE.name}[{index + 1}].{key}"
            faults.append(ConfigFault(lines.line((RELAYS_TABLE.name, index, key)), f"{shown} is {text}"))
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


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{name}: this is not a configuration: lists or tables are nested too deeply.") from None
    except ValueError as error:
        message = str(error)
        place = _TOML_PLACE.search(message)
        what = _TOML_PLACE.sub("", message)
        what = what[:1].lower() + what[1:]
        if place is None:
            raise ConfigError(f"{name}: this is not valid TOML: {what}.") from None
        if place[1]:
            line, where = int(place[1]), f"line {place[1]}, column {place[2]}"
        else:
            line = text.rstrip().count("\n") + 1
            where = f"line {line} (the end of the file)"
        hint = _toml_hint([*text.split("\n"), ""][line - 1], what)
        raise ConfigError(f"{name}, {where}: this is not valid TOML: {what}{hint}.") from None


def _toml_hint(line: str, what: str) -> str:
    if "\\" in line and ("escape" in what or "\\" in what or "hex" in what):
        return "; in a path, write / instead of \\, or put it in 'single quotes'"
    if what.startswith("invalid value") and "=" in line:
        return '; texts need "quotes", and true and false are written small'
    return ""


def _entries(declared: KeyTable, found: object, lines: Lines, faults: list[ConfigFault]) -> tuple[Any, ...]:
    """The settings of a repeated table, without those that have faults, which are added to `faults`."""
    name, entries = declared.name, []
    if not isinstance(found, list):
        text = f"{name} is {found_words(found)}, but must be a list of tables, each headed [[{name}]]"
        faults.append(ConfigFault(lines.line(declared.path), text))
        return ()
    for index, entry in enumerate(found):
        path: KeyPath = (*declared.path, index)
        shown = f"{name}[{index + 1}]"
        if isinstance(entry, dict):
            entries.append(_section(declared, entry, path, shown, lines, faults))
        else:
            text = f"{shown} is {found_words(entry)}, but must be a table, headed [[{name}]]"
            faults.append(ConfigFault(lines.line(path), text))
    faults += _doubles(declared, found, lines)
    return tuple(settings for settings in entries if settings is not None)


def _section(
    declared: KeyTable, found: dict[str, Any], path: KeyPath, shown: str, lines: Lines, faults: list[ConfigFault]
) -> Any:
    """The settings of one table; None where it has faults, which are added to `faults`."""
    values: dict[str, Any] = {}
    before = len(faults)
    inner = inner_tables(declared)
    for name, value in found.items():
        key = declared.key(name)
        if name in inner:
            values[name] = _entries(inner[name], value, lines, faults)
            continue
        if key is None:
            faults.append(ConfigFault(lines.line((*path, name)), _unknown(f"{shown}.", name, declared)))
            continue
        try:
            values[name] = key.kind.read(value)
        except ValueRefused as refused:
            item = () if refused.item is None else (refused.item,)
            text = refusal(f"{shown}.{name}", key, value, refused)
            faults.append(ConfigFault(lines.line((*path, name, *item)), text))
    faults += [
        ConfigFault(lines.line(path), f"{shown}.{key.name} is missing, but must be {key.kind.allowed}")
        for key in declared.required()
        if key.name not in found
    ]
    if len(faults) != before:
        return None
    settings = declared.settings(**values)
    if (odd := declared.together(settings)) is not None:
        name, allowed = odd
        value = found_words(found.get(name, declared.default(name)))
        faults.append(ConfigFault(lines.line((*path, name)), f"{shown}.{name} is {value}, but must be {allowed}"))
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
    return [table.name for table in TABLES.values() if len(table.path) == 1]


def _doubles(table: KeyTable, found: list[Any], lines: Lines) -> Iterable[ConfigFault]:
    seen: dict[str, int] = {}
    for index, entry in enumerate(found):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            continue
        line = lines.line((*table.path, index, "name"))
        same = name.strip().casefold()
        if same in seen:
            text = f"{table.name}[{index + 1}].name is {found_words(name)}, but must differ from the one in line"
            yield ConfigFault(line, f"{text} {seen[same]}")
        else:
            seen[same] = line
