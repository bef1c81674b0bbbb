"""Takes entries of repeated tables out of the configuration file. Comments and layout stay."""

import os
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.config.address import tables_around
from agent.config.editing import write_file
from agent.config.key import KeyTable
from agent.config.keys import CONNECTIONS
from agent.config.lines import KeyPath, Lines
from agent.config.reading import settings_from
from agent.config.sources import sources_of
from agent.config.text import toml_text
from agent.errors import ConfigError


def remove_connection(path: Path, name: str) -> None:
    """Take one connection out of the file; everything else stays. ConfigError where that is not possible."""
    remove_entry(path, CONNECTIONS, name)


def remove_entry(path: Path, table: KeyTable, name: str) -> None:
    """Take one entry of a repeated table out of the file; everything else stays. ConfigError where that fails."""
    sources = sources_of(path)
    settings_from(sources)
    every = tables_around(sources.document, table).get(table.path[-1], [])
    wanted_name = name.strip().casefold()
    place = next((i for i, e in enumerate(every) if e["name"].strip().casefold() == wanted_name), None)
    if place is None:
        raise ConfigError(f"There is no {table.label.lower()} {toml_text(name)} in {path.name} any more.")
    number, index = sources.file_of(table, place)
    assert index is not None
    source = sources.files[number]
    target, before = Path(os.path.realpath(source.path)), source.text
    plain = tomllib.loads(before)
    holder = tables_around(plain, table)
    entries = holder[table.path[-1]]
    del entries[index]
    if not entries:
        del holder[table.path[-1]]
    # Without its last entry, the table around it is gone too, where nothing else made it.
    wanted = [plain, {k: v for k, v in plain.items() if v or k != table.path[0]}]
    after = _without(before, (*table.path, index), wanted)
    if after is None:
        line = Lines(before).line((*table.path, index))
        raise ConfigError(
            f"{source.name}, line {line}: the file is laid out in a way that cannot be changed safely: "
            f"take the {table.label.lower()} out there by hand."
        )
    write_file(target, after, exists=True)


def _without(before: str, entry: KeyPath, wanted: Sequence[dict[str, Any]]) -> str | None:
    """The text without the lines of one entry; None where other values are on the same lines."""
    lines = before.splitlines(keepends=True)
    first = Lines(before).line(entry) - 1
    # The fewest lines that make up the entry: comments after it belong to what follows.
    for end in range(first + 1, len(lines) + 1):
        if end < len(lines) and lines[first - 1 : first] in (["\n"], ["\r\n"]) and not lines[end].strip():
            kept = lines[:first] + lines[end + 1 :]
        else:
            kept = lines[:first] + lines[end:]
        with suppress(ValueError):
            if tomllib.loads("".join(kept)) in wanted:
                return "".join(kept)
    return None
