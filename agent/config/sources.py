"""The files of a configuration, read and put together: the main one, and those that its `include` names."""

import codecs
import glob
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from agent.config.key import KeyTable
from agent.config.keys import TABLES, inner_tables
from agent.config.lines import KeyPath, Lines
from agent.config.text import found_words
from agent.errors import ConfigError
from agent.platforms.files import NotRegular, TooLarge, read_file, reason_of

INCLUDE = "include"
"""The key of the main file that names others."""
LARGEST_FILE = 1 << 20
"""Bytes of one file; a usual configuration has a few kilobytes."""
MOST_FILES = 200
"""Files that one configuration may include."""
MOST_PATTERNS = 20
_ALLOWED = 'a list of files or patterns, such as ["conf.d/*.toml"]'
_TOML_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\s*$")


class FilePlace(NamedTuple):
    """Where something stands: the number of the file, from 0 for the main one, and the line."""

    file: int
    line: int


@dataclass(frozen=True, slots=True, order=True)
class ConfigFault:
    """One fault of a configuration."""

    place: FilePlace
    text: str
    """The key, the value found and what is allowed, without file and line."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """One file."""

    path: Path
    name: str
    """As errors call it: of an included one, as the main file leads to it."""
    text: str
    document: dict[str, Any]
    lines: Lines


@dataclass
class Sources:
    """All files as one document, which knows where each value of it stands."""

    files: Sequence[ConfigFile]
    document: dict[str, Any] = field(default_factory=dict)
    faults: list[ConfigFault] = field(default_factory=list)
    """What is wrong with `include`, and with tables that stand in two files."""
    _owners: dict[KeyPath, int] = field(default_factory=dict)
    """The file of each table that is not repeated, and of what is no table."""
    _entries: dict[KeyPath, list[tuple[int, int]]] = field(default_factory=dict)
    """File and index there of each entry of a repeated table."""

    def __post_init__(self) -> None:
        for number, source in enumerate(self.files):
            for name, found in source.document.items():
                if name == INCLUDE:
                    self.faults += self._misplaced(number)
                else:
                    self._take(number, (name,), found, TABLES.get(name))

    def place(self, path: KeyPath) -> FilePlace:
        """Where a value of the document stands, or else the nearest table around it."""
        for table, entries in self._entries.items():
            at = len(table)
            if path[:at] == table and len(path) > at and isinstance(index := path[at], int) and index < len(entries):
                number, local = entries[index]
                return FilePlace(number, self.files[number].lines.line((*table, local, *path[at + 1 :])))
        number = next((self._owners[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._owners), 0)
        return FilePlace(number, self.files[number].lines.line(path))

    def file_of(self, table: KeyTable, index: int | None = None) -> tuple[int, int | None]:
        """The file that holds a table, or the entry of this index of a repeated one, and its index there.

        The main file for what no file holds.
        """
        if index is not None:
            return self._entries[table.path][index]
        return self._owners.get(table.path, 0), None

    def holds(self, table: KeyTable) -> bool:
        """Whether any file holds a table that is not repeated."""
        return table.path in self._owners

    def sentence(self, fault: ConfigFault) -> str:
        """The whole sentence about a fault."""
        return f"{self.files[fault.place.file].name}, line {fault.place.line}: {fault.text}"

    def elsewhere(self, place: FilePlace, seen_from: FilePlace) -> str:
        """A place in words, in a sentence about another one."""
        there = f"line {place.line}"
        return there if place.file == seen_from.file else f"{self.files[place.file].name}, {there}"

    def _misplaced(self, number: int) -> Iterator[ConfigFault]:
        if number:
            place = FilePlace(number, self.files[number].lines.line((INCLUDE,)))
            main = self.files[0].name
            yield ConfigFault(place, f"{INCLUDE} is not known here: {main} alone may include other files")

    def _take(self, number: int, path: tuple[str, ...], found: Any, declared: KeyTable | None) -> None:
        """Put a table of a file into the document."""
        *around, last = path
        holder = self.document
        for outer in around:
            holder = holder.setdefault(outer, {})
        there = holder.get(last)
        if declared is not None and declared.repeated and isinstance(found, list) and isinstance(there, list | None):
            holder[last] = [*(there or ()), *found]
            self._entries.setdefault(path, []).extend((number, index) for index in range(len(found)))
            return
        if declared is None or declared.repeated or not isinstance(found, dict):
            if last not in holder or isinstance(there, list | dict):
                holder[last] = found
                self._owners[path] = number
                self._entries.pop(path, None)
            return
        if there is not None and not isinstance(there, dict):
            return
        inner = inner_tables(declared)
        own = {key: value for key, value in found.items() if key not in inner}
        if path in self._owners and (own or not found):
            place = FilePlace(number, self.files[number].lines.line(path))
            other = self.elsewhere(self.place(path), place)
            self.faults.append(ConfigFault(place, f"[{last}] is in {other} as well, but must be in one file alone"))
            return
        holder.setdefault(last, {}).update(own)
        if own or not found:
            self._owners[path] = number
        for key, value in found.items():
            if key in inner:
                self._take(number, (*path, key), value, inner[key])


def one_source(text: str, name: str) -> Sources:
    """A text that includes nothing, whatever it says; `name` is the file's name in errors."""
    return Sources((ConfigFile(Path(name), name, text, parse_toml(text, name), Lines(text)),))


