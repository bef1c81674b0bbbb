"""Changes values in the configuration file. Comments and layout stay, and the result is always a usable file."""

import codecs
import copy
import os
import re
import stat
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, Table, Whitespace

from agent.config.key import Key, KeyTable
from agent.config.keys import CONNECTIONS, TABLES
from agent.config.kinds import ValueRefused
from agent.config.lines import Lines
from agent.config.reading import judge_document, parse_settings, read_text, refusal
from agent.config.text import toml_text
from agent.errors import ConfigError
from agent.platforms.files import reason_of, replace_file

_ADDRESS = re.compile(r"\s*(\w+)(?:\[(?P<number>\d+)\]|\.(?P<name>.+))?\.\s*([^.\s]+)\s*", re.DOTALL)
_NEW_FILE = 0o600
"""Mode of a new file, which only its owner can read: addresses of remote channels hold tokens."""
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class _Address:
    """The place of a value in the file."""

    table: KeyTable
    key: Key
    entry: str = ""
    """The connection's name or number, as the user wrote it; empty outside `connections`."""
    counted: bool = False
    """The user wrote `connections[2]`: the entry is a number and no name."""
    new: bool = False
    """The entry must not exist yet: it is made, whatever its name looks like."""


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
    address = _address(key)
    before = _value_in(path, address)
    value = _value(address.key, key, text)
    _change(path, ((address, value),), making=True)
    return ValueChange(before, _shown(address.key, address.key.kind.read(value)))


def add_connection(path: Path, name: str) -> None:
    """Write a new connection into the file; ConfigError where there is one of this name."""
    key = CONNECTIONS.key("name")
    assert key is not None
    value = _value(key, key.name, toml_text(name))
    _change(path, ((_Address(CONNECTIONS, key, name, new=True), value),), making=True)


def change_all(path: Path, edits: Iterable[tuple[str, str]], *, making: bool = True) -> None:
    """Make several changes, each a key and a value, in one step: the file then has all of them, or is as before.

    `making`: a missing file, or a missing connection, is made.
    """
    _change(path, [(address := _address(key), _value(address.key, key, text)) for key, text in edits], making=making)


def _value_in(path: Path, address: _Address) -> str | None:
    """The value in force, as TOML; None where there is none: a file with a fault in it, a connection not there yet."""
    text = read_text(path) if path.exists() else ""
    try:
        settings = getattr(parse_settings(text, path.name), address.table.name)
    except ConfigError:
        return None
    if address.table.repeated:
        index = _index(tomllib.loads(text), address)
        if index is None:
            return None
        settings = settings[index]
    return _shown(address.key, getattr(settings, address.key.name))


def _shown(key: Key, value: Any) -> str:
    return key.kind.write(key.shown(value))


def _change(path: Path, addressed: Iterable[tuple[_Address, Any]], *, making: bool) -> None:
    # A symbolic link stays: the file to which it leads is replaced.
    target = Path(os.path.realpath(path))
    exists = target.exists()
    if not exists and not making:
        raise ConfigError(f"{path.name} is not there any more, so nothing was changed.")
    before = read_text(target) if exists else ""
    after = before
    for address, value in addressed:
        after = _edited(after, address, value, path.name, making=making)
    parse_settings(after, path.name)
    if after != before or not exists:
        _write(target, after, exists)


def remove_connection(path: Path, name: str) -> None:
    """Take one connection out of the file; everything else stays. ConfigError where that is not possible."""
    target = Path(os.path.realpath(path))
    before = read_text(target)
    parse_settings(before, path.name)
    plain = tomllib.loads(before)
    entries = plain.get(CONNECTIONS.name, [])
    index = next((i for i, e in enumerate(entries) if e["name"].strip().casefold() == name.strip().casefold()), None)
    if index is None:
        raise ConfigError(f"There is no connection {toml_text(name)} in {path.name} any more.")
    del entries[index]
    if not entries:
        del plain[CONNECTIONS.name]
    after = _without(before, index, plain)
    if after is None:
        line = Lines(before).line((CONNECTIONS.name, index))
        raise ConfigError(
            f"{path.name}, line {line}: the file is laid out in a way that cannot be changed safely: "
            "take the connection out there by hand."
        )
    _write(target, after, exists=True)


