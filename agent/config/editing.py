"""Changes values in the configuration file. Comments and layout stay, and the result is always a usable file."""

import codecs
import copy
import os
import stat
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Table, Whitespace

from agent.config.address import ValueAddress, tables_around, value_address
from agent.config.key import Key, KeyTable
from agent.config.keys import CONNECTIONS
from agent.config.kinds import ValueRefused
from agent.config.lines import Lines
from agent.config.reading import judge_document, parse_settings, refusal, settings_from
from agent.config.sources import ConfigFile, Sources, one_source, read_text, sources_of
from agent.config.text import toml_text, toml_value
from agent.errors import ConfigError
from agent.platforms.files import reason_of, replace_file

_NEW_FILE = 0o600
"""Mode of a new file, which only its owner can read: addresses of remote channels hold tokens."""
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class ValueNotAllowed(ConfigError):
    """A value that a key does not take; the text of the error is the sentence for a terminal."""

    def __init__(self, shown: str, key: Key, found: object, refused: ValueRefused) -> None:
        super().__init__(refusal(shown, key, found, refused) + ".")
        self.key = key
        self.found = found
        self.refused = refused


@dataclass(frozen=True, slots=True)
class ValueChange:
    """What a change of one value did."""

    before: str | None
    """The value that was in force, as TOML, which may be the default; None where none was."""
    after: str


def set_value(path: Path, key: str, text: str) -> ValueChange:
    """Change one value in the file: `checks.look_every`, `connections.Paper Gateway.port`.

    A key names a connection by its name or its number (from 1). A missing file or folder is made. Raises `ConfigError`,
    and changes nothing, when the result could not be used or the file could not be written.
    """
    address = value_address(key)
    before = _value_in(path, address)
    value = _value(address.key, key, text)
    _change(path, ((address, value),), making=True)
    return ValueChange(before, _shown(address.key, address.key.kind.read(value)))


def add_connection(path: Path, name: str) -> None:
    """Write a new connection into the file; ConfigError where there is one of this name."""
    add_entry(path, CONNECTIONS, {"name": name})


def add_entry(path: Path, table: KeyTable, values: Mapping[str, str | Sequence[str]]) -> None:
    """Write a new entry of a repeated table into the file: a text, or several, for each key, its name among them.

    ConfigError where one of them cannot be used.
    """
    judged = [
        (key, _value_typed(key, f"{table.name}.{key.name}", values[key.name]))
        for key in table.keys
        if key.name in values
    ]
    *others, (last, value) = judged
    beside = {key.name: other for key, other in others}
    _change(path, ((ValueAddress(table, last, str(values["name"]), new=True, beside=beside), value),), making=True)


def _value_typed(key: Key, shown: str, typed: str | Sequence[str]) -> Any:
    """What a text means for this key: itself, and only where that cannot be, the number in it."""
    try:
        return _value(key, shown, toml_value(typed))
    except ValueNotAllowed:
        if isinstance(typed, str) and typed.isdecimal():
            return _value(key, shown, typed)
        raise


def change_all(path: Path, edits: Iterable[tuple[str, str]], *, making: bool = True) -> None:
    """Make several changes, each a key and a value, in one step: the file then has all of them, or is as before.

    `making`: a missing file, or a missing connection, is made.
    """
    addressed = [(value_address(key), key, text) for key, text in edits]
    _change(path, [(address, _value(address.key, key, text)) for address, key, text in addressed], making=making)


def _value_in(path: Path, address: ValueAddress) -> str | None:
    """The value in force, as TOML; None where there is none: a file with a fault in it, a connection not there yet."""
    try:
        sources = _sources(path, {})
        settings = address.table.held_by(settings_from(sources))
    except ConfigError:
        return None
    if address.table.repeated:
        index = _index(sources.document, address)
        if index is None:
            return None
        settings = settings[index]
    return _shown(address.key, getattr(settings, address.key.name))


def _sources(path: Path, texts: Mapping[Path, str]) -> Sources:
    """The files of a configuration; an empty one where there is none."""
    return sources_of(path, texts) if path in texts or path.exists() else one_source("", path.name)


def _shown(key: Key, value: Any) -> str:
    return key.kind.write(key.shown(value))


def _change(path: Path, addressed: Iterable[tuple[ValueAddress, Any]], *, making: bool) -> None:
    """Change values, each in the file that holds it; what no file holds yet is written into the main one."""
    if not path.exists() and not making:
        raise ConfigError(f"{path.name} is not there any more, so nothing was changed.")
    texts: dict[Path, str] = {}
    for address, value in addressed:
        sources = _sources(path, texts)
        number, here = _here(sources, address)
        source = sources.files[number]
        file = source.path if number else path
        texts[file] = _edited(source.text, here, value, source.name, making=making)
    settings_from(_sources(path, texts))
    _write_all(texts)


