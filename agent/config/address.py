"""The place of a value in the configuration file, as a user writes it: `connections.Paper Gateway.port`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.config.key import Key, KeyTable
from agent.config.keys import CONNECTIONS, TABLES
from agent.errors import ConfigError

_NAMES = "|".join(sorted(map(re.escape, TABLES), key=len, reverse=True))
_ADDRESS = re.compile(rf"\s*({_NAMES})(?:\[(?P<number>\d+)\]|\.(?P<name>.+))?\.\s*([^.\s]+)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ValueAddress:
    """The place of a value in the file."""

    table: KeyTable
    key: Key
    entry: str = ""
    """The name or number of the entry, as the user wrote it; empty where the table is not repeated."""
    counted: bool = False
    """The user wrote `connections[2]`: the entry is a number and no name."""
    new: bool = False
    """The entry must not exist yet: it is made, whatever its name looks like."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """The other values of a new entry, as TOML holds them."""


def value_address(key: str) -> ValueAddress:
    """The place that a user names; ConfigError where there is none of this name."""
    found = _ADDRESS.fullmatch(key)
    if found is None:
        raise ConfigError(
            f"{key} is not a key of the configuration: write for example checks.look_every, page.port "
            "or connections.Paper Gateway.port."
        )
    declared = TABLES[found[1]]
    entry = found["number"] or found["name"] or ""
    if bool(entry) != declared.repeated:
        named = "Paper Gateway" if declared is CONNECTIONS else "NAME"
        example = f"{declared.name}.{named}.{found[4]}" if declared.repeated else f"{declared.name}.{found[4]}"
        raise ConfigError(f"{key} is not a key of the configuration: write for example {example}.")
    known = declared.key(found[4])
    if known is None:
        names = ", ".join(one.name for one in declared.keys)
        raise ConfigError(f"{found[4]} is not a key of {declared.name}: it must be one of {names}.")
    return ValueAddress(declared, known, _unquoted(entry.strip()), found["number"] is not None)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text


def tables_around(document: Any, table: KeyTable) -> Any:
    """The table of a document that holds this one; an empty one where it is missing."""
    for name in table.path[:-1]:
        document = document.get(name, {})
    return document