def _without(before: str, index: int, wanted: dict[str, Any]) -> str | None:
    """The text without the lines of one connection; None where other values are on the same lines."""
    lines = before.splitlines(keepends=True)
    first = Lines(before).line((CONNECTIONS.name, index)) - 1
    # The fewest lines that make up the entry: comments after it belong to what follows.
    for end in range(first + 1, len(lines) + 1):
        if end < len(lines) and lines[first - 1 : first] in (["\n"], ["\r\n"]) and not lines[end].strip():
            kept = lines[:first] + lines[end + 1 :]
        else:
            kept = lines[:first] + lines[end:]
        with suppress(ValueError):
            if tomllib.loads("".join(kept)) == wanted:
                return "".join(kept)
    return None


def _address(key: str) -> _Address:
    found = _ADDRESS.fullmatch(key)
    declared = TABLES.get(found[1]) if found else None
    if found is None or declared is None:
        raise ConfigError(
            f"{key} is not a key of the configuration: write for example checks.look_every, page.port "
            "or connections.Paper Gateway.port."
        )
    entry = found["number"] or found["name"] or ""
    if bool(entry) != declared.repeated:
        named = "Paper Gateway" if declared is CONNECTIONS else "NAME"
        example = f"{declared.name}.{named}.{found[4]}" if declared.repeated else f"{declared.name}.{found[4]}"
        raise ConfigError(f"{key} is not a key of the configuration: write for example {example}.")
    known = declared.key(found[4])
    if known is None:
        names = ", ".join(one.name for one in declared.keys)
        raise ConfigError(f"{found[4]} is not a key of {declared.name}: it must be one of {names}.")
    return _Address(declared, known, _unquoted(entry.strip()), found["number"] is not None)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


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


def _edited(before: str, address: _Address, value: Any, name: str, *, making: bool) -> str:
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
        path = (address.table.name, *(() if index is None else (index,)), address.key.name)
        written = "the new value" if address.key.secret else f"{address.key.name} = {tomlkit.item(value).as_string()}"
        raise ConfigError(
            f"{name}, line {Lines(before).line(path)}: the file is laid out in a way that cannot be changed safely: "
            f"write {written} there by hand."
        )
    return after


def _index(plain: dict[str, Any], address: _Address) -> int | None:
    """The index of the entry, from 0; None for one that does not exist yet."""
    table = address.table.name
    entries = plain.get(table, [])
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
    if (not entries and not address.counted) or address.key.name == "name":
        return None
    known = ", ".join(toml_text(name) for name in names) or "none"
    raise ConfigError(
        f"There is no {address.table.label.lower()} {toml_text(address.entry)}, known are: {known}; " + _new(address)
    )


def _new(address: _Address) -> str:
    """How a new entry of the same table is made."""
    if address.table is not CONNECTIONS:
        return f"a new one is written into the file, below [[{address.table.name}]]."
    return f"a new one begins with its name: gatelight config set connections.{address.entry}.name {address.entry}."


def _holder(wanted: dict[str, Any], address: _Address, index: int | None, name: str) -> dict[str, Any]:
    """The table of the plain document that gets the value; made where it is missing."""
    holder: Any
    if not address.table.repeated:
        holder = wanted.setdefault(address.table.name, {})
    elif index is None:
        holder = _new_entry(address)
        wanted.setdefault(address.table.name, []).append(holder)
    else:
        holder = wanted[address.table.name][index]
    if not isinstance(holder, dict):
        _, faults = judge_document(wanted, Lines(""))
        raise ConfigError(f"{name}: {faults[0].text}.")
    return holder


def _new_entry(address: _Address) -> dict[str, Any]:
    return {} if address.key.name == "name" else {"name": address.entry}


def _put(document: Any, address: _Address, index: int | None, value: Any) -> None:
    """Make the change in tomlkit's document, which keeps the layout."""
    table, key = address.table.name, address.key.name
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
    made.trivia.indent = "\n" if document.body else ""
    fresh = tomlkit.aot()
    fresh.append(made)
    document.append(table, fresh)


def _write(target: Path, text: str, exists: bool) -> None:
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