def _here(sources: Sources, address: ValueAddress) -> tuple[int, ValueAddress]:
    """The number of the file that holds a value, or is to hold it, and the value's place there."""
    if not address.table.repeated:
        return sources.file_of(address.table)[0], address
    index = None if address.new else _index(sources.document, address)
    if index is None:
        return 0, address
    number, local = sources.file_of(address.table, index)
    assert local is not None
    return number, replace(address, entry=str(local + 1), counted=True)


def _write_all(texts: Mapping[Path, str]) -> None:
    """Write each file that is another one now; where one of several cannot be written, all are as before."""
    written: list[tuple[Path, str]] = []
    for path, after in texts.items():
        # A symbolic link stays: the file to which it leads is replaced.
        target = Path(os.path.realpath(path))
        exists = target.exists()
        before = read_text(target) if exists else ""
        if after == before and exists:
            continue
        try:
            write_file(target, after, exists)
        except ConfigError:
            for earlier, text in written:
                write_file(earlier, text, exists=True)
            raise
        written.append((target, before))


def _value(key: Key, shown: str, text: str) -> Any:
    """The TOML value that a user's text (`4002`, `10s`, `Paper`, `["AAPL"]`, `AAPL`) means for this key."""
    candidates: list[Any] = [text.strip()]
    # ValueError: the text is not TOML, so it stands for itself. More than one key: it has a line break.
    with suppress(ValueError, RecursionError):
        document = tomllib.loads(f"value = {text}")
        candidates = [document["value"], *candidates] if len(document) == 1 else candidates
    if key.kind.entry:
        candidates.append([text.strip()] if text.strip() else [])
    first: tuple[Any, ValueRefused] | None = None
    for candidate in candidates:
        try:
            key.kind.read(candidate)
        except ValueRefused as refused:
            # For a list key, a fault inside a list tells the user more than "is not a list".
            if first is None or (isinstance(candidate, list) and not isinstance(first[0], list)):
                first = candidate, refused
        else:
            return candidate
    assert first is not None
    raise ValueNotAllowed(shown, key, *first)