def sources_of(path: Path, texts: Mapping[Path, str] | None = None) -> Sources:
    """The files of a configuration. Raises ConfigError for the first that cannot be read or is no TOML.

    `texts`: what stands in some files instead, by their `ConfigFile.path`.
    """
    found, faults = read_sources(path, texts or {})
    if faults:
        raise ConfigError(faults[0])
    return found


def read_sources(path: Path, texts: Mapping[Path, str]) -> tuple[Sources, list[str]]:
    """The files that can be read, and a sentence for each other one. Raises ConfigError where the main one cannot."""
    text = texts[path] if path in texts else read_text(path)
    main = ConfigFile(path, path.name, text, parse_toml(text, path.name), Lines(text))
    patterns, faults = patterns_of(main)
    others: list[ConfigFile] = []
    unread: list[str] = []
    for number, (pattern, names) in enumerate(included(path, patterns)):
        if names is None:
            where = main.lines.line((INCLUDE, number))
            shown = f"{INCLUDE}[{number + 1}] is {found_words(pattern)}"
            unread.append(f"{main.name}, line {where}: {shown}, but must be a file that exists, or a pattern with *")
        for name in names or ():
            other = path.parent / name
            try:
                text = texts[other] if other in texts else read_text(other)
                others.append(ConfigFile(other, name, text, parse_toml(text, name), Lines(text)))
            except ConfigError as fault:
                unread.append(str(fault))
    if len(others) > MOST_FILES:
        place = FilePlace(0, main.lines.line((INCLUDE,)))
        faults.append(
            ConfigFault(place, f"{INCLUDE} leads to {len(others)} files, but must lead to {MOST_FILES} at most")
        )
        others = []
    found = Sources((main, *others))
    found.faults += faults
    return found, unread


def in_order(path: Path) -> str:
    """The sentence about a configuration without a fault: which files it consists of."""
    if not path.exists():
        return "No configuration file: the defaults are used."
    others = [source.name for source in sources_of(path).files[1:]]
    return f"{path} is in order." + (f" So are the files that it includes: {', '.join(others)}." if others else "")


def patterns_in(path: Path) -> tuple[str, ...]:
    """What a main file includes; nothing where it cannot be read."""
    try:
        text = read_text(path)
        return tuple(patterns_of(ConfigFile(path, path.name, text, parse_toml(text, path.name), Lines(text)))[0])
    except ConfigError:
        return ()


def patterns_of(main: ConfigFile) -> tuple[list[str], list[ConfigFault]]:
    """What a main file includes, and what is wrong with that."""
    found = main.document.get(INCLUDE, [])
    place = FilePlace(0, main.lines.line((INCLUDE,)))
    if not isinstance(found, list) or len(found) > MOST_PATTERNS:
        shown = f"a list of {len(found)}" if isinstance(found, list) else found_words(found)
        return [], [ConfigFault(place, f"{INCLUDE} is {shown}, but must be {_ALLOWED}")]
    faults = [
        ConfigFault(
            FilePlace(0, main.lines.line((INCLUDE, number))),
            f'{INCLUDE}[{number + 1}] is {found_words(one)}, but must be a file or a pattern, such as "conf.d/*.toml"',
        )
        for number, one in enumerate(found)
        if not isinstance(one, str) or not one.strip() or "\0" in one or len(one) > 1000
    ]
    return ([] if faults else found), faults


def included(main: Path, patterns: Iterable[str]) -> Iterator[tuple[str, list[str] | None]]:
    """For each pattern the files that it means, as names from the folder of the main file, in order.

    A file that two patterns mean comes with the first. None for a name without wildcards that no file has.
    """
    seen = {os.path.realpath(main)}
    for pattern in patterns:
        wild = glob.has_magic(pattern)
        # Names with wildcards in the folder of the file too: Path.glob takes no absolute pattern.
        names = sorted(glob.glob(pattern, root_dir=main.parent)) if wild else [pattern]  # noqa: PTH207
        if not wild and not os.path.lexists(main.parent / pattern):
            yield pattern, None
            continue
        found = []
        for name in names:
            whole = os.path.realpath(main.parent / name)
            if whole not in seen and (not wild or Path(whole).is_file()):
                seen.add(whole)
                found.append(name)
        yield pattern, found


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


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """The document of a text; ConfigError, with the place and a remedy, where it is no TOML."""
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
    if what.startswith(("cannot overwrite", "cannot declare")):
        return ", as it stands there twice: leave out one of them"
    return ""