def _edited(before: str, address: ValueAddress, value: Any, name: str, *, making: bool) -> str:
    """The text with one value changed; ConfigError where that would change anything else."""
    try:
        plain = tomllib.loads(before)
    except (ValueError, RecursionError):
        # Raises the error with the sentence that every command gives.
        parse_settings(before, name)
        raise
    wanted = copy.deepcopy(plain)
    index = _index(plain, address) if address.table.repeated and not address.new else None
    if address.table.repeated and index is None and not making:
        what = f"{address.table.label.lower()} {toml_text(address.entry)}"
        raise ConfigError(f"{name} holds no {what} any more, so nothing was changed.")
    holder = _holder(wanted, address, index, name)
    if holder.get(address.key.name) == value and type(holder.get(address.key.name)) is type(value):
        return before
    holder[address.key.name] = value
    crlf = "\r\n" in before and "\n" not in before.replace("\r\n", "")
    try:
        document = tomlkit.parse(before)
        _put(document, address, index, value)
        after = tomlkit.dumps(document)
    except (TOMLKitError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        after = ""
    if crlf:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    # The proof that nothing else has changed: tomllib reads the old values, with this one changed.
    try:
        unchanged = tomllib.loads(after) == wanted
    except ValueError:
        unchanged = False
    if not unchanged:
        path = (*address.table.path, *(() if index is None else (index,)), address.key.name)
        written = "the new value" if address.key.secret else f"{address.key.name} = {tomlkit.item(value).as_string()}"
        raise ConfigError(
            f"{name}, line {Lines(before).line(path)}: the file is laid out in a way that cannot be changed safely: "
            f"write {written} there by hand."
        )
    return after


def _index(plain: dict[str, Any], address: ValueAddress) -> int | None:
    """The index of the entry, from 0; None for one that does not exist yet."""
    table = address.table.name
    around = tables_around(plain, address.table)
    entries = around.get(address.table.path[-1], []) if isinstance(around, dict) else []
    if not isinstance(entries, list):
        raise ConfigError(f"{table} must be a list of tables, each headed [[{table}]].")
    names = [str(entry.get("name", "")).strip() if isinstance(entry, dict) else "" for entry in entries]
    wanted = address.entry.casefold()
    if not address.counted:
        for index, name in enumerate(names):
            if name.casefold() == wanted:
                return index
    # An entry may be named "2", so names come first.
    if address.entry.isdecimal() and 1 <= int(address.entry) <= len(entries):
        return int(address.entry) - 1
    if not address.counted and (not entries or address.key in _makes(address.table)):
        return None
    known = ", ".join(toml_text(name) for name in names) or "none"
    raise ConfigError(
        f"There is no {address.table.label.lower()} {toml_text(address.entry)}, known are: {known}; " + _new(address)
    )


def _new(address: ValueAddress) -> str:
    """How a new entry of the same table is made."""
    for key in _makes(address.table):
        value = address.entry if key.name == "name" else "…"
        begun = f"{_as_word(f'{address.table.name}.{address.entry}.{key.name}')} {_as_word(value)}"
        return f"a new one begins with its {key.name}: `gatelight config set {begun}`."
    return f"a new one is written into the file, below [[{address.table.name}]]."


def _as_word(text: str) -> str:
    """One word of a command line, in any terminal."""
    return f'"{text}"' if " " in text else text


def _makes(table: KeyTable) -> list[Key]:
    """The key with which a new entry begins, in a list; empty where an entry needs more than one beside its name."""
    required = list(table.required())
    return [key for key in required if len(required) == 1 or key.name != "name"] if len(required) <= 2 else []


def _holder(wanted: dict[str, Any], address: ValueAddress, index: int | None, name: str) -> dict[str, Any]:
    """The table of the plain document that gets the value; made where it is missing."""
    holder: Any = wanted
    for part in address.table.path[:-1]:
        holder = holder.setdefault(part, {}) if isinstance(holder, dict) else holder
    last = address.table.path[-1]
    if isinstance(holder, dict) and not address.table.repeated:
        holder = holder.setdefault(last, {})
    elif isinstance(holder, dict) and index is None:
        made = _new_entry(address)
        holder.setdefault(last, []).append(made)
        holder = made
    elif isinstance(holder, dict):
        holder = holder[last][index]
    if not isinstance(holder, dict):
        _, faults = judge_document(Sources((ConfigFile(Path(name), name, "", wanted, Lines("")),)))
        raise ConfigError(f"{name}: {faults[0].text}.")
    return holder


def _new_entry(address: ValueAddress) -> dict[str, Any]:
    if address.new:
        return dict(address.beside)
    return {} if address.key.name == "name" else {"name": address.entry}


def _put(document: Any, address: ValueAddress, index: int | None, value: Any) -> None:
    """Make the change in tomlkit's document, which keeps the layout."""
    *around, table = address.table.path
    key = address.key.name
    for outer in around:
        if outer not in document:
            document.append(outer, tomlkit.table(is_super_table=True))
        document = document[outer]
    if not address.table.repeated:
        if table not in document:
            made = tomlkit.table()
            made.trivia.indent = "\n" if document.body else ""
            document[table] = made
        _set(document[table], key, value)
    elif index is not None:
        _set(document[table][index], key, value)
    else:
        _add_entry(document, table, {**_new_entry(address), key: value})


def _set(table: Any, key: str, value: Any) -> None:
    """Change or add a key. A new key goes below the last one, above comments that belong to the next table."""
    after = _remarks_after(table) if key not in table else []
    table[key] = value
    for item in after:
        table.add(item)


def _remarks_after(table: Any) -> list[Any]:
    """Take off a table's end: the blank lines and comments from the first blank line after its last key."""
    if not isinstance(table, Table):
        return []
    body = table.value.body
    last = max((at for at, (key, _) in enumerate(body) if key is not None), default=-1)
    blank = next((at for at in range(last + 1, len(body)) if isinstance(body[at][1], Whitespace)), len(body))
    taken = [item for _, item in body[blank:]]
    del body[blank:]
    return taken


def _add_entry(document: Any, table: str, values: dict[str, Any]) -> None:
    entries = document.get(table)
    if isinstance(entries, Array) and len(entries):
        entries.append(values)
        return
    made = tomlkit.table()
    made.update(values)
    if isinstance(entries, AoT):
        after = _remarks_after(entries[-1])
        made.trivia.indent = "\n"
        entries.append(made)
        for item in after:
            made.add(item)
        return
    if entries is not None:
        # `connections = []`: an empty list and tables headed [[connections]] exclude each other.
        del document[table]
    after = _remarks_after(document)
    body = document.value.body if isinstance(document, Table) else document.body
    made.trivia.indent = "\n" if body else ""
    fresh = tomlkit.aot()
    fresh.append(made)
    document.append(table, fresh)
    for item in after:
        made.add(item)


def write_file(target: Path, text: str, exists: bool) -> None:
    """Replace the file in one step: no reader sees half of it, even after a power cut."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = _NEW_FILE
        raw = text.encode("utf-8")
        if exists:
            found = target.stat().st_mode
            if not stat.S_ISREG(found):
                raise ConfigError(f"{target} is not a file that can be changed: name another one with --config.")
            mode = stat.S_IMODE(found)
            # Renaming a draft over a read-only file would succeed; the user made it read-only to prevent changes.
            if not mode & _WRITABLE or not os.access(target, os.W_OK):
                raise ConfigError(f"{target} is read-only, so nothing was changed: allow writing to it first.")
            with target.open("rb") as file:
                raw = codecs.BOM_UTF8 + raw if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else raw
        replace_file(target, raw, mode)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written ({reason_of(error)}), so nothing was changed.") from None
